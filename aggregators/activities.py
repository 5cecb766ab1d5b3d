"""Calls, e-mails, messages, meetings and tasks: what people do, credited to who did it."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from aggregators.moment import Moment, holder, late, level, moment
from aggregators.record import is_initial
from aggregators.story import Facts, Story, facts_of, milliseconds
from events import Entry
from events.instants import instant_ns

DueInstant = Callable[[Facts], int | None]
"""From a task's facts to the instant (ns) after which it is overdue, None where it has no due."""

SETTLED = frozenset({"done", "cancelled"})
OUTCOMES = frozenset({"completed", "no_show", "cancelled"})
CONNECTED_MS = 30_000
"""A call that lasted this long connected, whatever its outcome says."""


class Touch(NamedTuple):
    """One contact with a customer: when, what it was, who of us did it (empty: nobody is known), and of what sort."""

    at_ns: int
    activity: str
    actor: str
    outbound: bool
    human: bool


_LOGGED = {"crm.call.logged": "call", "crm.email.logged": "email", "crm.message.logged": "message"}


def logged_once(entry: Entry) -> Moment | None:
    """Return what ``logged`` would of a record with this one event, None where it is no ``*.logged``."""
    activity = _LOGGED.get(entry.data.type)
    if activity is None:
        return None
    facts = facts_of(entry)
    facts["activity"] = activity
    credited = holder(facts, entry.actor)
    return Moment(f"{activity}.logged", milliseconds(entry.time_ns), credited, credited, facts)


def logged(told: Story) -> Iterator[Moment]:
    """Return what a call, an e-mail or a message contributes: that it was logged."""
    entry = told.points[0].entry
    activity = _LOGGED.get(entry.data.type)
    if activity:
        yield moment(f"{activity}.logged", entry.time_ns, told, actor=entry.actor, activity=activity)


def visit(told: Story) -> Iterator[Moment]:
    """Return what a visit contributes: that somebody came, credited to who received them."""
    entry = told.points[0].entry
    if is_initial(entry):
        yield moment("visit.logged", told.created_ns, told, actor=entry.actor)


def touch(told: Story) -> Touch | None:
    """Return the contact that a call, an e-mail or a message was, or a meeting that was held: at its start, and by us."""
    entry, facts = told.points[0].entry, told.final
    activity = _LOGGED.get(entry.data.type)
    if activity:
        human = not facts.get("automated") and facts.get("author") != "bot"
        return Touch(entry.time_ns, activity, _actor(entry, told), facts.get("direction") == "outbound", human)
    last = next((p for p in reversed(told.points) if "status" in p.stated), None)
    if last is None or last.stated["status"] != "completed":
        return None
    start = facts.get("start")
    at_ns = instant_ns(start) if start else last.entry.time_ns
    return Touch(at_ns, "meeting", _actor(last.entry, told), outbound=True, human=True)


def _actor(entry: Entry, told: Story) -> str:
    return str(entry.actor or told.as_of(entry.time_ns).get("owner_id") or "")


def acted(facts: Facts) -> bool:
    """Tell whether somebody of ours did it: an e-mail written by a person, a message that is no bot's, and whatever is neither."""
    match facts["activity"]:
        case "email":
            return facts.get("direction") == "outbound" and not facts.get("automated")
        case "message":
            return facts.get("direction") == "outbound" and facts.get("author") != "bot"
        case _:
            return True


def connected(facts: Facts) -> bool:
    """Tell whether somebody answered a call."""
    return facts.get("outcome") == "connected" or (facts.get("duration_ms") or 0) >= CONNECTED_MS


def meeting(told: Story) -> Iterator[Moment]:
    """Return what a meeting contributes: that it was held, at its latest start."""
    booked = told.points[0].entry
    yield moment("meeting.booked", told.created_ns, told, actor=booked.actor if is_initial(booked) else "")
    last = next((p for p in reversed(told.points) if "status" in p.stated), None)
    start = told.final.get("start")
    if start:
        outcome = last and last.stated["status"]
        yield moment("meeting.start", instant_ns(start), told, activity="meeting", outcome=outcome)
    if last and last.stated["status"] == "completed":
        held = moment("meeting.held", last.entry.time_ns, told, actor=last.entry.actor, activity="meeting")
        if start:
            held.at_ms = milliseconds(instant_ns(start))
        yield held
    yield from level("meeting.overdue", told, late(told, (_ended_ns(p.facts) for p in told.points)))


def _ended_ns(facts: Facts) -> int | None:
    """When a meeting that has no outcome is over: at its end, which is not before its start."""
    ends = [instant_ns(facts[name]) for name in ("start", "end") if facts.get(name)]
    return max(ends) if ends and facts.get("status") not in OUTCOMES else None


def task(told: Story, due_ns: DueInstant) -> Iterator[Moment]:
    """Return what a task contributes: its completion to the assignee and to who did it, its due, and the time that it is overdue."""
    done = None
    for point in told.points:
        match point.stated.get("status"):
            case "done":
                done = done or point
            case "reopened":
                done = None
    if done:
        at_ns = done.entry.time_ns
        yield moment("task.completed", at_ns, told)
        yield moment("task.done", at_ns, told, actor=done.entry.actor, activity="task")
    due = None if told.final.get("status") == "cancelled" and not done else due_ns(told.final)
    if due is not None:
        on_time = done is not None and done.entry.time_ns <= due
        yield moment("task.due", due, told, on_time=on_time, done=done is not None)
        if done:
            yield moment("task.settled", due, told, on_time=on_time)
    overdue = (None if p.facts.get("status") in SETTLED else due_ns(p.facts) for p in told.points)
    yield from level("task.overdue", told, late(told, overdue))
    if told.final.get("assigned_by"):
        yield from level("task.unfulfilled", told, late(told, _unfulfilled_ns(told, due_ns)))


def _unfulfilled_ns(told: Story, due_ns: DueInstant) -> Iterator[int | None]:
    """Since when a task that somebody gave to somebody else is overdue, from each change on; cancelled undone it always was."""
    done = False
    for facts, said in ((point.facts, point.stated.get("status")) for point in told.points):
        done = said == "done" or (done and said != "reopened")
        if done or facts.get("assigned_by") in (None, facts.get("owner_id")):
            yield None
        else:
            yield 0 if facts.get("status") == "cancelled" else due_ns(facts)
