"""What filling a custom field goes together with: win rates with and without it, and whether it is worth the work."""

from collections.abc import Mapping
from fractions import Fraction
from math import sqrt
from statistics import NormalDist
from typing import Any, NamedTuple

from aggregators.goals import quotient
from aggregators.values import Cells, Context, Value

_Z = NormalDist().inv_cdf(0.975)
"""Of a two-sided interval of 95 %."""


class Decided(NamedTuple):
    """How many deals were decided, and how many of them won."""

    n: int = 0
    won: int = 0

    @property
    def rate(self) -> Fraction | None:
        """Return the share that was won."""
        return Fraction(self.won, self.n) if self.n else None

    def plus(self, other: "Decided", sign: int = 1) -> "Decided":
        """Return both together, or this one less the other."""
        return Decided(self.n + sign * other.n, self.won + sign * other.won)


class Lift(NamedTuple):
    """Win rates with a value and without it; groups by value are told where all of them are known."""

    decided: str
    won: str
    stats: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[str, ...]:
        """Return the measures read."""
        return self.decided, self.won

    def of(self, cells: Mapping[str, int]) -> Decided:
        """Return what a sum says."""
        return Decided(cells.get(self.decided, 0), cells.get(self.won, 0))

    def value(self, cells: Cells, context: Context) -> Value:
        """Return nothing: it is a difference between groups."""
        return Value(None)


class Return(NamedTuple):
    """What a field earns beyond what it costs to capture it, by the lift and ``active``, the time (ms) that people spend on it."""

    lift: Lift
    active: str
    revenue: str
    deals: str
    stats: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[str, ...]:
        """Return the measures read."""
        return *self.lift.measures, self.active, self.revenue, self.deals

    def value(self, cells: Cells, context: Context) -> Value:
        """Return nothing: it is made of several numbers."""
        return Value(None)


def lifted(having: Decided, lacking: Decided) -> Value:
    """Return the difference of the rates in percentage points, None where one is not known; ``parts`` has their 95 % intervals.

    Those of the rates are score intervals (E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
    Journal of the American Statistical Association 22, 1927), that of the difference is made of them (R. G. Newcombe, "Interval
    estimation for the difference between independent proportions", Statistics in Medicine 17, 1998, method 10).
    """
    parts: dict[str, Any] = {"with": _told(having), "without": _told(lacking), "low": None, "high": None}
    if having.rate is None or lacking.rate is None:
        return Value(None, n=having.n, caveats={"parts": parts})
    lift, (low, high), (least, most) = having.rate - lacking.rate, wilson(having), wilson(lacking)
    over, under = float(having.rate), float(lacking.rate)
    parts["low"] = 100 * (float(lift) - sqrt((over - low) ** 2 + (most - under) ** 2))
    parts["high"] = 100 * (float(lift) + sqrt((high - over) ** 2 + (under - least) ** 2))
    return Value(100 * lift, n=having.n, caveats={"parts": parts})


def wilson(of: Decided) -> tuple[float, float]:
    """Return the ends of the score interval of a share of one or more."""
    rate, square = of.won / of.n, _Z * _Z
    centre, spread = rate + square / (2 * of.n), _Z * sqrt(rate * (1 - rate) / of.n + square / (4 * of.n * of.n))
    scale = 1 + square / of.n
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def _told(of: Decided) -> dict[str, Any]:
    low, high = wilson(of) if of.n else (None, None)
    return {"rate": of.rate, "n": of.n, "low": low, "high": high}


def returned(lift: Value, size: Value, cost: Value, assumed: Mapping[str, Any]) -> Value:
    """Return (lift x deals x deal size - cost) / cost, None where any of them is not known or it costs nothing."""
    benefit = (
        None
        if None in (lift.value, size.value)
        else Fraction(lift.value or 0) / 100 * lift.n * Fraction(size.value or 0)
    )
    parts = {
        "lift": lift.value,
        "deals": lift.n,
        "avg_deal_size": size.value,
        **assumed,
        "benefit": benefit,
        "cost": cost.value,
    }
    gain = None if benefit is None or cost.value is None else benefit - cost.value
    missing = {**size.caveats.get("fx_missing", {}), **cost.caveats.get("fx_missing", {})}
    return Value(
        quotient(gain, cost.value),
        gain,
        cost.value,
        lift.n,
        {**({"fx_missing": missing} if missing else {}), "parts": parts},
    )
