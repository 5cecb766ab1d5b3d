"""How fast a pipeline turns open deals into money."""

from fractions import Fraction
from typing import NamedTuple

from aggregators.formulas import DAY_MS
from aggregators.values import Cells, Context, Value, money


class Velocity(NamedTuple):
    """What an open deal is expected to bring, times how many there are, a day of the sales cycle."""

    open: str
    won: str
    lost: str
    revenue: str
    cycle: str
    stats: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[str, ...]:
        """Return the measures read."""
        return self.open, self.won, self.lost, self.revenue, self.cycle

    def value(self, cells: Cells, context: Context) -> Value:
        """Return money a day, None where nothing was won, or in no time."""
        n, won = cells.get(self.open, 0), cells.get(self.won, 0)
        cycle_ms, revenue = cells.get(f"{self.cycle}.ms", 0), money(cells, self.revenue, context)
        if not (won and cycle_ms):
            return Value(None, n=n, caveats=revenue.caveats)
        rate = Fraction(won, won + cells.get(self.lost, 0))
        days = Fraction(cycle_ms, DAY_MS * cells[f"{self.cycle}.n"])
        return Value(n * rate * (revenue.amount / won) / days, n=n, caveats=revenue.caveats)
