"""Numbers of users, each of whom counts once however often a measure counted for them."""

from fractions import Fraction
from typing import NamedTuple

from aggregators.values import Cells, Context, Value


class Users(NamedTuple):
    """The users that ``measure`` counted for; with ``of``, their share of those that this did.

    ``names`` is a measure of names that tells the values of ``dimension``. The cells are numbers of users;
    those that ``also`` are to be known are for other formulas.
    """

    measure: str
    of: str = ""
    names: str = ""
    dimension: str = ""
    also: tuple[str, ...] = ()
    stats: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[str, ...]:
        """Return the measures read."""
        return tuple(filter(None, (self.measure, self.of, self.names, *self.also)))

    def value(self, cells: Cells, context: Context) -> Value:
        """Return the number of users, or the share, None where there are none to have one of."""
        n = cells.get(self.measure, 0)
        if not self.of:
            return Value(n, n=n)
        under = cells.get(self.of, 0)
        return Value(Fraction(n, under) if under else None, n, under, under)
