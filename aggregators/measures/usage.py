"""What is added up of the use of the system."""

from aggregators.measure import Measure, one, took

MEASURES: tuple[Measure, ...] = (
    Measure("process_time", ("process.ended",), "duration", "took_ms", took),
    Measure("beats", ("session.beat",), "count", "", one),
    Measure("feature_beats", ("session.beat",), "count", "feature", lambda f: bool(f.get("feature"))),
    Measure(
        "features_used", ("session.beat",), "names", "feature", lambda f: [f["feature"]] if f.get("feature") else []
    ),
    Measure("system_ms", ("session.spent",), "count", "spent_ms", lambda f: f["spent_ms"]),
    Measure("system_pieces", ("session.spent",), "count", "", one),
    Measure("module_acts", ("module.acted",), "count", "", one),
    Measure("records_written", ("record.written",), "count", "", one),
)
