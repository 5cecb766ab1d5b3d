"""Windows of time in an organisation's calendar: named ones, series of them, and those to compare with."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from aggregators.calendar import Calendar, next_month
from events.instants import instant_ns

EVER_FROM, EVER_TO = date(1970, 1, 1), date(2101, 1, 1)
UNITS = ("hour", "day", "week", "month", "quarter", "year")
_WEEKDAYS = {"monday": 0, "saturday": 5, "sunday": 6}


class Window(NamedTuple):
    """``[from_ms, to_ms)``, and the calendar unit that it is one of (empty: none)."""

    from_ms: int
    to_ms: int
    unit: str = ""

    def upto(self, at_ms: int) -> "Window":
        """Return what of it is before an instant: nothing where it has not begun."""
        return self._replace(to_ms=max(self.from_ms, min(self.to_ms, at_ms)))


class Periods(NamedTuple):
    """Calendar units as an organisation counts them."""

    calendar: Calendar
    week_start: str = "monday"
    fiscal_year_start_month: int = 1

    def start(self, unit: str, day: date) -> date:
        """Return the first day of the week, month, quarter or year that holds a day."""
        if unit == "week":
            return day - timedelta(days=(day.weekday() - _WEEKDAYS[self.week_start]) % 7)
        if unit == "day":
            return day
        length = {"month": 1, "quarter": 3, "year": 12}[unit]
        months = day.year * 12 + day.month - 1 - (self.fiscal_year_start_month - 1)
        index = months // length * length + self.fiscal_year_start_month - 1
        return date(index // 12, index % 12 + 1, 1)

    def step(self, unit: str, day: date, count: int = 1) -> date:
        """Return the first day of the unit that is ``count`` after the one beginning at ``day``."""
        if unit in ("day", "week"):
            return day + timedelta(days=count * (7 if unit == "week" else 1))
        return next_month(day, count * {"month": 1, "quarter": 3, "year": 12}[unit])

    def unit(self, unit: str, now_ms: int, back: int = 0) -> Window:
        """Return the unit that holds ``now_ms``, or the one so many before it."""
        first = self.step(unit, self.start(unit, self.calendar.day_of(now_ms)), -back)
        return self.between(first, self.step(unit, first), unit)

    def between(self, first: date, end: date, unit: str = "") -> Window:
        """Return the window of the local days from ``first`` up to, not with, ``end``."""
        return Window(self.calendar.start_of(first), self.calendar.start_of(end), unit)

    def last_days(self, days: int, now_ms: int) -> Window:
        """Return the window of so many local days that ends with today."""
        tomorrow = self.calendar.day_of(now_ms) + timedelta(days=1)
        return self.between(tomorrow - timedelta(days=days), tomorrow)

    def series(self, every: str, window: Window) -> list[Window]:
        """Cut a window into the units that it overlaps; the first and the last may be cut short, and are no units then."""
        found, at = [], window.from_ms
        while at < window.to_ms:
            unit = Window(at, self.calendar.hour_end(at)) if every == "hour" else self.unit(every, at)
            whole = unit.from_ms == at and unit.to_ms <= window.to_ms
            found.append(unit if whole else Window(at, min(unit.to_ms, window.to_ms)))
            at = found[-1].to_ms
        return found

    def previous(self, window: Window) -> Window:
        """Return the window before: the calendar unit before it, else as many days, else as long a time."""
        if window.unit:
            return self.unit(window.unit, window.from_ms, 1)
        first, end = self.calendar.day_of(window.from_ms), self.calendar.day_of(window.to_ms)
        if (self.calendar.start_of(first), self.calendar.start_of(end)) == (window.from_ms, window.to_ms):
            return self.between(first - (end - first), first)
        return Window(2 * window.from_ms - window.to_ms, window.from_ms)

    def year_before(self, window: Window) -> Window:
        """Return the same window a year earlier, by the local date and time."""
        return Window(self._year_before(window.from_ms), self._year_before(window.to_ms), window.unit)

    def _year_before(self, at_ms: int) -> int:
        local = self.calendar.local(at_ms)
        day = 28 if (local.month, local.day) == (2, 29) else local.day
        return int(local.replace(year=local.year - 1, day=day, fold=0).timestamp() * 1000) + at_ms % 1000


_NAMED: dict[str, Callable[[Periods, int], Window]] = {
    "today": lambda p, now: p.unit("day", now),
    "yesterday": lambda p, now: p.unit("day", now, 1),
    **{f"this_{u}": lambda p, now, u=u: p.unit(u, now) for u in UNITS[2:]},  # type: ignore[misc]
    **{f"last_{u}": lambda p, now, u=u: p.unit(u, now, 1) for u in UNITS[2:]},  # type: ignore[misc]
    "last_7_days": lambda p, now: p.last_days(7, now),
    "last_30_days": lambda p, now: p.last_days(30, now),
    "last_90_days": lambda p, now: p.last_days(90, now),
    "all": lambda p, _: p.between(EVER_FROM, EVER_TO),
}
NAMES = tuple(_NAMED)


def named(name: str, periods: Periods, now_ms: int) -> Window:
    """Return a named window; KeyError for a name that is none."""
    return _NAMED[name](periods, now_ms)


def instant(text: str, calendar: Calendar) -> int:
    """Return the instant (ms) of a date (its beginning in the zone), a local time, or a time with offset.

    Raises ValueError with a sentence where it is none of them.
    """
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return calendar.start_of(date.fromisoformat(text))
    if re.fullmatch(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(:\d\d(\.\d{1,6})?)?", text):
        return int(datetime.fromisoformat(text.upper()).replace(tzinfo=calendar.zone).timestamp() * 1000)
    return instant_ns(text) // 1_000_000


def text(at_ms: int, calendar: Calendar) -> str:
    """Return an instant as local time with its offset."""
    return _text(calendar.local(at_ms), at_ms)


def utc_text(at_ms: int) -> str:
    """Return an instant in UTC."""
    return _text(datetime.fromtimestamp(at_ms // 1000, UTC), at_ms).replace("+00:00", "Z")


def _text(second: datetime, at_ms: int) -> str:
    exact = second.replace(microsecond=at_ms % 1000 * 1000)
    return exact.isoformat(timespec="milliseconds" if at_ms % 1000 else "seconds")
