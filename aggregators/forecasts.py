"""Where something is going to land: what is settled, what is expected beside it, and how far such expectations were off."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from statistics import quantiles
from typing import Any, NamedTuple

from aggregators.formulas import Weighted
from aggregators.values import Cells, Context, Number, Value, money
from aggregators.windows import Window

PAST = 8
"""So many earlier periods tell how far expectations are off,"""
LEAST = 4
"""and so many at least have to."""


class Span(NamedTuple):
    """A window, and the instant that it is told as of."""

    window: Window
    now_ms: int


class Expectation(NamedTuple):
    """What was settled and what was expected beside it, and what became of that where it is known."""

    settled: Number
    expected: Number
    became: Number | None = None


def band(now: Expectation, past: Sequence[Expectation]) -> dict[str, Any]:
    """Return ``p10``, ``p50`` and ``p90`` of where it lands, and of how many past ``periods`` they come.

    What is expected is multiplied with the deciles of how many times the expected came in the past: an empirical prediction
    interval (W. H. Williams, M. L. Goodman, "A simple method for the construction of empirical confidence limits for economic
    forecasts", Journal of the American Statistical Association 66, 1971). Nothing expected leaves no doubt; with fewer than
    ``LEAST`` periods they are None.
    """
    times = [Fraction(one.became) / Fraction(one.expected) for one in past if one.became is not None and one.expected]
    names = ("p10", "p50", "p90")
    if not now.expected:
        return dict.fromkeys(names, now.settled) | {"periods": len(times)}
    if len(times) < LEAST:
        return dict.fromkeys(names) | {"periods": len(times)}
    deciles = quantiles(times, n=10, method="inclusive")
    landed = sorted(now.settled + Fraction(now.expected) * deciles[n] for n in (0, 4, 8))
    return {**dict(zip(names, landed, strict=True)), "periods": len(times)}


class Forecast(NamedTuple):
    """What was won and the weighted amount of what is expected to be; ``others`` are further variants."""

    won: str
    expected: Weighted
    of: str
    variant: str = ""
    others: Mapping[str, "Forecast"] = {}
    stats: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[str, ...]:
        """Return the measures read."""
        mine = (self.won, *self.expected.measures, self.of)
        return tuple(dict.fromkeys([*mine, *(name for one in self.others.values() for name in one.measures)]))

    @property
    def variants(self) -> tuple[str, ...]:
        """Return the variants that may be asked."""
        return (self.variant, *self.others) if self.others else ()

    def value(self, cells: Cells, context: Context) -> Value:
        """Return both together; ``parts`` tells them apart."""
        meant = self.others.get(context.variant, self)
        won, expected = money(cells, meant.won, context), meant.expected.value(cells, context)
        fx = {**won.caveats.get("fx_missing", {})}
        for currency, amount in expected.caveats.get("fx_missing", {}).items():
            fx[currency] = fx.get(currency, 0) + amount
        caveats = {**expected.caveats, **({"fx_missing": fx} if fx else {})}
        weighted = expected.value or 0
        parts = {"won": won.amount, "weighted": weighted}
        return Value(won.amount + weighted, n=cells.get(meant.of, 0), caveats=caveats | {"parts": parts})
