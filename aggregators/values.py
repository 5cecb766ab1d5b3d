"""What formulas read and give: sums of measures, rates and probabilities, values and money."""

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from aggregators.money import UNIT

Number = int | Fraction | float
Cells = Mapping[str, int]


class Value(NamedTuple):
    """A KPI's value, None where there is nothing to divide by; ``n`` is how many records stand behind it."""

    value: Number | None
    numerator: Number | None = None
    denominator: Number | None = None
    n: int = 0
    caveats: Mapping[str, Any] = {}


class Context(NamedTuple):
    """What a formula may ask beside the sums: exchange rates, stage probabilities, the question's ``stat``, ``variant``, ``hours``.

    ``rate(currency, day)`` is the value of one unit on a day (``YYYYMMDD``, empty: the day asked about), None where unknown;
    ``probability(pipeline, stage)`` takes them as they stand in the name of a cell; ``at_ms`` is the instant that is asked about,
    ``own`` what the organisation says of itself, such as ``licences``; ``from_ms`` and ``until_ms`` are the part of a
    window that is not still to come.
    """

    rate: Callable[[str, str], Fraction | None]
    probability: Callable[[str, str], Fraction | None]
    stat: str = ""
    variant: str = ""
    hours: str = ""
    at_ms: int = 0
    own: Mapping[str, Any] = {}
    from_ms: int = 0
    until_ms: int = 0


class Money(NamedTuple):
    """An amount in the organisation's currency (in units of currency), and what could not be converted by currency."""

    amount: Fraction
    missing: dict[str, Fraction]

    @property
    def caveats(self) -> dict[str, Any]:
        """Return ``fx_missing``, the amounts without a rate, where there are any."""
        return {"fx_missing": self.missing} if self.missing else {}


def money(cells: Cells, measure: str, context: Context) -> Money:
    """Return the sum of a money measure; foreign cells are named ``measure@CUR`` or ``measure@CUR:<day>``."""
    total, missing = Fraction(cells.get(measure, 0), UNIT), dict[str, Fraction]()
    for name, units in cells.items():
        base, at, currency = name.partition("@")
        if at and base == measure:
            code, _, day = currency.partition(":")
            rate = context.rate(code, day)
            if rate is None:
                missing[code] = missing.get(code, Fraction(0)) + Fraction(units, UNIT)
            else:
                total += Fraction(units, UNIT) * rate
    return Money(total, {code: amount for code, amount in missing.items() if amount})


def merged(parts: Iterable[tuple[Money, Fraction]]) -> Money:
    """Return the sum of amounts, each times a factor."""
    total, missing = Fraction(0), dict[str, Fraction]()
    for part, factor in parts:
        total += part.amount * factor
        for code, amount in part.missing.items():
            missing[code] = missing.get(code, Fraction(0)) + amount * factor
    return Money(total, missing)
