"""Leads: from creation to conversion."""

from collections.abc import Iterator

from aggregators.moment import Moment, level, moment
from aggregators.story import Story, normalised

OPEN = frozenset({"open", "working"})
LIVE = OPEN | {"qualified"}


def moments(told: Story) -> Iterator[Moment]:
    """Return what a lead contributes."""
    status = told.final.get("status", "open")
    qualified, entered = (
        [p for p in told.points if p.stated.get("status") == entry] for entry in ("qualified", "converted")
    )
    yield moment("lead.created", told.created_ns, told, converted=bool(entered), live=not entered and status in LIVE)
    if qualified:
        yield moment("lead.qualified", qualified[0].entry.time_ns, told)
    if entered:
        yield moment("lead.converted", entered[0].entry.time_ns, told)
    if status == "disqualified":
        last = next(p for p in reversed(told.points) if "status" in p.stated)
        yield moment("lead.lost", last.entry.time_ns, told, lost_reason=normalised(last.stated.get("reason")))
    yield from level("lead.open", told, _steps(told))


def _steps(told: Story) -> Iterator[tuple[int, dict[str, object] | None]]:
    for point in told.points:
        seen = told.seen(point.facts)
        yield point.time_ns, seen if point.facts.get("status", "open") in OPEN else None
