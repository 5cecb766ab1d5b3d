"""Formulas over what each record has by itself: a number, a name, a score."""

from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple

from aggregators.formulas import DAY_MS
from aggregators.tables import part_of_name
from aggregators.values import Cells, Context, Value

SCALE = 10**6
"""Scores are added up in millionths of a point, their parts in millionths."""


class Average(NamedTuple):
    """The mean of whole numbers, or the nearest-rank ``p50`` or ``p90``; a number is the name of a cell: ``measure/3``.

    ``unit`` is how many of them make one of the answer's.
    """

    measure: str
    unit: int = 1
    stats: tuple[str, ...] = ("mean", "p50")
    variants: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[str, ...]:
        """Return the measures read."""
        return (self.measure,)

    def value(self, cells: Cells, context: Context) -> Value:
        """Return the mean or the quantile, None where there is no record; the count of these."""
        counts, stat = numbers(cells, self.measure), context.stat or self.stats[0]
        n, total = sum(counts.values()), Fraction(sum(number * count for number, count in counts.items()), self.unit)
        if stat == "count":
            return Value(n, n=n)
        if stat == "mean":
            return Value(total / n if n else None, total, n, n)
        found = nearest(counts, Fraction(9, 10) if stat == "p90" else Fraction(1, 2))
        return Value(None if found is None else Fraction(found, self.unit), n=n)


class Distinct(NamedTuple):
    """How many there are of what a measure names."""

    measure: str
    stats: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[str, ...]:
        """Return the measures read."""
        return (self.measure,)

    def value(self, cells: Cells, context: Context) -> Value:
        """Return the number."""
        n = len(named(cells, self.measure))
        return Value(n, n=n)


class Frequency(NamedTuple):
    """How often something was done (``done`` is named by the instant) per ``whom`` in 30 days, as a whole and of each variant."""

    of: Mapping[str, tuple[str, str]]
    stats: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[str, ...]:
        """Return the measures read."""
        return tuple(name for pair in self.of.values() for name in pair)

    @property
    def variants(self) -> tuple[str, ...]:
        """Return the variants that may be asked."""
        return ("all", *self.of)

    def value(self, cells: Cells, context: Context) -> Value:
        """Return the frequency that is asked for, None where nobody was touched; that of each as ``parts``."""
        parts = {name: self._frequency(cells, context, (name,)).value for name in self.of}
        asked = (context.variant,) if context.variant in self.of else tuple(self.of)
        return self._frequency(cells, context, asked)._replace(caveats={"parts": parts})

    def _frequency(self, cells: Cells, context: Context, variants: tuple[str, ...]) -> Value:
        at = [numbers(cells, self.of[name][0]) for name in variants]
        whom = {one for name in variants for one in named(cells, self.of[name][1])}
        done = sum(sum(counts.values()) for counts in at)
        if not whom:
            return Value(None)
        endless = context.from_ms < DAY_MS
        since_ms = min(min(counts) for counts in at if counts) if endless else context.from_ms
        months = Fraction(max(DAY_MS, context.until_ms - since_ms), 30 * DAY_MS)
        return Value(done / (len(whom) * months), n=len(whom))


class Score(NamedTuple):
    """The mean of scores of 0 to 100, with the means of their parts, each of 0 to 100 too; ``of`` counts who has one."""

    measure: str
    of: str
    parts: Mapping[str, str]
    stats: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[str, ...]:
        """Return the measures read."""
        return self.measure, self.of, *self.parts.values()

    def value(self, cells: Cells, context: Context) -> Value:
        """Return the mean and ``parts``, None where nobody has a score."""
        n = cells.get(self.of, 0)
        if not n:
            return Value(None)
        parts = {name: Fraction(100 * cells.get(measure, 0), SCALE * n) for name, measure in self.parts.items()}
        return Value(Fraction(cells.get(self.measure, 0), SCALE * n), n=n, caveats={"parts": parts})


class Outcome(NamedTuple):
    """The share of those whom a measure names that another one names too, of several the one that the variant says."""

    under: str
    over: Mapping[str, str]
    stats: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[str, ...]:
        """Return the measures read."""
        return self.under, *self.over.values()

    @property
    def variants(self) -> tuple[str, ...]:
        """Return the variants that may be asked."""
        return tuple(self.over)

    def value(self, cells: Cells, context: Context) -> Value:
        """Return the share, None where nobody is named."""
        over = len(named(cells, self.over[context.variant or self.variants[0]]))
        under = len(named(cells, self.under))
        return Value(Fraction(over, under) if under else None, over, under, under)


class Bands(NamedTuple):
    """The share of one measure in another as a whole, and of each band that they name as ``parts`` with its ``n``."""

    over: str
    under: str
    names: tuple[str, ...]
    stats: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[str, ...]:
        """Return the measures read."""
        return self.over, self.under

    def value(self, cells: Cells, context: Context) -> Value:
        """Return the share, None where there is nothing; so of a band."""
        pairs = {name: tuple(cells.get(f"{m}/{part_of_name(name)}", 0) for m in self.measures) for name in self.names}
        parts = {name: {"value": Fraction(over, n) if n else None, "n": n} for name, (over, n) in pairs.items()}
        over, under = (sum(pair[i] for pair in pairs.values()) for i in (0, 1))
        return Value(Fraction(over, under) if under else None, over, under, under, {"parts": parts})


def named(cells: Cells, measure: str) -> list[str]:
    """Return the names that a measure counts, as they stand in cells."""
    start = f"{measure}/"
    return [name[len(start) :] for name, count in cells.items() if name.startswith(start) and count]


def numbers(cells: Cells, measure: str) -> dict[int, int]:
    """Return how often a measure has each number."""
    return {int(name): cells[f"{measure}/{name}"] for name in named(cells, measure)}


def nearest(counts: Mapping[int, int], share: Fraction) -> int | None:
    """Return the nearest-rank quantile of numbers that are there so often, None where there are none."""
    rank, seen = -int(-share * sum(counts.values()) // 1), 0
    for number in sorted(counts):
        seen += counts[number]
        if seen >= max(1, rank):
            return number
    return None
