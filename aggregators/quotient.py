"""A KPI divided by another one."""

from typing import NamedTuple

from aggregators.formulas import Formula
from aggregators.goals import quotient
from aggregators.values import Cells, Context, Value


class Quotient(NamedTuple):
    """The value of one formula over that of another, each by its first stat and variant."""

    over: Formula
    under: Formula
    stats: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[str, ...]:
        """Return the measures read."""
        return tuple(dict.fromkeys([*self.over.measures, *self.under.measures]))

    def value(self, cells: Cells, context: Context) -> Value:
        """Return the quotient, None where there is nothing to divide by."""
        over, under = (
            formula.value(cells, context._replace(stat="", variant="")) for formula in (self.over, self.under)
        )
        caveats = {**over.caveats, **under.caveats}
        return Value(quotient(over.value, under.value), over.value, under.value, under.n, caveats)
