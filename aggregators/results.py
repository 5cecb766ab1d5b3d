"""What work brings in: formulas over sales, told in ways of their own."""

from collections.abc import Mapping
from typing import NamedTuple

from aggregators.formulas import Formula, buckets
from aggregators.histogram import quantile
from aggregators.values import Cells, Context, Value, money

LAGGED = "lagged"


def usual_ms(cells: Cells, measure: str) -> int | None:
    """Return the p50 of a duration in ms, None where there is none."""
    found = quantile(buckets(cells, measure), 0.5)
    return None if found is None else round(found)


class PerActivity(NamedTuple):
    """Money earned by activity done, whatever it was earned by; ``cycle`` is how long it usually takes to earn it."""

    earned: str
    done: str
    cycle: str
    stats: tuple[str, ...] = ()
    variants: tuple[str, ...] = ("same", LAGGED)

    @property
    def measures(self) -> tuple[str, ...]:
        """Return the measures read."""
        return self.earned, self.done, self.cycle

    def value(self, cells: Cells, context: Context) -> Value:
        """Return the money by activity, None where nothing was done."""
        total, n = money(cells, self.earned, context), cells.get(self.done, 0)
        return Value(total.amount / n if n else None, total.amount, n, n, total.caveats)


class Either(NamedTuple):
    """One of several formulas, the one that the variant names; the first one where it names none."""

    of: Mapping[str, Formula]
    stats: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[str, ...]:
        """Return the measures read."""
        return tuple(dict.fromkeys(name for formula in self.of.values() for name in formula.measures))

    @property
    def variants(self) -> tuple[str, ...]:
        """Return the variants that may be asked."""
        return tuple(self.of)

    def value(self, cells: Cells, context: Context) -> Value:
        """Return what the formula that was asked for makes of a sum."""
        return self.of[context.variant or self.variants[0]].value(cells, context)
