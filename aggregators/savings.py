"""What time that was saved is worth."""

from fractions import Fraction
from typing import NamedTuple

from aggregators.values import Cells, Context, Value

HOUR_MS = 3_600_000


class Saved(NamedTuple):
    """Time in hours, or (``sum``) what it costs by the organisation's ``cost`` of an hour."""

    measure: str
    of: str
    cost: str
    stats: tuple[str, ...] = ("hours", "sum")
    variants: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[str, ...]:
        """Return the measures read."""
        return self.measure, self.of

    def value(self, cells: Cells, context: Context) -> Value:
        """Return hours, or money: None where nobody said what an hour costs, or there is no rate for it."""
        hours, n = Fraction(cells.get(self.measure, 0), HOUR_MS), cells.get(self.of, 0)
        if context.stat != "sum":
            return Value(hours, n=n)
        cost = context.own.get(self.cost)
        if not cost:
            return Value(None, n=n)
        price, currency = Fraction(cost["amount"]), cost["currency"]
        rate = Fraction(1) if currency == context.own.get("currency", "EUR") else context.rate(currency, "")
        missing = {"fx_missing": {currency: hours * price}} if rate is None and hours * price else {}
        return Value(None if rate is None else hours * price * rate, n=n, caveats=missing)
