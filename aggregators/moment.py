"""Moments: what a record contributes to the tables, and when."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from aggregators.story import Facts, Story, milliseconds

NOBODY = "u:"
"""The holder of what no user and no team owns."""


class Moment(Struct, gc=False):
    """One thing that counts.

    ``anchor`` names what happened (``deal.closed``), ``at_ms`` when, ``holder`` who is credited with it (``u:<user>``,
    ``t:<team>`` where no user owns the record, else ``u:``), ``current`` who owns it now, ``facts`` what the measures and
    dimensions are read from. ``sign`` is -1 where a level ends.
    """

    anchor: str
    at_ms: int
    holder: str
    current: str
    facts: Facts
    sign: int = 1


def holder(facts: Facts, actor: str = "") -> str:
    """Return who is credited: the actor where one is given, else the owner, else the team."""
    user = actor or facts.get("owner_id")
    if user:
        return f"u:{user}"
    team = facts.get("team_id")
    return f"t:{team}" if team else NOBODY


def moment(anchor: str, time_ns: int, told: Story, *, actor: str = "", **extra: object) -> Moment:
    """Return a moment of a record, credited to the actor where one is given, else to the owner at that instant."""
    facts = told.seen(told.as_of(time_ns))
    facts.update(extra)
    credited = holder(facts, actor)
    return Moment(anchor, milliseconds(time_ns), credited, credited if actor else holder(told.final), facts)


def level(anchor: str, told: Story, steps: Iterable[tuple[int, Facts | None]]) -> Iterator[Moment]:
    """Return the changes of a level: ``steps`` are the facts that hold from an instant (ns) on, None where it is not held.

    Of steps at one instant the last counts.
    """
    before: Facts | None = None
    current = holder(told.final)
    for time_ns, facts in dict(steps).items():
        if facts == before:
            continue
        at_ms = milliseconds(time_ns)
        if before is not None:
            yield Moment(anchor, at_ms, holder(before), current, before, -1)
        if facts is not None:
            yield Moment(anchor, at_ms, holder(facts), current, facts)
        before = facts


def late(told: Story, due_ns: Iterable[int | None]) -> Iterator[tuple[int, Facts | None]]:
    """Return the steps of a level: each stretch between two changes is late from the instant on that goes with its point."""
    ends = [*(p.time_ns for p in told.points[1:]), None]
    for point, due, end_ns in zip(told.points, due_ns, ends, strict=True):
        yield point.time_ns, None
        if due is not None and (end_ns is None or max(due, point.time_ns) < end_ns):
            yield max(due, point.time_ns), told.seen(point.facts)
