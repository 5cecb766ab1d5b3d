"""What is added up of custom fields."""

from aggregators.measure import Measure, one

MEASURES: tuple[Measure, ...] = (
    Measure("field_records", ("field.live",), "count", "", one),
    Measure("field_values", ("field.live",), "count", "value", lambda f: f["value"] is not None),
    Measure("field_entered", ("field.entered",), "count", "", one),
    Measure("field_invalid", ("field.entered",), "count", "invalid", lambda f: f["invalid"]),
    Measure("field_changes", ("field.changed",), "count", "", one),
    Measure("field_decided", ("field.decided",), "count", "", one),
    Measure("field_won", ("field.decided",), "count", "won", lambda f: f["won"]),
    Measure("field_active_ms", ("field.used",), "count", "active_ms", lambda f: f.get("active_ms") or 0),
    Measure("field_uses", ("field.used",), "count", "", one),
)
