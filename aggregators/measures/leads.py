"""What is added up of leads."""

from collections.abc import Callable

from aggregators.measure import Measure, one, took, worked
from aggregators.story import Facts

VISITS = ("session", "page", "click", "form", "store_entry")
"""What visits are; one that does not say is a session."""


def _came(*kinds: str) -> Callable[[Facts], int]:
    """Count those who came by visits of some kinds."""

    def read(facts: Facts) -> int:
        said = facts.get("count")
        return (1 if said is None else said) if (facts.get("kind") or VISITS[0]) in kinds else 0

    return read


MEASURES: tuple[Measure, ...] = (
    Measure("leads_created", ("lead.created",), "count", "", one),
    Measure("leads_created_converted", ("lead.created",), "count", "converted", lambda f: f["converted"]),
    Measure("leads_created_customers", ("lead.created",), "count", "customer", lambda f: f["customer"]),
    Measure("leads_created_live", ("lead.created",), "count", "live", lambda f: f["live"]),
    Measure("leads_converted", ("lead.converted",), "count", "", one),
    Measure("leads_qualified", ("lead.qualified",), "count", "", one),
    Measure("leads_lost", ("lead.lost",), "count", "", one),
    Measure("lead_answer", ("lead.answered",), "duration", "took_ms", took),
    Measure("lead_answer_bh", ("lead.answered",), "duration", "worked_ms", worked, kept=False),
    Measure("lead_answers_due", ("lead.answer_due",), "count", "", one),
    Measure("lead_answers_met", ("lead.answer_due",), "count", "met", lambda f: f["met"]),
    Measure("leads_awaiting", ("lead.awaiting",), "count", "", one),
    Measure("leads_unanswered", ("lead.unanswered",), "count", "", one),
    Measure("leads_open", ("lead.open",), "count", "", one),
    Measure("visitors", ("visit.logged",), "count", "kind count", _came("session", "store_entry")),
    *(Measure(f"visits_{kind}", ("visit.logged",), "count", "kind count", _came(kind)) for kind in VISITS),
    Measure("accounts_captured", ("account.captured",), "count", "", one),
    Measure("accounts_won", ("account.captured",), "count", "won", lambda f: f["won"]),
)  # fmt: skip
