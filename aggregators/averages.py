"""Formulas over numbers that records have, each counted by itself."""

from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple

from aggregators.values import Cells, Context, Value


class Average(NamedTuple):
    """The mean of whole numbers, or the middle one (``p50``, the lower of two); a number is the name of a cell: ``measure/3``."""

    measure: str
    stats: tuple[str, ...] = ("mean", "p50")
    variants: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[str, ...]:
        """Return the measures read."""
        return (self.measure,)

    def value(self, cells: Cells, context: Context) -> Value:
        """Return the mean or the middle, None where there is no record."""
        counts = numbers(cells, self.measure)
        n, total = sum(counts.values()), sum(number * count for number, count in counts.items())
        if context.stat == "p50":
            return Value(middle(counts), n=n)
        return Value(Fraction(total, n) if n else None, total, n, n)


def numbers(cells: Cells, measure: str) -> dict[int, int]:
    """Return how often a measure has each number."""
    start = f"{measure}/"
    return {int(name[len(start) :]): count for name, count in cells.items() if name.startswith(start) and count}


def middle(counts: Mapping[int, int]) -> int | None:
    """Return the nearest-rank median of numbers that are there so often, None where there are none."""
    rank, seen = -(-sum(counts.values()) // 2), 0
    for number in sorted(counts):
        seen += counts[number]
        if seen >= rank:
            return number
    return None
