"""Calls, e-mails, messages, meetings and tasks: what people do, credited to who did it."""

from collections.abc import Callable, Iterator

from aggregators.moment import Moment, holder, level, moment
from aggregators.story import Facts, Story, facts_of, milliseconds
from events import Entry
from events.instants import instant_ns

DueInstant = Callable[[Facts], int | None]
"""From a task's facts to the instant (ns) after which it is overdue, None where it has no due."""

CONNECTED_MS = 30_000
"""A call that lasted this long connected, whatever its outcome says."""

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


def connected(facts: Facts) -> bool:
    """Tell whether somebody answered a call."""
    return facts.get("outcome") == "connected" or (facts.get("duration_ms") or 0) >= CONNECTED_MS


def meeting(told: Story) -> Iterator[Moment]:
    """Return what a meeting contributes: that it was held, at its latest start."""
    last = next((p for p in reversed(told.points) if "status" in p.stated), None)
    if last and last.stated["status"] == "completed":
        held = moment("meeting.held", last.entry.time_ns, told, actor=last.entry.actor, activity="meeting")
        start = told.final.get("start")
        if start:
            held.at_ms = milliseconds(instant_ns(start))
        yield held


def task(told: Story, due_ns: DueInstant) -> Iterator[Moment]:
    """Return what a task contributes: its completion to the assignee and to who did it, and the time that it is overdue."""
    done = None
    for point in told.points:
        status = point.stated.get("status")
        if status:
            done = (done or point) if status == "done" else None
    if done:
        at_ns = done.entry.time_ns
        yield moment("task.completed", at_ns, told)
        yield moment("task.done", at_ns, told, actor=done.entry.actor, activity="task")
    yield from level("task.overdue", told, _overdue(told, due_ns))


def _overdue(told: Story, due_ns: DueInstant) -> Iterator[tuple[int, Facts | None]]:
    """Each stretch between two changes is overdue from its due instant on, if it was open then."""
    ends = [*(p.time_ns for p in told.points[1:]), None]
    for point, end_ns in zip(told.points, ends, strict=True):
        due = None if point.facts.get("status") in ("done", "cancelled") else due_ns(point.facts)
        yield point.time_ns, None
        if due is not None and (end_ns is None or max(due, point.time_ns) < end_ns):
            yield max(due, point.time_ns), told.seen(point.facts)
