"""KPIs that are arithmetic on the values of others, which count each by itself."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import NamedTuple

from aggregators.formulas import Formula
from aggregators.goals import quotient
from aggregators.values import Cells, Context, Number, Value

LOW_SAMPLE = 20
"""Of fewer records a source's effectiveness is told as ``low_sample``."""
Values = Mapping[str, Value]


class Part(NamedTuple):
    """A value that another is made of: over the window, or (``gauge``) as of its end, now at the latest."""

    formula: Formula
    gauge: bool = False


class Composed(NamedTuple):
    """The value that ``told`` makes of those of its parts, each by its first stat and variant."""

    of: Mapping[str, Part]
    told: Callable[[Values, Context], Value]
    stats: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[str, ...]:
        """Return the measures read."""
        return tuple(dict.fromkeys(name for part in self.of.values() for name in part.formula.measures))

    def value(self, cells: Cells, context: Context) -> Value:
        """Return the value, with what its parts could not be told of."""
        plain = context._replace(stat="", variant="")
        values = {name: part.formula.value(cells, plain) for name, part in self.of.items()}
        found = self.told(values, context)
        missing = {
            code: amount for one in values.values() for code, amount in one.caveats.get("fx_missing", {}).items()
        }
        return found._replace(caveats={**({"fx_missing": missing} if missing else {}), **found.caveats})


def marketing_return(of: Values, _: Context) -> Value:
    """Return (revenue - spend) / spend, None where nothing was spent."""
    revenue, spend = (of[name].value or 0 for name in ("revenue", "spend"))
    return Value(quotient(revenue - spend, spend), revenue - spend, spend, of["revenue"].n)


def contact_worth(of: Values, _: Context) -> Value:
    """Return revenue per contact, and what a deal is likely to bring where people take part; None without contacts."""
    contacts, parts = (
        of["contacts"].value,
        {name: of[name].value for name in ("engagement", "win_rate", "avg_deal_size")},
    )
    earned = quotient(of["revenue"].value, contacts)
    likely = Fraction(1, 100)
    for value in parts.values():
        likely *= Fraction(value or 0)
    told = {"revenue_per_contact": earned, **parts, "potential": likely}
    return Value(None if earned is None else earned + likely, n=of["contacts"].n, caveats={"parts": told})


def effectiveness(of: Values, context: Context) -> Value:
    """Return the share (%) of leads that buy, or (``sum``) what a contact is worth."""
    worth, leads = contact_worth(of, context), of["leads"]
    rate: Number | None = leads.value
    parts = {"lead_to_customer_rate": rate, "contact_value": worth.value}
    caveats = {"parts": parts, "low_sample": leads.n < LOW_SAMPLE}
    if context.stat == "sum":
        return Value(worth.value, n=worth.n, caveats=caveats)
    return Value(None if rate is None else 100 * rate, n=leads.n, caveats=caveats)


class SystemReturn(NamedTuple):
    """What a system brings beyond its cost: revenue beyond that of an earlier window, and savings."""

    revenue: Formula
    savings: Formula
    cost: Formula
    stats: tuple[str, ...] = ()
    variants: tuple[str, ...] = ("previous", "last_year")

    @property
    def measures(self) -> tuple[str, ...]:
        """Return the measures read."""
        formulas = (self.revenue, self.savings, self.cost)
        return tuple(dict.fromkeys(name for formula in formulas for name in formula.measures))

    def value(self, cells: Cells, context: Context) -> Value:
        """Return nothing: it compares two windows."""
        return Value(None)


def system_return(revenue: Value, baseline: Value, savings: Value, cost: Value) -> Value:
    """Return (revenue - baseline + savings - cost) / cost, None where it costs nothing; savings that are not known are none."""
    gain = Fraction((revenue.value or 0) - (baseline.value or 0) + (savings.value or 0) - (cost.value or 0))
    told = {"revenue": revenue.value, "baseline": baseline.value, "savings": savings.value, "cost": cost.value}
    missing = {k: v for one in (revenue, baseline, savings, cost) for k, v in one.caveats.get("fx_missing", {}).items()}
    caveats = {**({"fx_missing": missing} if missing else {}), "parts": told}
    return Value(quotient(gain, cost.value), gain, cost.value, revenue.n, caveats)
