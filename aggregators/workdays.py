"""Working days: those that have business hours and are no holiday."""

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from aggregators.org import Org
from aggregators.teams import Teams
from aggregators.windows import Window

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_USUAL = {day: [["09:00", "17:00"]] for day in _WEEKDAYS[:5]}


class Workdays:
    """The working days of ``org``, ``team:<id>`` or ``user:<id>``.

    The hours of a day are those last said by its end: a team's own, for it and for who is in it on that day, else the
    organisation's; Monday to Friday where nothing was said.
    """

    def __init__(self, org: Org, teams: Teams, whose: str) -> None:
        self.calendar = org.calendar
        self.entries = org.entries
        self.kind, _, self.name = whose.partition(":")
        self.stays = teams.stays.get(self.name, []) if self.kind == "user" else []
        own: dict[str, Any] = next((e for s, e in org.entries.items() if s.startswith("org/")), {})
        self.hours: Sequence[Any] = own.get("business_hours", ())
        self.holidays = frozenset(own.get("holidays", ()))
        self.known: dict[date, bool] = {}

    def elapsed(self, window: Window, at_ms: int) -> Fraction | None:
        """Return the share of a window's working days that is over, of today's by its hours; None where it has none."""
        day, last = self.calendar.day_of(window.from_ms), self.calendar.day_of(window.to_ms - 1)
        total, gone = 0, Fraction(0)
        while day <= last:
            if self.works(day):
                start, end = self.calendar.start_of(day), self.calendar.start_of(day + timedelta(days=1))
                total += 1
                gone += (
                    Fraction(min(max(at_ms, start), end) - start, end - start) if start < at_ms < end else at_ms >= end
                )
            day += timedelta(days=1)
        return gone / total if total else None

    def works(self, day: date) -> bool:
        """Tell whether a local day is a working day."""
        if day not in self.known:
            self.known[day] = day.isoformat() not in self.holidays and bool(
                self._hours(day).get(_WEEKDAYS[day.weekday()])
            )
        return self.known[day]

    def _hours(self, day: date) -> dict[str, Any]:
        end_ms = self.calendar.start_of(day + timedelta(days=1))
        own = self.entries.get(f"team/{self._team(end_ms)}", {}).get("business_hours", ())
        found = _as_of(own, end_ms)
        if found is None:
            found = _as_of(self.hours, end_ms)
        return _USUAL if found is None else found

    def _team(self, before_ms: int) -> str:
        """The team whose hours count on the day that ends then."""
        if self.kind == "team":
            return self.name
        return next((team for start, end, team in self.stays if start < before_ms <= end), "")


def _as_of(said: Sequence[Any], before_ms: int) -> dict[str, Any] | None:
    """What was said last before an instant, None for nothing."""
    found: dict[str, Any] | None = None
    for at_ms, hours in said:
        if at_ms < before_ms:
            found = hours
    return found
