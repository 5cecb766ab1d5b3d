"""How long a record was waited for, by the calendar and in business hours, and by when something was promised.

Working time passes in the hours of who has the record: of each stretch in those of its owner, else of the team that owns it.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from aggregators.business_hours import BusinessHours
from aggregators.moment import holder
from aggregators.story import Story, milliseconds

_MS = 1_000_000
SOLVED = frozenset({"solved", "closed"})
STOPPED = SOLVED | {"pending"}
"""While a record is so the clock of a promise stands."""


class Clocks:
    """The clocks of one record."""

    def __init__(self, told: Story, hours: BusinessHours) -> None:
        self.told = told
        self.hours = hours

    def took(self, since_ns: int, at_ns: int) -> dict[str, Any]:
        """Return the facts of how long something took: ``took_ms`` by the calendar, ``worked_ms()`` in business hours."""
        since_ms, at_ms = milliseconds(since_ns), milliseconds(at_ns)
        return {"took_ms": max(0, at_ms - since_ms), "worked_ms": partial(self._worked, since_ms, at_ms)}

    def due(self, since_ns: int, promised: str) -> int | None:
        """Return by when (ns) it is due what was promised in ``sla``; None where nothing was, or the clock stands before."""
        sla: dict[str, Any] = self.told.final.get("sla") or {}
        left: int | None = sla.get(promised)
        if left is None:
            return None
        return self._due(since_ns, left * _MS) if sla.get("hours") == "calendar" else self._worked_due(since_ns, left)

    def _due(self, since_ns: int, left: int) -> int | None:
        for begin, end, _ in self._running(since_ns):
            if end is None or begin + left <= end:
                return begin + left
            left -= end - begin
        return None

    def _worked_due(self, since_ns: int, left: int) -> int | None:
        for begin, end, whose in self._running(since_ns):
            due_ms = self.hours.after(whose, milliseconds(begin), left)
            if end is None or (due_ms is not None and due_ms <= milliseconds(end)):
                return None if due_ms is None else due_ms * _MS
            left -= self.hours.between(whose, milliseconds(begin), milliseconds(end))
        return None

    def _running(self, since_ns: int) -> Iterator[tuple[int, int | None, str]]:
        """From, to (ns; None: for ever) and holder of each stretch in which the clock of a promise goes."""
        points = self.told.points
        ends = [*(point.time_ns for point in points[1:]), None]
        for point, end in zip(points, ends, strict=True):
            begin = max(point.time_ns, since_ns)
            if point.facts.get("status") not in STOPPED and (end is None or end > begin):
                yield begin, end, holder(point.facts)

    def _worked(self, since_ms: int, at_ms: int) -> int:
        if not self.hours.of_teams:
            return self.hours.between("", since_ms, at_ms)
        # What is said of the ticket before it was created holds from its creation on, and so it did before.
        had = {milliseconds(point.time_ns): holder(point.facts) for point in self.told.points}
        ends = [*had][1:]
        total, begin = 0, since_ms
        for whose, end in zip(had.values(), [*ends, at_ms], strict=True):
            total += self.hours.between(whose, begin, min(end, at_ms))
            begin = max(begin, end)
        return total
