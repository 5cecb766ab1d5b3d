"""Deals that were won in a window, or are expected to close in it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from aggregators import deals
from aggregators.about import About
from aggregators.calendar import Calendar
from aggregators.moment import Moment, holder
from aggregators.record import Record
from aggregators.story import Facts, Story, story
from aggregators.windows import Window

ANCHOR = "deal.forecast"
Told = Iterator[tuple[str, Moment]]


class Deal(NamedTuple):
    """A deal, and what it was won for."""

    subject: str
    told: Story
    won: list[Moment]


def forecast(records: Mapping[str, Record], about: About) -> Callable[[Window], Told]:
    """Return what tells of a window the deals won in it until now, and those open now that are expected to close in it."""
    return partial(closing, known(records), about.org.calendar, about.now_ms)


def known(records: Mapping[str, Record]) -> list[Deal]:
    """Return the deals among records."""
    told = {s: story(records[s]) for s in sorted(records) if s.startswith("deal/")}
    return [_deal(subject, one, records[subject]) for subject, one in told.items() if one]


def closing(found: Sequence[Deal], calendar: Calendar, now_ms: int, window: Window) -> Told:
    """Return the deals won in a window until an instant, and those open then that are expected to close in it."""
    at_ms = min(max(now_ms, window.from_ms), window.to_ms)
    for deal in found:
        for close in deal.won:
            if window.from_ms <= close.at_ms < at_ms:
                yield deal.subject, Moment(ANCHOR, close.at_ms, close.holder, close.current, close.facts)
        if at_ms < window.to_ms and (facts := _open(deal.told, now_ms)) is not None:
            closing_ms = _closing_ms(facts, calendar)
            if closing_ms is not None and window.from_ms <= closing_ms < window.to_ms:
                said = {**deals.opened(deal.told.seen(facts), facts), "open": True}
                yield deal.subject, Moment(ANCHOR, at_ms, holder(facts), holder(deal.told.final), said)


def _deal(subject: str, told: Story, record: Record) -> Deal:
    won = deals.won_ns(told) is not None
    return Deal(subject, told, [*deals.closes(told, record.links)] if won else [])


def _open(told: Story, at_ms: int) -> Facts | None:
    """The facts of a deal as of an instant, None where it was not open then."""
    at_ns = at_ms * 1_000_000 - 1
    facts = told.as_of(at_ns) if told.created_ns <= at_ns else {"status": "lost"}
    return None if facts.get("status", "open") in deals.CLOSED else facts


def _closing_ms(facts: Facts, calendar: Calendar) -> int | None:
    """The end of the day on which a deal is expected to close."""
    day = facts.get("expected_close")
    return calendar.day_end(day) - 1 if day else None
