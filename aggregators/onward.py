"""What a record's next event changes, worked out from where the record stands instead of from its whole story.

It serves the usual case: a deal or a task goes on, later than all that was known of it, and nothing that its past counts by
changes. Wherever this module has no answer the story is told again, and where it has one, it is the same.
"""

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from aggregators import deals, sales, stages
from aggregators.contribution import Addition, Plan, added, additions
from aggregators.moment import Moment, holder
from aggregators.org import Org
from aggregators.record import Record
from aggregators.story import TIMED, Facts, facts_of, milliseconds, normalised, story
from events import DealHealthChanged, DealLost, DealStageChanged, DealUpdated, DealWon, Entry, TaskStatusChanged

PRESENT = frozenset({"owner_id", "team_id", "lines"})
"""Facts of today that change what the past counts for: who it is credited to, and what a deal is worth."""


class Standing(Struct, gc=False):
    """Where a record stands: what it contributes, the facts that hold (None: it has no story), since when there is it.

    ``steps`` are those of a deal.
    """

    additions: list[Addition]
    facts: dict[str, Any] | None = None
    created_ns: int = 0
    steps: Sequence[stages.Step] = ()


class Step(Struct, gc=False):
    """What an event takes off and what it adds, what stays as it was, and the facts that hold then."""

    gone: list[Addition]
    new: list[Addition]
    rest: list[Addition]
    facts: dict[str, Any]
    steps: Sequence[stages.Step]


def standing(entity: str, record: Record, org: Org, plan: Plan) -> Standing:
    """Return where a record stands, as its whole story tells."""
    told = story(record)
    found = additions(entity, told, record, org, plan)
    if told is None:
        return Standing(found)
    return Standing(
        found, told.final, told.created_ns, stages.steps(told) if entity == "deal" and stages.counted(plan) else ()
    )


def onward(before: Record, record: Record, was: Standing, org: Org, plan: Plan) -> Step | None:
    """Return what the one event changes that a record has more than before, None where its story has to be told again."""
    *known, entry = record.entries
    if plan.events and any(each.data.type in plan.events for each in record.entries):
        return None
    change, facts = _CHANGES.get(type(entry.data)), was.facts
    if change is None or facts is None or known != before.entries or entry.time_ns <= known[-1].time_ns:
        return None
    if before.links or record.links:
        return None  # what others say of it counts too
    said = facts_of(entry)
    changed = {name for name, fact in said.items() if facts.get(name) != fact}
    if not changed.isdisjoint(PRESENT | plan.filters) or _reads(was.additions, changed - TIMED, plan):
        return None
    now = {**facts, **said}
    days = org.stalled_after_days
    if days and change is _deal and not days.keys().isdisjoint((facts.get("stage_id"), now.get("stage_id"))):
        return None  # when it stalls is for the story to tell
    found = change(was, entry, said, now, changed)
    if found is None:
        return None
    gone, new, moments = found
    taken = stages.stepped(was.steps, entry.time_ns, now, now) if was.steps else []
    steps = [*was.steps, *taken]
    if taken:
        passed = added(stages.moments(steps, now, org), org, plan)
        gone += [one for one in was.additions if one.anchor in stages.ANCHORS and one not in passed]
        new += [one for one in passed if one not in was.additions]
    new += added(moments, org, plan)
    rest = [one for one in was.additions if one not in gone] if gone else was.additions
    return Step(gone, new, rest, now, steps)


def _reads(additions: list[Addition], names: set[str], plan: Plan) -> bool:
    """Tell whether any of the additions counts by one of these facts."""
    return bool(names) and any(not names.isdisjoint(plan[one.anchor].facts) for one in additions)


Found = tuple[list[Addition], list[Addition], list[Moment]]
"""What is taken off, the ends of levels, and what begins or happens."""


def _deal(was: Standing, entry: Entry, said: Facts, now: dict[str, Any], changed: set[str]) -> Found | None:
    """A deal that never was closed changes or is closed."""
    if (was.facts or {}).get("status") or now.get("lines"):
        return None
    if changed.isdisjoint(TIMED):
        return [], [], []
    at_ms, status, owner = milliseconds(entry.time_ns), said.get("status"), holder(now)
    if status is None:
        moments = [Moment("deal.open", at_ms, owner, owner, deals.opened(now, now))]
    elif status in deals.CLOSED:
        why = normalised(said.get("lost_reason")) if status == "lost" else None
        facts = now | deals.closed(milliseconds(was.created_ns), at_ms, status, why) | deals.worth(now)
        facts["sale"] = sales.kind(now, {}) if status == "won" else None
        moments = [Moment("deal.closed", at_ms, owner, owner, facts)]
        if status == "lost":
            moments.append(Moment("deal.lost", at_ms, owner, owner, facts | {"won_back": False}))
    else:
        return None
    # What is held of an open deal is its last addition, where any KPI counts it.
    held = [one for one in was.additions[-1:] if one.anchor == "deal.open" and one.sign > 0]
    return [], [_ended(one, at_ms) for one in held], moments


def _task(was: Standing, entry: Entry, said: Facts, now: dict[str, Any], changed: set[str]) -> Found | None:
    """A task that nothing was said of but when it is due is done."""
    by = {one.anchor: one for one in was.additions}
    known = len(by) == len(was.additions) and by.keys() <= {"task.due", "task.overdue", "record.written"}
    if was.facts and was.facts.get("status") == "cancelled":
        return None  # its due counts again
    if said.get("status") != "done" or "status" not in changed or {"due_at", "due_date"} & changed or not known:
        return None
    at_ms, owner, done_by = milliseconds(entry.time_ns), holder(now), holder(now, entry.actor)
    moments = [
        Moment("task.completed", at_ms, owner, owner, now),
        Moment("task.done", at_ms, done_by, done_by, {**now, "activity": "task"}),
    ]
    due, overdue = by.get("task.due"), by.get("task.overdue")
    if due is None and (now.get("due_at") or now.get("due_date")):
        return None  # no KPI counts open ones that are due, and one may count those that are done
    if any(one.at_ms == at_ms for one in by.values()):  # within a millisecond, which was first is for the story to tell
        return None
    gone = [due] if due else []
    if due:
        for anchor in ("task.due", "task.settled"):
            facts = {**now, "on_time": at_ms < due.at_ms, "done": True}
            moments.append(Moment(anchor, due.at_ms, due.holder, due.holder, facts))
    if overdue is None:
        return gone, [], moments
    if overdue.at_ms > at_ms:
        return [*gone, overdue], [], moments
    return gone, [_ended(overdue, at_ms)], moments


def _ended(began: Addition, at_ms: int) -> Addition:
    return Addition(began.anchor, at_ms, began.holder, -1, began.effect.ended())


_CHANGES: dict[type, Callable[[Standing, Entry, Facts, dict[str, Any], set[str]], Found | None]] = {
    DealStageChanged: _deal,
    DealUpdated: _deal,
    DealHealthChanged: _deal,
    DealWon: _deal,
    DealLost: _deal,
    TaskStatusChanged: _task,
}
