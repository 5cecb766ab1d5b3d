"""Formulas of how well records are kept, and of what they belong to."""

from fractions import Fraction
from typing import NamedTuple

from aggregators.tables import part_of_name
from aggregators.values import Cells, Context, Value


class Completeness(NamedTuple):
    """The share of the fields that the organisation requires of each record (``required``) that are filled, over records."""

    filled: str
    of: str
    required: str
    stats: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[str, ...]:
        """Return the measures read."""
        return self.filled, self.of

    def value(self, cells: Cells, context: Context) -> Value:
        """Return the share, None where there is no record or nothing is required."""
        required, n = {*(context.own.get(self.required) or ())}, cells.get(self.of, 0)
        over = sum(cells.get(f"{self.filled}/{part_of_name(field)}", 0) for field in required)
        under = n * len(required)
        return Value(Fraction(over, under) if under else None, over, under, n)


class Members(NamedTuple):
    """A number of records, of those alone that have a value of a dimension."""

    measure: str
    dimension: str
    stats: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[str, ...]:
        """Return the measures read."""
        return (self.measure,)

    def value(self, cells: Cells, context: Context) -> Value:
        """Return the number."""
        n = cells.get(self.measure, 0)
        return Value(n, n=n)


class Distribution(NamedTuple):
    """A number of records by values, of which only the ``most`` frequent are told by themselves."""

    measure: str
    most: int = 50
    stats: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[str, ...]:
        """Return the measures read."""
        return (self.measure,)

    def value(self, cells: Cells, context: Context) -> Value:
        """Return the number."""
        n = cells.get(self.measure, 0)
        return Value(n, n=n)
