"""Alerts: what a rule has to say about a record, as data and as a pure function of what the record adds to the tables.

A cause is a rule with the instant since which it holds, which may be still to come: a task's due. Whether a cause is news and
fires is for the ledger to say; here nothing is forgotten and nothing reads a clock.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from aggregators.contribution import Addition
from aggregators.org import Org
from aggregators.story import Facts
from aggregators.tables import escaped, unescaped
from events import published

GONE = -1
"""Instead of an instant: there is no cause, or none that is news."""


class Rule(NamedTuple):
    """A rule: it holds from the moment of an anchor that counts for a measure, to the one that takes that off again.

    What each is about stands in docs/api.md. ``news`` are events and no states: they resolve by themselves. ``value`` reads what
    is told beside. A rule without an anchor is about goals, which have standings and no moments.
    """

    name: published.Rule
    anchor: str = ""
    measure: str = ""
    value: Callable[[Facts], Any] = lambda _: None
    news: bool = False


def _lost(facts: Facts) -> dict[str, Any]:
    return {**(facts.get("value") or {}), "lost_reason": facts.get("lost_reason")}


OFF_PACE: published.Rule = "goal_off_pace"
RULES: tuple[Rule, ...] = (
    Rule("task_overdue", "task.overdue", "tasks_overdue"),
    Rule("assignment_unfulfilled", "task.unfulfilled", "assignments_unfulfilled"),
    Rule("appointment_overdue", "meeting.overdue", "appointments_overdue"),
    Rule("deal_lost", "deal.closed", "deals_lost", _lost, news=True),
    Rule("deal_has_problems", "deal.open", "deals_with_problems", lambda facts: facts.get("value")),
    Rule("deal_stalled", "deal.stuck", "deals_stuck", lambda facts: facts.get("value")),
    Rule("lead_unanswered", "lead.unanswered", "leads_unanswered"),
    Rule("sla_breached", "ticket.breached", "tickets_breached", lambda facts: facts.get("sla")),
    Rule(OFF_PACE),
)
BY_NAME: Mapping[str, Rule] = {rule.name: rule for rule in RULES}
_BY_ANCHOR = {rule.anchor: (rule.name, rule.measure) for rule in RULES if rule.anchor}
_MEASURES = {rule.anchor: rule.measure for rule in RULES if rule.anchor}


def causes(additions: Iterable[Addition]) -> dict[str, int]:
    """Return since when (ms) which rules hold for a record, from what it adds.

    A level that ends and begins again at one instant was never interrupted: a new stage does not begin a problem anew.
    """
    held: dict[str, int] = {}
    ended: dict[str, tuple[int, int]] = {}
    for one in additions:
        if one.anchor not in _BY_ANCHOR:
            continue
        rule, measure = _BY_ANCHOR[one.anchor]
        if measure not in one.cells or one.holder[0] == "x":
            continue
        if one.sign < 0:
            ended[rule] = one.at_ms, held.pop(rule)
        else:
            end_ms, since_ms = ended.get(rule, (None, 0))
            held[rule] = since_ms if end_ms == one.at_ms else one.at_ms
    return held


def concern(additions: Iterable[Addition]) -> bool:
    """Tell whether any rule can have another cause where these additions came or went."""
    for one in additions:
        measure = _MEASURES.get(one.anchor)
        if measure is not None and measure in one.cells:
            return True
    return False


def changes(before: Iterable[Addition], after: Iterable[Addition]) -> dict[str, int]:
    """Return the rules whose cause is another one than before, with its instant (ms) or ``GONE``."""
    was, now = causes(before), causes(after)
    if was == now:
        return {}
    return {rule: now.get(rule, GONE) for rule in was.keys() | now.keys() if was.get(rule) != now.get(rule)}


def member(rule: str, org: str, subject: str) -> str:
    """Return the name of a rule and a record among all of a partition."""
    return f"{rule}:{escaped(org)}:{escaped(subject)}"


def named(member: str) -> tuple[str, str, str]:
    """Return the rule, the organisation and the subject of a name."""
    rule, org, subject = member.split(":")
    return rule, unescaped(org), unescaped(subject)


def manager(org: Org, user: str | None, team: str | None, at_ms: int) -> str | None:
    """Return the manager of who owns something: the user's, else that of the user's team, else of the team above it."""
    entries = org.entries
    person = entries.get(f"user/{user}", {}) if user else {}
    if person.get("manager_id"):
        return str(person["manager_id"])
    joined = [named for from_ms, named in person.get("teams", ()) if from_ms <= at_ms]
    above, seen = joined[-1] if joined else team if not user else "", set[str]()
    while above and above not in seen:
        seen.add(above)
        entry = entries.get(f"team/{above}", {})
        if entry.get("manager_id"):
            return str(entry["manager_id"])
        above = entry.get("parent_id", "")
    return None
