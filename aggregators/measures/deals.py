"""What is added up of deals."""

from aggregators.measure import Measure, one
from aggregators.money import Amount
from aggregators.story import Facts
from aggregators.tables import part_of_name


def _weighted(facts: Facts) -> Amount | None:
    return _times(facts["amount"], facts["parts"])


def _times(amount: Amount | None, parts: int | None) -> Amount | None:
    return (amount and parts is not None and Amount(amount.units * parts, amount.currency)) or None


def _has_problems(facts: Facts) -> bool:
    return facts.get("health") == "has_problems"


def _stage(facts: Facts) -> str:
    return "".join(f"/{part_of_name(facts.get(name) or '')}" for name in ("pipeline_id", "stage_id"))


_FORECAST = ("deal.forecast",)


def _forecast(name: str) -> tuple[Measure, ...]:
    """Return the measures of what deals were won for, and of what they are expected to be, in a part of their worth."""
    return (
        Measure(f"won_{name}", _FORECAST, "money", f"open {name}", lambda f: None if f.get("open") else f[name]),
        Measure(f"expected_{name}", _FORECAST, "money", f"open parts {name}",
                lambda f: _times(f[name], f.get("parts")) if f.get("open") else None),
        Measure(f"expected_{name}_at", _FORECAST, "money", f"open parts pipeline_id stage_id {name}",
                lambda f: f[name] if f.get("open") and f.get("parts") is None else None, _stage),
    )  # fmt: skip


MEASURES: tuple[Measure, ...] = (
    Measure("deals_created", ("deal.created",), "count", "", one),
    Measure("deals_won", ("deal.closed",), "count", "status", lambda f: f["status"] == "won"),
    Measure("deals_lost", ("deal.closed",), "count", "status", lambda f: f["status"] == "lost"),
    Measure("revenue_won", ("deal.closed", "deal.ordered"), "money", "status amount",
            lambda f: f["amount"] if f["status"] == "won" else None),
    Measure("lost_value", ("deal.closed",), "money", "status amount", lambda f: f["amount"] if f["status"] == "lost" else None),
    Measure("sales_cycle", ("deal.closed",), "duration", "status cycle_ms", lambda f: f["cycle_ms"] if f["status"] == "won" else None),
    Measure("deals_ever_lost", ("deal.lost",), "count", "", one),
    Measure("deals_won_back", ("deal.lost",), "count", "won_back", lambda f: f["won_back"]),
    Measure("touches_won", ("deal.touched",), "names", "status touches",
            lambda f: [str(f["touches"])] if f["status"] == "won" else None),
    Measure("touches_lost", ("deal.touched",), "names", "status touches",
            lambda f: [str(f["touches"])] if f["status"] == "lost" else None),
    Measure("deals_paced", ("deal.touched",), "names", "band", lambda f: [f["band"]]),
    Measure("deals_paced_won", ("deal.touched",), "names", "status band", lambda f: [f["band"]] if f["status"] == "won" else None),
    Measure("deals_stuck", ("deal.stuck",), "count", "", one),
    Measure("deals_stalled", ("deal.stalled",), "count", "", one),
    Measure("stalled_value", ("deal.stalled",), "money", "amount", lambda f: f["amount"]),
    Measure("attributed_revenue", ("deal.attributed",), "money", "amount", lambda f: f["amount"]),
    Measure("attributions", ("deal.attributed",), "count", "amount", lambda f: f["amount"].units != 0),
    Measure("stages_entered", ("deal.stage_entered",), "count", "first", lambda f: f["first"]),
    Measure("stages_converted", ("deal.stage_entered",), "count", "first converted", lambda f: f["first"] and f["converted"]),
    Measure("stages_skipped", ("deal.stage_entered",), "count", "first skipped", lambda f: f["first"] and f["skipped"]),
    Measure("deals_progressed", ("deal.stage_entered",), "count", "forward", lambda f: f["forward"]),
    Measure("time_in_stage", ("deal.stage_left",), "duration", "took_ms", lambda f: f["took_ms"]),
    Measure("deals_open", ("deal.open",), "count", "", one),
    Measure("pipeline_value", ("deal.open",), "money", "amount", lambda f: f["amount"]),
    Measure("pipeline_weighted", ("deal.open",), "money", "amount parts", _weighted),
    Measure("pipeline_at", ("deal.open",), "money", "amount parts pipeline_id stage_id",
            lambda f: f["amount"] if f["parts"] is None else None, _stage),
    Measure("deals_with_problems", ("deal.open",), "count", "health", _has_problems),
    Measure("forecast_deals", _FORECAST, "count", "", one),
    *(measure for name in ("amount", "profit") for measure in _forecast(name)),
    Measure("clients_placed", ("client.placed",), "count", "", one),
    Measure("problem_value", ("deal.open",), "money", "health amount", lambda f: f["amount"] if _has_problems(f) else None),
)  # fmt: skip
