"""How soon customers were answered on a ticket, and how long it took who had it."""

from collections.abc import Callable, Iterator

from aggregators.clocks import SOLVED, Clocks
from aggregators.moment import Moment, late, level, moment
from aggregators.story import Point, Story


def moments(told: Story, clocks: Clocks) -> Iterator[Moment]:
    """Return what the messages on a ticket and its owners contribute."""
    yield from _handled(told, clocks)
    if len(told.points) == 1 and not told.final.get("sla"):
        return
    start_ns, reply = _first_reply(told)
    if reply:
        yield _answered("ticket.responded", start_ns, reply, clocks)
    for asked, answer in _turns(told):
        yield _answered("ticket.answered", asked.entry.time_ns, answer, clocks)
    if told.final.get("sla"):
        yield from promised("ticket.first_due", start_ns, "first_response_ms", reply, clocks)
        yield from level("ticket.breached", told, late(told, map(_breached(start_ns, reply, clocks), told.points)))


def promised(anchor: str, since_ns: int, what: str, done: Point | None, clocks: Clocks) -> Iterator[Moment]:
    """Return whether a promise was kept: when what was promised was done in time, else when it was due."""
    told, due_ns = clocks.told, clocks.due(since_ns, what)
    if done and what in told.final["sla"] and (due_ns is None or done.time_ns <= due_ns):
        yield moment(anchor, done.entry.time_ns, told, met=True)
    elif due_ns is not None:
        yield moment(anchor, due_ns, told, met=False)


def _breached(since_ns: int, reply: Point | None, clocks: Clocks) -> Callable[[Point], int | None]:
    """Since when a promise is broken that may still be kept late: the first of those that are open at a point of the story."""
    told = clocks.told
    answer_ns, solution_ns = clocks.due(since_ns, "first_response_ms"), clocks.due(told.created_ns, "resolution_ms")

    def due_ns(point: Point) -> int | None:
        if point.facts.get("status") in SOLVED:
            return None
        is_answered = reply is not None and point.time_ns >= reply.time_ns
        dues = solution_ns, None if is_answered else answer_ns
        return min((due for due in dues if due is not None), default=None)

    return due_ns


def _answered(anchor: str, since_ns: int, reply: Point, clocks: Clocks) -> Moment:
    at_ns = reply.entry.time_ns
    return moment(anchor, at_ns, clocks.told, actor=reply.entry.actor, **clocks.took(since_ns, at_ns))


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
    asked: Point | None = None
    for point in told.points:
        match _author(point):
            case "customer":
                asked = asked or point
            case "agent" if asked:
                yield asked, point
                asked = None


def _handled(told: Story, clocks: Clocks) -> Iterator[Moment]:
    """Each time that somebody had the ticket while it was not solved, when that ended."""
    had, since_ns = None, 0
    for point in told.points:
        has = None if point.facts.get("status") in SOLVED else point.facts.get("owner_id")
        if has != had:
            if had and point.time_ns > since_ns:
                took = clocks.took(since_ns, point.time_ns)
                yield moment("ticket.handled", point.time_ns, told, actor=had, **took)
            had, since_ns = has, point.time_ns
