"""Tickets: open until solved, perhaps again, and what customers thought of it."""

from collections.abc import Iterator, Mapping
from typing import Any

from aggregators import replies
from aggregators.business_hours import BusinessHours
from aggregators.clocks import SOLVED, Clocks
from aggregators.moment import NOBODY, Moment, level, moment
from aggregators.story import Facts, Point, Story, milliseconds


def moments(told: Story, links: dict[str, list[Any]], hours: BusinessHours) -> Iterator[Moment]:
    """Return what a ticket contributes; ``links`` are its ratings, as ``rating`` gives them."""
    yield moment("ticket.created", told.created_ns, told)
    resolutions, solved = solutions(told)
    clocks = Clocks(told, hours)
    if resolutions:
        again = told.points[told.points.index(resolutions[0]) :]
        reopened = any(p.stated.get("status", "solved") not in SOLVED for p in again)
        yield _resolved("ticket.first_resolved", resolutions[0], clocks, reopened=reopened)
        if solved:
            yield _resolved("ticket.resolved", resolutions[-1], clocks)
    yield from rated(told, links)
    yield from replies.moments(told, clocks)
    if told.final.get("sla"):
        done = resolutions[-1] if solved else None
        yield from replies.promised("ticket.resolution_due", told.created_ns, "resolution_ms", done, clocks)
    yield from level("ticket.open", told, _steps(told))


def rated(told: Story, links: Mapping[str, list[Any]]) -> Iterator[Moment]:
    """Return the latest rating of a ticket."""
    if links:
        time_ns, *_, score, scale = max(links.values())
        yield moment("ticket.rated", time_ns, told, score=score, scale=scale)


def satisfied(facts: Facts) -> bool:
    """Tell whether a rating is one of the top 2 of 5, or at least 80 % of its scale."""
    return bool(5 * facts["score"] >= 4 * facts["scale"])


def rating(told: Story) -> tuple[str, list[Any]] | None:
    """Return the ticket that a feedback rates and its rating: its event's merge order, the score and the scale."""
    facts, entry = told.final, told.points[0].entry
    if facts.get("kind") != "csat" or facts.get("score") is None:
        return None
    return facts.get("ticket_id", ""), [*entry.order, facts["score"], facts.get("scale") or 5]


def unknown(links: dict[str, list[Any]]) -> Iterator[Moment]:
    """Return what the ratings of a ticket contribute that nothing else is known of."""
    if links:
        time_ns, *_, score, scale = max(links.values())
        yield Moment("ticket.rated", milliseconds(time_ns), NOBODY, NOBODY, {"score": score, "scale": scale})


def feedback(told: Story) -> Iterator[Moment]:
    """Return what a rating of no ticket contributes by itself."""
    rated = rating(told)
    if rated and not rated[0]:
        entry = told.points[0].entry
        yield moment("ticket.rated", entry.time_ns, told, actor=entry.actor, score=rated[1][-2], scale=rated[1][-1])


def solutions(told: Story) -> tuple[list[Point], bool]:
    """The events that solved the ticket, and whether it is solved now."""
    found, solved = [], False
    for point in told.points:
        status = point.stated.get("status")
        if status == "solved" or (status == "closed" and not solved):
            found.append(point)
        solved = status in SOLVED if status else solved
    return found, solved


def _resolved(anchor: str, point: Point, clocks: Clocks, **extra: Any) -> Moment:
    told, at_ns = clocks.told, point.entry.time_ns
    return moment(anchor, at_ns, told, **(extra | clocks.took(told.created_ns, at_ns)))


def _steps(told: Story) -> Iterator[tuple[int, Facts | None]]:
    for point in told.points:
        yield point.time_ns, None if point.facts.get("status") in SOLVED else told.seen(point.facts)
