"""Custom fields of the records of an entity."""

from aggregators.data_quality import Distribution
from aggregators.fields import FOUND_BY
from aggregators.formulas import Count, Ratio
from aggregators.kpi import Kpi
from aggregators.lift import Lift, Return

AREA = "Custom fields"
_FIELD = ("entity", "field")
_ASKED = f"`entity` says of which records: {', '.join(FOUND_BY)}; `field` which key of `custom`, without it all declared or in use. "

_LIFT = Lift("field_decided", "field_won")

KPIS: tuple[Kpi, ...] = (
    Kpi("field_fill_rate", AREA, "core", "ratio gauge", "ratio", "user team org field", Ratio(("field_values",), ("field_records",)),
        _ASKED + "Of the records that there are as of an instant, by the owner of then, those whose field is filled then / all of "
        "them. Blank text is not filled.", _FIELD),
    Kpi("field_value_distribution", AREA, "core", "gauge", "records", "user team org field value", Distribution("field_values"),
        _ASKED + "Records that there are as of an instant by the value that they have then: the 50 values with most records, all "
        "others as `(other)`. Records without a value do not count.", _FIELD),
    Kpi("field_value_trend", AREA, "core", "count", "records", "user team org field value", Count("field_changes"),
        _ASKED + "Changes into a value less changes out of it, each when it happened, credited to the owner then; what a record is "
        "created with is a change into that. Without a value, the fields that were filled less those that were emptied.", _FIELD),
    Kpi("field_usage", AREA, "core", "count", "uses", "user team org field", Count("field_uses"),
        _ASKED + "Events that say what is in the field, and heartbeats whose `field` it is (`<entity>.<key>`, or the key where their "
        "`module` is the entity), each when it happened, credited to who did it, else to the owner.", _FIELD),
    Kpi("field_invalid_rate", AREA, "core", "ratio", "ratio", "user team org field", Ratio(("field_invalid",), ("field_entered",)),
        _ASKED + "Cohort: of the fields that are filled now of the records created in the window, those that are not as declared "
        "(`kind`, `choices`, `pattern`, each of them) / all of them, credited to the owner at creation. What is not declared is never "
        "wrong; a number may be written as text, a date is `YYYY-MM-DD`. A pattern is a regular expression of RE2, which all of a "
        "value has to match; one that is none asks for nothing.",
        _FIELD),
    Kpi("field_lift", AREA, "derived", "ratio", "pp", "org pipeline field value", _LIFT,
        "win_rate of the deals closed in the window that have `field` filled now - that of the others, in percentage points; with a "
        "`value`, of those that have it - all others. `parts` has both rates with their Wilson intervals and `low` and `high` of the "
        "difference (Newcombe), all of 95 %. Null where either is of no deals. It tells what goes together, not why.", ("field",)),
    Kpi("field_roi", AREA, "derived", "ratio", "ratio", "org field", Return(_LIFT, "field_active_ms", "revenue_won", "deals_won"),
        "An estimate: (field_lift x deals closed in the window with the field x avg_deal_size - cost) / cost. The cost is the field's "
        "declared `capture_minutes` for each of these deals, else the `active_ms` of the heartbeats in the window that name it (as in "
        "field_usage), at the organisation's `hourly_cost` of now. `parts` has all of it; null where one of them is not known, or the "
        "cost is 0.", ("field",)),
)  # fmt: skip
