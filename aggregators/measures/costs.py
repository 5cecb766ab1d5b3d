"""What is added up of spending and of automation."""

from collections.abc import Callable

from aggregators.measure import Measure, one
from aggregators.money import Amount
from aggregators.story import Facts


def _spent(*kinds: str) -> Callable[[Facts], Amount | None]:
    """Read what was spent on some kinds of things; what does not say on what was spent on marketing."""
    return lambda facts: facts["amount"] if (facts.get("kind") or "marketing") in kinds else None


MEASURES: tuple[Measure, ...] = (
    Measure("spend_marketing", ("spend.day",), "money", "amount kind", _spent("marketing")),
    Measure("spend_days", ("spend.day",), "count", "kind", lambda f: (f.get("kind") or "marketing") == "marketing"),
    Measure("spend_crm", ("spend.day",), "money", "amount kind", _spent("crm")),
    Measure("spend_crm_days", ("spend.day",), "count", "kind", lambda f: f.get("kind") == "crm"),
    Measure("spend_acquisition", ("spend.day",), "money", "amount kind", _spent("marketing", "sales")),
    Measure("automation_runs", ("automation.run",), "count", "", one),
    Measure(
        "saved_ms",
        ("automation.run",),
        "count",
        "minutes_saved",
        lambda f: round((f.get("minutes_saved") or 0) * 60_000),
    ),
)
