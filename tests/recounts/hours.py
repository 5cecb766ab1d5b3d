"""Business hours recounted: day by day, each in parts where hours were said within it, with nothing of the product."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tests.recounts.record import Record, time_ns

if TYPE_CHECKING:
    from tests.recounts.told import Told

MS = 1_000_000
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
USUAL = {day: [["09:00", "17:00"]] for day in DAYS[:5]}
YEARS = 10


@cache
def open_spans(it: Told, day: date, user: str | None, team: str | None) -> list[tuple[int, int]]:
    """From and to (ms) of the working time of a local day, of a user, else of a team, else of all."""
    own = next(iter(it.records["org"].values()), None)
    if own and not own.deleted and is_holiday(it, own, day):
        return []
    if user:
        team = it.team_of(user, day)
    tellers = [it.records["team"].get(team) if team else None, own]
    first, last = it.midnight_ns(day) // MS, it.midnight_ns(day + timedelta(days=1)) // MS
    cuts = sorted({first, last, *(ms for one in tellers for ms, _ in _said(one) if first < ms < last)})
    found = []
    for since, until in pairwise(cuts):
        known = [[hours for ms, hours in _said(one) if ms <= since][-1:] for one in tellers]
        hours = next((each[0] for each in known if each and each[0] is not None), USUAL)
        spans = [(_ms(it, day, start), _ms(it, day, end)) for start, end in hours.get(DAYS[day.weekday()], [])]
        found += [(max(start, since), min(end, until)) for start, end in spans if max(start, since) < min(end, until)]
    return found


def is_holiday(it: Told, own: Record, day: date) -> bool:
    """Whether the list that was the last one by the end of the day has it, or one that was said later."""
    end_ns = it.midnight_ns(day + timedelta(days=1))
    lists = [e for e in own.events if "holidays" in (e.get("data") or {})]
    before = [e for e in lists if _at_ns(e) < end_ns]
    return any(day.isoformat() in (e["data"]["holidays"] or ()) for e in [*before[-1:], *lists[len(before) :]])


def _said(record: Record | None) -> list[tuple[int, Any]]:
    """The hours that were said, and from when on (ms)."""
    events = record.events if record and not record.deleted else []
    return [(_at_ns(e) // MS, e["data"]["business_hours"]) for e in events if "business_hours" in (e.get("data") or {})]


def _at_ns(event: dict[str, Any]) -> int:
    return time_ns(event["time"])


def _ms(it: Told, day: date, clock: str) -> int:
    whole = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=int(clock[:2]), minutes=int(clock[3:]))
    return int(whole.replace(tzinfo=it.zone).timestamp()) * 1000


def worked_ms(it: Told, whose: tuple[str | None, str | None], from_ms: int, to_ms: int) -> int:
    """Working time of a user, a team or everybody."""
    day, last = it.day(from_ms * MS), it.day(to_ms * MS)
    total = 0
    while day <= last:
        total += sum(max(0, min(end, to_ms) - max(start, from_ms)) for start, end in open_spans(it, day, *whose))
        day += timedelta(days=1)
    return total


def seconds_worked(it: Told, ticket: Record, since_ns: int, at_ns: int) -> Fraction:
    """What passed of the working time of who had the ticket, changes of its owner being told apart."""
    since, at = since_ns // MS, at_ns // MS
    cuts = sorted({since, at, *(ms for e in ticket.explicit if since < (ms := ticket.effective_ns(e) // MS) < at)})
    found = sum(worked_ms(it, _had(ticket, a), a, b) for a, b in pairwise(cuts))
    return Fraction(found, 1000) if since < at else Fraction(0)


def _had(ticket: Record, at_ms: int) -> tuple[str | None, str | None]:
    """Who had it through the millisecond: what is said within it holds for all that follows it."""
    return ticket.holder(max(at_ms * MS + MS - 1, ticket.created_ns))


def due_ns(it: Told, ticket: Record, begin_ns: int, end_ns: int, left_ms: int) -> tuple[int | None, int]:
    """When the working time that is left is over within a stretch, else what is left of it then."""
    if left_ms <= 0:
        return begin_ns // MS * MS, 0
    at_ms, end_ms = begin_ns // MS, end_ns // MS
    day = it.day(begin_ns)
    for _ in range(366 * YEARS):
        for opens, closes in sorted(open_spans(it, day, *_had(ticket, begin_ns // MS))):
            start, length = max(opens, at_ms), min(closes, end_ms) - max(opens, at_ms)
            if length >= left_ms:
                return (start + left_ms) * MS, 0
            left_ms -= max(0, length)
        day += timedelta(days=1)
        if it.midnight_ns(day) >= end_ns:
            break
    return None, left_ms
