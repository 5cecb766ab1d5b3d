"""Measures: the integers that KPIs are made of, as data.

A measure is added up from the moments of its anchors. A count adds an integer, money adds 1/10,000 units under the name of
the measure (another currency than the organisation's under a name of its own), a duration adds a count, a sum of ms and a
histogram bucket. A level's measures are added when it begins and taken off when it ends.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from aggregators.activities import connected
from aggregators.money import Amount
from aggregators.story import Facts
from aggregators.tables import escaped

LEVELS = frozenset({"lead.open", "deal.open", "task.overdue", "ticket.open"})
"""Anchors whose moments begin and end something that is counted as of an instant."""


class Measure(NamedTuple):
    """``read`` gives an integer for a count, an ``Amount`` for money, milliseconds for a duration; None or 0 adds nothing.

    It is shown the facts named in ``reads`` (space separated) and no others.
    """

    name: str
    anchors: tuple[str, ...]
    kind: str
    reads: str
    read: Callable[[Facts], Any]
    suffix: Callable[[Facts], str] | None = None

    @property
    def level(self) -> bool:
        """Tell whether the measure is held from an instant on rather than counted at one."""
        return self.anchors[0] in LEVELS


def _one(_: Facts) -> int:
    return 1


def _outbound(facts: Facts) -> bool:
    return facts.get("direction") == "outbound"


def _human_mail(facts: Facts) -> bool:
    return _outbound(facts) and not facts.get("automated")


def _weighted(facts: Facts) -> Amount | None:
    amount: Amount | None = facts["amount"]
    return (amount and facts["parts"] is not None and Amount(amount.units * facts["parts"], amount.currency)) or None


def _has_problems(facts: Facts) -> bool:
    return facts.get("health") == "has_problems"


def _stage(facts: Facts) -> str:
    return "".join(f"/{_part(facts.get(name) or '')}" for name in ("pipeline_id", "stage_id"))


def _part(text: str) -> str:
    """An id as a part of a cell's name, of which ``unescaped`` gives it back: ``/`` and ``@`` mark other parts."""
    return escaped(text).replace("/", "%2F").replace("@", "%40")


def _satisfied(facts: Facts) -> bool:
    return bool(5 * facts["score"] >= 4 * facts["scale"])


def _acted(facts: Facts) -> bool:
    match facts["activity"]:
        case "email":
            return _human_mail(facts)
        case "message":
            return _outbound(facts) and facts.get("author") != "bot"
        case _:
            return True


MEASURES: tuple[Measure, ...] = (
    Measure("leads_created", ("lead.created",), "count", "", _one),
    Measure("leads_created_converted", ("lead.created",), "count", "converted", lambda f: f["converted"]),
    Measure("leads_created_live", ("lead.created",), "count", "live", lambda f: f["live"]),
    Measure("leads_converted", ("lead.converted",), "count", "", _one),
    Measure("leads_lost", ("lead.lost",), "count", "", _one),
    Measure("leads_open", ("lead.open",), "count", "", _one),
    Measure("deals_created", ("deal.created",), "count", "", _one),
    Measure("deals_won", ("deal.closed",), "count", "status", lambda f: f["status"] == "won"),
    Measure("deals_lost", ("deal.closed",), "count", "status", lambda f: f["status"] == "lost"),
    Measure("revenue_won", ("deal.closed",), "money", "status amount", lambda f: f["amount"] if f["status"] == "won" else None),
    Measure("lost_value", ("deal.closed",), "money", "status amount", lambda f: f["amount"] if f["status"] == "lost" else None),
    Measure("sales_cycle", ("deal.closed",), "duration", "status cycle_ms", lambda f: f["cycle_ms"] if f["status"] == "won" else None),
    Measure("deals_open", ("deal.open",), "count", "", _one),
    Measure("pipeline_value", ("deal.open",), "money", "amount", lambda f: f["amount"]),
    Measure("pipeline_weighted", ("deal.open",), "money", "amount parts", _weighted),
    Measure("pipeline_at", ("deal.open",), "money", "amount parts pipeline_id stage_id",
            lambda f: f["amount"] if f["parts"] is None else None, _stage),
    Measure("deals_with_problems", ("deal.open",), "count", "health", _has_problems),
    Measure("problem_value", ("deal.open",), "money", "health amount", lambda f: f["amount"] if _has_problems(f) else None),
    Measure("calls_made", ("call.logged",), "count", "direction", _outbound),
    Measure("calls_connected", ("call.logged",), "count", "direction outcome duration_ms", lambda f: _outbound(f) and connected(f)),
    Measure("calls_talked", ("call.logged",), "count", "outcome duration_ms", connected),
    Measure("talk_ms", ("call.logged",), "count", "outcome duration_ms", lambda f: f.get("duration_ms") if connected(f) else 0),
    Measure("emails_sent", ("email.logged",), "count", "direction automated", _human_mail),
    Measure("meetings_held", ("meeting.held",), "count", "", _one),
    Measure("tasks_completed", ("task.completed",), "count", "", _one),
    Measure("tasks_overdue", ("task.overdue",), "count", "", _one),
    Measure("tickets_created", ("ticket.created",), "count", "", _one),
    Measure("tickets_open", ("ticket.open",), "count", "", _one),
    Measure("tickets_resolved", ("ticket.resolved",), "count", "", _one),
    Measure("first_resolution", ("ticket.first_resolved",), "duration", "took_ms", lambda f: f["took_ms"]),
    Measure("full_resolution", ("ticket.resolved",), "duration", "took_ms", lambda f: f["took_ms"]),
    Measure("ratings", ("ticket.rated",), "count", "", _one),
    Measure("ratings_satisfied", ("ticket.rated",), "count", "score scale", _satisfied),
    Measure(
        "activities_completed",
        ("call.logged", "email.logged", "message.logged", "meeting.held", "task.done"),
        "count",
        "activity direction automated author",
        _acted,
    ),
)  # fmt: skip
