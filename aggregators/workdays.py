"""Working days: those that have business hours and are no holiday."""

from datetime import date, timedelta
from fractions import Fraction

from aggregators.org import Org
from aggregators.windows import Window


class Workdays:
    """The working days of ``org``, ``team:<id>`` or ``user:<id>``."""

    def __init__(self, org: Org, whose: str) -> None:
        self.calendar = org.calendar
        self.hours = org.hours
        self.whose = whose
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
            self.known[day] = self.hours.of(self.whose, day).works(day)
        return self.known[day]
