"""Business hours: which instants are working time, how much of it lies between two of them, and when so much has passed.

Hours hold from the instant at which they are said, in the organisation's zone: a team's own, for it and for who is in it on a
day, else the organisation's, else the usual ones. On a holiday nobody works: one that
was over when a later list was said does not have to be in it. Time is what passes, not what the clock shows: hours
over a change of clocks are an hour longer or shorter. A time that comes twice is the first one, one that is left out is the
instant at which the clocks go past it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import msgspec

from aggregators.calendar import FOREVER_MS, Calendar, calendar, next_month

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
USUAL = {day: [["09:00", "17:00"]] for day in WEEKDAYS[:5]}
MONTHS_AHEAD = 120
"""So far ahead it is looked when working time has passed that does not seem to come."""

Said = Sequence[Sequence[Any]]
"""``[from instant in ms, {weekday: [[from, to], …]}]``, oldest first; None in place of hours takes them back."""


class Month(NamedTuple):
    """The working time of a local month: where its stretches begin and end, and how much has passed at their ends (ms)."""

    starts: list[int]
    ends: list[int]
    passed: list[int]

    def upto(self, at_ms: int) -> int:
        """Return how much of it has passed by an instant."""
        index = bisect_right(self.starts, at_ms) - 1
        if index < 0:
            return 0
        return self.passed[index] - max(0, self.ends[index] - at_ms)

    @property
    def whole(self) -> int:
        """Return how much there is of it."""
        return self.passed[-1] if self.passed else 0


class Schedule:
    """The hours of a team, or of an organisation: those said first of ``said`` that were not taken back, else the usual."""

    def __init__(self, zone: Calendar, said: Sequence[Said], holidays: frozenset[str]) -> None:
        self.calendar = zone
        self.said = said
        self.holidays = holidays
        self.months: dict[date, Month] = {}

    def works(self, day: date) -> bool:
        """Tell whether a local day has working time."""
        return any(True for _ in self._open(day))

    def between(self, from_ms: int, to_ms: int) -> int:
        """Return the working time (ms) between two instants, 0 where the second is not after the first."""
        if to_ms <= from_ms:
            return 0
        at, last = self._first(from_ms), self._first(to_ms)
        found = self._month(last).upto(to_ms) - self._month(at).upto(from_ms)
        while at < last:
            found += self._month(at).whole
            at = next_month(at)
        return found

    def after(self, at_ms: int, wait_ms: int) -> int | None:
        """Return the instant (ms) by which so much working time has passed, None where it does not in ten years."""
        if wait_ms <= 0:
            return at_ms
        first = self._first(at_ms)
        left = wait_ms + self._month(first).upto(at_ms)
        for _ in range(MONTHS_AHEAD):
            month = self._month(first)
            if left <= month.whole:
                index = bisect_left(month.passed, left)
                return month.ends[index] - (month.passed[index] - left)
            left -= month.whole
            first = next_month(first)
        return None

    def _first(self, at_ms: int) -> date:
        return self.calendar.day_of(at_ms).replace(day=1)

    def _month(self, first: date) -> Month:
        found = self.months.get(first)
        if found is None:
            days = (next_month(first) - first).days
            open_ = [span for n in range(days) for span in self._open(first + timedelta(days=n))]
            starts, ends = [start for start, _ in open_], [end for _, end in open_]
            passed = list(accumulate(end - start for start, end in open_))
            found = self.months[first] = Month(starts, ends, passed)
        return found

    def _open(self, day: date) -> Iterator[tuple[int, int]]:
        """The stretches of working time of a local day: in order, apart from each other."""
        if day.isoformat() in self.holidays:
            return
        begin, over = (self.calendar.start_of(day + timedelta(days=n)) for n in (0, 1))
        anew = {at_ms for said in self.said for at_ms, _ in said if begin < at_ms < over}
        reached = 0
        for since, until in pairwise((begin, *sorted(anew), over)):
            for start, end in sorted(self._hours(since).get(WEEKDAYS[day.weekday()]) or ()):
                from_ms, to_ms = max(reached, since, self._instant(day, start)), min(until, self._instant(day, end))
                if from_ms < to_ms:
                    yield from_ms, to_ms
                    reached = to_ms

    def _hours(self, at_ms: int) -> Mapping[str, Any]:
        for said in self.said:
            known = [hours for from_ms, hours in said if from_ms <= at_ms]
            if known and known[-1] is not None:
                return known[-1]  # type: ignore[no-any-return]
        return USUAL

    def _instant(self, day: date, clock: str) -> int:
        """The instant at which a local day's clock first shows a time, or one after it."""
        hour, minute = int(clock[:2]), int(clock[3:])
        local = datetime(day.year, day.month, day.day) + timedelta(hours=hour, minutes=minute)  # noqa: DTZ001 - told a zone below
        late, early = (int(local.replace(tzinfo=self.calendar.zone, fold=fold).timestamp()) for fold in (0, 1))
        if early < late:  # left out when clocks go forward
            minutes = range(early, late + 60, 60)
            late = minutes[
                bisect_left(minutes, local, key=lambda at: self.calendar.local(at * 1000).replace(tzinfo=None))
            ]
        return late * 1000


class BusinessHours:
    """The hours of all who are in an organisation's directory. ``entries`` is what it says, by subject."""

    def __init__(self, entries: Mapping[str, Mapping[str, Any]], zone: Calendar) -> None:
        self.entries = entries
        self.calendar = zone
        own: Mapping[str, Any] = next((e for s, e in entries.items() if s.startswith("org/")), {})
        self.holidays = _holidays(own.get("holidays") or (), zone)
        self.said: Said = own.get("business_hours") or ()
        self.of_teams = {
            s[5:]: said for s, e in entries.items() if s.startswith("team/") and (said := e.get("business_hours"))
        }
        self._schedules: dict[str, Schedule] = {}
        self._stays: dict[str, list[tuple[int, int, str]]] = {}

    @property
    def decisive(self) -> tuple[Any, ...]:
        """Return all that working time depends on: who is in which team only where teams have hours of their own."""
        teams = {s: e.get("teams") for s, e in self.entries.items() if s.startswith("user/")} if self.of_teams else {}
        return self.holidays, _packed(self.said), _packed(self.of_teams), _packed(teams)

    def of(self, whose: str, day: date) -> Schedule:
        """Return the hours of ``org``, ``team:<id>``, ``user:<id>`` or of a holder on a local day."""
        last_ms = self.calendar.start_of(day + timedelta(days=1)) - 1
        return self._schedule(next(team for _, to_ms, team in self._teams(whose) if last_ms < to_ms))

    def between(self, whose: str, from_ms: int, to_ms: int) -> int:
        """Return the working time (ms) that somebody has between two instants."""
        if not self.of_teams:
            return self._schedule("").between(from_ms, to_ms)
        return sum(
            self._schedule(team).between(max(from_ms, start), min(to_ms, end))
            for start, end, team in self._teams(whose)
        )

    def after(self, whose: str, at_ms: int, wait_ms: int) -> int | None:
        """Return the instant (ms) by which somebody has had so much working time, None where that does not come."""
        if not self.of_teams:
            return self._schedule("").after(at_ms, wait_ms)
        for _, end, team in self._teams(whose):
            if at_ms < end:
                found = self._schedule(team).after(at_ms, wait_ms)
                if end == FOREVER_MS or (found is not None and found <= end):
                    return found
                wait_ms -= self._schedule(team).between(at_ms, end)
                at_ms = end
        raise AssertionError("the last team is for ever")

    def _teams(self, whose: str) -> list[tuple[int, int, str]]:
        """From, to and the team whose hours somebody has then, empty for nobody's own; from the beginning on, for ever."""
        found = self._stays.get(whose)
        if found is None:
            kind, _, name = whose.partition(":")
            said = self.entries.get(f"user/{name}", {}).get("teams", ()) if kind[:1] == "u" else ()
            stays = self.calendar.stretches(said)
            first = -FOREVER_MS, stays[0][0] if stays else FOREVER_MS, name if kind[:1] == "t" else ""
            found = self._stays[whose] = [first, *stays]
        return found

    def _schedule(self, team: str) -> Schedule:
        found = self._schedules.get(team)
        if found is None:
            said = (self.of_teams[team], self.said) if team in self.of_teams else (self.said,)
            found = self._schedules[team] = _schedule(self.calendar.zone.key, _packed(said), self.holidays)
        return found


def _holidays(said: Said, zone: Calendar) -> tuple[str, ...]:
    """The days of every list, but those that were still to come when the next one was said: that may leave them out."""
    until = [*(at_ms for at_ms, _ in said), FOREVER_MS][1:]
    lists = zip(said, until, strict=False)  # nothing was said, and that for ever
    return tuple(sorted({day for (_, days), next_ms in lists for day in days or () if zone.day_end(day) <= next_ms}))


def _packed(said: Any) -> bytes:
    return msgspec.json.encode(said, order="sorted")


@lru_cache(maxsize=1024)
def _schedule(zone: str, said: bytes, holidays: tuple[str, ...]) -> Schedule:
    """Schedules outlive their directory, which is made anew whenever anything in it changes."""
    return Schedule(calendar(zone), msgspec.json.decode(said), frozenset(holidays))
