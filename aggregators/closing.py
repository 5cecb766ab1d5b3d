"""Deals that were won in a window, or are expected to close in it."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from aggregators import deals
from aggregators.about import About, Span
from aggregators.calendar import Calendar
from aggregators.moment import Moment, holder
from aggregators.record import Record
from aggregators.story import Facts, Story, story

ANCHOR = "deal.forecast"


class _Deal(NamedTuple):
    """A deal, and what it was won for."""

    subject: str
    told: Story
    won: list[Moment]


def forecast(records: Mapping[str, Record], about: About) -> Iterator[tuple[str, Moment]]:
    """Return the deals won in each span until its instant, and those open then that are expected to close in what is left of it.

    ``span`` tells which one it is.
    """
    known = [
        _known(subject, told, records[subject]) for subject in sorted(records) if (told := story(records[subject]))
    ]
    for number, (window, now_ms) in enumerate(about.spans or (Span(about.window, about.now_ms),)):
        at_ms = min(max(now_ms, window.from_ms), window.to_ms)
        for deal in known:
            for close in deal.won:
                if window.from_ms <= close.at_ms < at_ms:
                    yield (
                        deal.subject,
                        Moment(ANCHOR, close.at_ms, close.holder, close.current, {**close.facts, "span": number}),
                    )
            if at_ms < window.to_ms and (facts := _open(deal.told, now_ms)) is not None:
                closing_ms = _closing_ms(facts, about.org.calendar)
                if closing_ms is not None and window.from_ms <= closing_ms < window.to_ms:
                    said = {**_worth(deal.told, facts), "open": True, "span": number}
                    yield deal.subject, Moment(ANCHOR, at_ms, holder(facts), holder(deal.told.final), said)


def _known(subject: str, told: Story, record: Record) -> _Deal:
    won = deals.won_ns(told) is not None
    return _Deal(subject, told, [*deals.closes(told, record.links)] if won else [])


def _open(told: Story, at_ms: int) -> Facts | None:
    """The facts of a deal as of an instant, None where it was not open then."""
    at_ns = at_ms * 1_000_000 - 1
    facts = told.as_of(at_ns) if told.created_ns <= at_ns else {"status": "lost"}
    return None if facts.get("status", "open") in deals.CLOSED else facts


def _closing_ms(facts: Facts, calendar: Calendar) -> int | None:
    """The end of the day on which a deal is expected to close."""
    day = facts.get("expected_close")
    return calendar.day_end(day) - 1 if day else None


def _worth(told: Story, facts: Facts) -> Facts:
    products, lines, value = deals.worth(told.final)
    return {**value, **deals.opened(told.seen(facts), facts, products, lines)}
