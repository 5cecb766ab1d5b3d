"""What is added up of spending and of automation."""

from aggregators.measure import Measure, one
from aggregators.money import Amount
from aggregators.story import Facts


def _marketing(facts: Facts) -> Amount | None:
    amount: Amount | None = facts["amount"]
    return amount if facts.get("kind") in (None, "marketing") else None


MEASURES: tuple[Measure, ...] = (
    Measure("spend_marketing", ("spend.day",), "money", "amount kind", _marketing),
    Measure("automation_runs", ("automation.run",), "count", "", one),
    Measure(
        "saved_ms",
        ("automation.run",),
        "count",
        "minutes_saved",
        lambda f: round((f.get("minutes_saved") or 0) * 60_000),
    ),
)
