"""How soon customers were answered on a ticket, and how long it took who had it."""

from collections.abc import Iterator

from aggregators.moment import Moment, moment
from aggregators.story import Point, Story, milliseconds

SOLVED = frozenset({"solved", "closed"})
STOPPED = SOLVED | {"pending"}
"""While a ticket is so nobody waits for a first answer."""


def moments(told: Story) -> Iterator[Moment]:
    """Return what the messages on a ticket and its owners contribute."""
    yield from _handled(told)
    if len(told.points) == 1 and not told.final.get("sla"):
        return
    start_ns, reply = _first_reply(told)
    if reply:
        yield _answered("ticket.responded", start_ns, reply, told)
    for waiting, answer in _turns(told):
        yield _answered("ticket.answered", waiting.entry.time_ns, answer, told)
    due_ns = _due(told, start_ns)
    if due_ns is not None and reply and reply.time_ns <= due_ns:
        yield moment("ticket.first_due", reply.entry.time_ns, told, met=True)
    elif due_ns is not None:
        yield moment("ticket.first_due", due_ns, told, met=False)


def _answered(anchor: str, since_ns: int, reply: Point, told: Story) -> Moment:
    at_ns = reply.entry.time_ns
    took_ms = max(0, milliseconds(at_ns) - milliseconds(since_ns))
    return moment(anchor, at_ns, told, actor=reply.entry.actor, took_ms=took_ms)


def _author(point: Point) -> str:
    """Who wrote to the other side with this event; empty where nobody did."""
    said = point.stated
    is_message = point.entry.data.type == "crm.ticket.message" and said.get("public", True)
    return str(said.get("author") or "") if is_message else ""


def _first_reply(told: Story) -> tuple[int, Point | None]:
    """Since when a first answer is waited for, and the answer; an agent's own ticket begins with a message of theirs."""
    since_ns, solved, opening = told.created_ns, False, told.final.get("created_by") == "agent"
    for point in told.points:
        status = point.stated.get("status")
        if status:
            since_ns = point.entry.time_ns if solved and status not in SOLVED else since_ns
            solved = status in SOLVED
        elif _author(point) == "agent":
            if not opening:
                return since_ns, point
            opening = False
    return since_ns, None


def _turns(told: Story) -> Iterator[tuple[Point, Point]]:
    """Each first message of a customer that was not answered yet, and its answer."""
    waiting: Point | None = None
    for point in told.points:
        match _author(point):
            case "customer":
                waiting = waiting or point
            case "agent" if waiting:
                yield waiting, point
                waiting = None


def _due(told: Story, since_ns: int) -> int | None:
    """The instant by which the first answer was promised, in calendar time; None where nothing was, or the clock stands."""
    sla = told.final.get("sla") or {}
    left: int | None = sla.get("first_response_ms")
    if left is None or sla.get("hours") == "business":
        return None
    left *= 1_000_000
    begin: int
    ends = [*(p.time_ns for p in told.points[1:]), None]
    for point, end_ns in zip(told.points, ends, strict=True):
        begin = max(point.time_ns, since_ns)
        if point.facts.get("status") in STOPPED or (end_ns is not None and end_ns <= begin):
            continue
        if end_ns is None or begin + left <= end_ns:
            return begin + left
        left -= end_ns - begin
    return None


def _handled(told: Story) -> Iterator[Moment]:
    """Each time that somebody had the ticket while it was not solved, when that ended."""
    had, since_ns = None, 0
    for point in told.points:
        has = None if point.facts.get("status") in SOLVED else point.facts.get("owner_id")
        if has != had:
            if had:
                took_ms = milliseconds(point.time_ns) - milliseconds(since_ns)
                yield moment("ticket.handled", point.time_ns, told, actor=had, took_ms=took_ms)
            had, since_ns = has, point.time_ns
