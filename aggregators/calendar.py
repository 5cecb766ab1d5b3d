"""Hours, days and months of an organisation: the labels of the time buckets and the instants between them."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

T = TypeVar("T")
QUARTER_HOUR_MS = 900_000
COVERS = 1000
FOREVER_MS = 1 << 62
"""An instant after all others."""


class Bucket(NamedTuple):
    """The labels of the hour (its start in UTC), day and month (both local) that hold an instant."""

    hour: str
    day: str
    month: str


class Span(NamedTuple):
    """A row's worth of time: resolution ``h``, ``d`` or ``m``, its label, start and end in milliseconds."""

    resolution: str
    label: str
    start_ms: int
    end_ms: int


class Calendar:
    """Local time of one zone. Every instant is in milliseconds since 1970 UTC."""

    def __init__(self, zone: str) -> None:
        self.zone = ZoneInfo(zone)
        self._buckets: dict[int, Bucket] = {}
        self._covers: dict[tuple[int, int], tuple[list[Span], list[tuple[int, int]]]] = {}

    def bucket(self, at_ms: int) -> Bucket:
        """Return the bucket labels of an instant."""
        found = self._buckets.get(at_ms // QUARTER_HOUR_MS)
        return found or self._find(at_ms)

    def _find(self, at_ms: int) -> Bucket:
        local = self.local(at_ms)
        hour = datetime.fromtimestamp(self.hour_start(at_ms) / 1000, ZoneInfo("UTC"))
        found = Bucket(f"{hour:%Y%m%d%H%M}", f"{local:%Y%m%d}", f"{local:%Y%m}")
        start_ms = at_ms - at_ms % QUARTER_HOUR_MS
        offset = self.local(start_ms).utcoffset()
        changes = offset != self.local(start_ms + QUARTER_HOUR_MS - 1).utcoffset()
        if offset is not None and not changes and offset % timedelta(milliseconds=QUARTER_HOUR_MS) == timedelta(0):
            if len(self._buckets) > 200_000:
                self._buckets.clear()
            self._buckets[at_ms // QUARTER_HOUR_MS] = found
        return found

    def local(self, at_ms: int) -> datetime:
        """Return the local wall-clock time of an instant."""
        return datetime.fromtimestamp(at_ms // 1000, self.zone)

    def hour_start(self, at_ms: int) -> int:
        """Return the instant at which the local hour of ``at_ms`` began."""
        local = self.local(at_ms)
        return at_ms // 1000 * 1000 - (local.minute * 60 + local.second) * 1000

    def start_of(self, day: date) -> int:
        """Return the first instant of a local day."""
        start = datetime(day.year, day.month, day.day, tzinfo=self.zone)
        return int(start.timestamp() * 1000)

    def day_end(self, day: str) -> int:
        """Return the first instant after a local day ``YYYY-MM-DD``."""
        return self.start_of(date.fromisoformat(day) + timedelta(days=1))

    def day_of(self, at_ms: int) -> date:
        """Return the local day of an instant."""
        return self.local(at_ms).date()

    def stretches(self, said: Iterable[tuple[int, T]]) -> list[tuple[int, int, T]]:
        """Return from, to and value of what was said from an instant (ms) on: whole local days, a day's last word holds for it."""
        by_day = {self.start_of(self.day_of(at_ms)): value for at_ms, value in said}
        starts = sorted(by_day)
        return [(start, end, by_day[start]) for start, end in zip(starts, [*starts[1:], FOREVER_MS], strict=False)]

    def month(self, label: str) -> tuple[int, int]:
        """Return the start and the end of the month with a label ``YYYYMM``."""
        first = date(int(label[:4]), int(label[4:]), 1)
        return self.start_of(first), self.start_of(next_month(first))

    def cover(self, from_ms: int, to_ms: int) -> tuple[list[Span], list[tuple[int, int]]]:
        """Split ``[from, to)`` into whole months, days and hours, and the ``(from, to)`` edges that fill no hour.

        Remembered, since a question asks it for every user alike: not to be changed.
        """
        found = self._covers.get((from_ms, to_ms))
        if found is None:
            if len(self._covers) >= COVERS:
                self._covers.clear()
            found = self._covers[from_ms, to_ms] = self._cover(from_ms, to_ms)
        return found

    def _cover(self, from_ms: int, to_ms: int) -> tuple[list[Span], list[tuple[int, int]]]:
        spans: list[Span] = []
        edges: list[tuple[int, int]] = []
        at = from_ms
        while at < to_ms:
            span = next((s for s in self._candidates(at) if s.end_ms <= to_ms), None)
            if span:
                spans.append(span)
                at = span.end_ms
            else:
                end = min(self.hour_end(at), to_ms)
                edges.append((at, end))
                at = end
        return spans, edges

    def _candidates(self, at_ms: int) -> Iterator[Span]:
        """The month, the day and the hour that begin at an instant, the longest first."""
        if at_ms != self.hour_start(at_ms):
            return
        labels, day = self.bucket(at_ms), self.day_of(at_ms)
        if at_ms == self.start_of(day):
            if day.day == 1:
                yield Span("m", labels.month, at_ms, self.start_of(next_month(day)))
            yield Span("d", labels.day, at_ms, self.start_of(day + timedelta(days=1)))
        yield Span("h", labels.hour, at_ms, self.hour_end(at_ms))

    def hour_end(self, at_ms: int) -> int:
        """Return the next instant with another label; an hour that a clock change cuts is shorter or longer."""
        start = self.hour_start(at_ms)
        end = start + QUARTER_HOUR_MS
        while end <= at_ms or self.hour_start(end) == start:
            end += QUARTER_HOUR_MS
        return end


def next_month(day: date, months: int = 1) -> date:
    """Return the first day of the month that is ``months`` after that of ``day``."""
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


@lru_cache(maxsize=1024)
def calendar(zone: str) -> Calendar:
    """Return the calendar of an IANA zone; raises ZoneInfoNotFoundError for a name that is none."""
    return Calendar(zone)
