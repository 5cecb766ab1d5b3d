"""Sessions: who is in the system, for how long, and what they use of it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from aggregators.calendar import QUARTER_HOUR_MS
from aggregators.moment import NOBODY, Moment, moment
from aggregators.record import Record, is_initial
from aggregators.story import Story, story

GAP_MS = 300_000
"""Who is not heard of for longer was away."""
AROUND_MS = QUARTER_HOUR_MS + 2 * GAP_MS
"""So far around a window heartbeats decide how much of it somebody was there."""


def heartbeat(told: Story) -> Iterator[Moment]:
    """Return what a heartbeat contributes: that its user was there."""
    beat = told.points[0].entry
    if is_initial(beat):
        yield moment("session.beat", told.created_ns, told, actor=beat.actor)


class Stay(NamedTuple):
    """That somebody was there ``[from_ms, to_ms]``, as the heartbeat of a subject says."""

    from_ms: int
    to_ms: int
    subject: str
    beat: Moment


def spent(records: Mapping[str, Record]) -> Iterator[tuple[str, Moment]]:
    """Return the times that users were there: the union of what their heartbeats say, cut where a quarter of an hour begins."""
    stays: dict[str, list[Stay]] = defaultdict(list)
    for subject, record in records.items():
        told = story(record)
        for beat in heartbeat(told) if told else ():
            active_ms = min(beat.facts.get("active_ms") or 0, GAP_MS)
            stays[beat.holder].append(Stay(beat.at_ms - active_ms, beat.at_ms, subject, beat))
    for holder in sorted(stays):
        if holder.startswith("u:") and holder != NOBODY:
            for stay in _united(sorted(stays[holder], key=lambda one: one[:3])):
                yield from _pieces(stay)


def _united(stays: Iterable[Stay]) -> Iterator[Stay]:
    """Stays that overlap, or follow each other within the gap, as one."""
    held: Stay | None = None
    for stay in stays:
        if held and stay.from_ms - held.to_ms <= GAP_MS:
            held = held._replace(to_ms=max(held.to_ms, stay.to_ms))
        else:
            if held:
                yield held
            held = stay
    if held:
        yield held


def _pieces(stay: Stay) -> Iterator[tuple[str, Moment]]:
    at_ms = stay.from_ms
    while at_ms < stay.to_ms:
        end_ms = min(stay.to_ms, at_ms - at_ms % QUARTER_HOUR_MS + QUARTER_HOUR_MS)
        facts = {**stay.beat.facts, "spent_ms": end_ms - at_ms}
        yield stay.subject, Moment("session.spent", at_ms, stay.beat.holder, stay.beat.current, facts)
        at_ms = end_ms
