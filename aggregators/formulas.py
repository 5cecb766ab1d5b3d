"""From sums of measures to the value of a KPI."""

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, NamedTuple, Protocol

from aggregators.histogram import quantile
from aggregators.money import PROBABILITY, UNIT

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
    """What a formula may ask beside the sums: exchange rates, stage probabilities, and the question's ``stat`` and ``variant``.

    ``rate(currency, day)`` is the value of one unit on a day (``YYYYMMDD``, empty: the day asked about), None where unknown;
    ``probability(pipeline, stage)`` takes them as they stand in the name of a cell.
    """

    rate: Callable[[str, str], Fraction | None]
    probability: Callable[[str, str], Fraction | None]
    stat: str = ""
    variant: str = ""


def read_by(formula: "Formula", cells: Cells) -> dict[str, int]:
    """Return those of some cells that a formula reads, less zeros; a cell is named ``measure``, ``measure.…``, ``/…`` or ``@…``."""
    return {
        n: units for n, units in cells.items() if units and re.split(r"[@/.]", n, maxsplit=1)[0] in formula.measures
    }


class Formula(Protocol):
    """How a KPI is computed. ``measures`` are the names it reads, ``stats`` and ``variants`` what may be asked, default first."""

    @property
    def measures(self) -> tuple[str, ...]:
        """Return the names of the measures read."""

    @property
    def stats(self) -> tuple[str, ...]:
        """Return the values of ``stat``, none where it has no meaning."""

    @property
    def variants(self) -> tuple[str, ...]:
        """Return the values of ``variant``, none where it has no meaning."""

    def value(self, cells: Cells, context: Context) -> Value:
        """Return the value of a sum of measures."""


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


class Count(NamedTuple):
    """A number of records; ``worth`` is the money measure that ``stat=sum`` asks for."""

    measure: str
    worth: str = ""
    variants: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[str, ...]:
        """Return the measures read."""
        return (self.measure, self.worth) if self.worth else (self.measure,)

    @property
    def stats(self) -> tuple[str, ...]:
        """Return the stats that may be asked."""
        return ("count", "sum") if self.worth else ()

    def value(self, cells: Cells, context: Context) -> Value:
        """Return the number, or the money that it is worth."""
        n = cells.get(self.measure, 0)
        if context.stat != "sum":
            return Value(n, n=n)
        worth = money(cells, self.worth, context)
        return Value(worth.amount, n=n, caveats=worth.caveats)


class Total(NamedTuple):
    """A sum of money; ``of`` counts the records that it is earned by."""

    measure: str
    of: str
    stats: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[str, ...]:
        """Return the measures read."""
        return self.measure, self.of

    def value(self, cells: Cells, context: Context) -> Value:
        """Return the sum in the organisation's currency."""
        total = money(cells, self.measure, context)
        return Value(total.amount, n=cells.get(self.of, 0), caveats=total.caveats)


class Weighted(NamedTuple):
    """A sum of money times probability: the record's own, or that of its stage."""

    own: str
    at_stage: str
    of: str
    stats: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[str, ...]:
        """Return the measures read."""
        return self.own, self.at_stage, self.of

    def value(self, cells: Cells, context: Context) -> Value:
        """Return the weighted sum; amounts in a stage without a probability are told as ``probability_missing``."""
        own = money(cells, self.own, context)
        total, unknown, missing = (
            own.amount / PROBABILITY,
            Fraction(0),
            {c: a / PROBABILITY for c, a in own.missing.items()},
        )
        for measure in {name.partition("@")[0] for name in cells if name.startswith(f"{self.at_stage}/")}:
            _, pipeline, stage = measure.split("/")
            amount = money(cells, measure, context)
            probability = context.probability(pipeline, stage)
            if probability is None:
                unknown += amount.amount
            else:
                total += amount.amount * probability
                missing |= amount.missing
        caveats = Money(total, missing).caveats | ({"probability_missing": unknown} if unknown else {})
        return Value(total, n=cells.get(self.of, 0), caveats=caveats)


class Ratio(NamedTuple):
    """Sums of measures over sums of measures; ``others`` are further variants, ``live`` tells what is still undecided."""

    over: tuple[str, ...]
    under: tuple[str, ...]
    others: Mapping[str, "Ratio"] = {}
    variant: str = ""
    live: str = ""
    in_money: bool = False
    stats: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[str, ...]:
        """Return the measures read."""
        mine = (*self.over, *self.under, *((self.live,) if self.live else ()))
        return tuple(dict.fromkeys([*mine, *(m for r in self.others.values() for m in r.measures)]))

    @property
    def variants(self) -> tuple[str, ...]:
        """Return the variants that may be asked."""
        return (self.variant, *self.others) if self.others else ()

    def value(self, cells: Cells, context: Context) -> Value:
        """Return the ratio, None where the denominator is zero."""
        if context.variant in self.others:
            return self.others[context.variant].value(cells, context._replace(variant=""))
        over, under, caveats = (
            self._sum(self.over, cells, context),
            self._sum(self.under, cells, context),
            dict[str, Any](),
        )
        if self.live:
            caveats["open_share"] = Fraction(cells.get(self.live, 0), int(under)) if under else None
        n = int(under) if not self.in_money else 0
        return Value(Fraction(over) / Fraction(under) if under else None, over, under, n, caveats)

    def _sum(self, names: tuple[str, ...], cells: Cells, context: Context) -> int | Fraction:
        if self.in_money:
            return sum((money(cells, name, context).amount for name in names), Fraction(0))
        return sum(cells.get(name, 0) for name in names)


class Mean(NamedTuple):
    """Money per record."""

    measure: str
    of: str
    stats: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[str, ...]:
        """Return the measures read."""
        return self.measure, self.of

    def value(self, cells: Cells, context: Context) -> Value:
        """Return the mean, None where there is no record."""
        total, n = money(cells, self.measure, context), cells.get(self.of, 0)
        return Value(total.amount / n if n else None, total.amount, n, n, total.caveats)


class Spent(NamedTuple):
    """A sum of milliseconds, told in seconds: their sum or their mean."""

    measure: str
    of: str
    stats: tuple[str, ...] = ("sum", "mean", "count")
    variants: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[str, ...]:
        """Return the measures read."""
        return self.measure, self.of

    def value(self, cells: Cells, context: Context) -> Value:
        """Return the sum (0 when there is none), the mean (None then) or the count."""
        total, n = Fraction(cells.get(self.measure, 0), 1000), cells.get(self.of, 0)
        if context.stat == "count":
            return Value(n, n=n)
        if context.stat == "mean":
            return Value(total / n if n else None, total, n, n)
        return Value(total, n=n)


class Duration(NamedTuple):
    """How long something took, in seconds, from a histogram."""

    measure: str
    stats: tuple[str, ...] = ("p50", "p90", "mean", "count")
    variants: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[str, ...]:
        """Return the measures read."""
        return (self.measure,)

    def value(self, cells: Cells, context: Context) -> Value:
        """Return the quantile (within 0.4 %), the exact mean or the count; None where nothing ended."""
        n = cells.get(f"{self.measure}.n", 0)
        if context.stat == "count":
            return Value(n, n=n)
        if context.stat == "mean":
            total = Fraction(cells.get(f"{self.measure}.ms", 0), 1000)
            return Value(total / n if n else None, total, n, n)
        prefix = f"{self.measure}.h"
        counts = {int(name[len(prefix) :]): count for name, count in cells.items() if name.startswith(prefix)}
        found = quantile(counts, 0.9 if context.stat == "p90" else 0.5)
        return Value(None if found is None else found / 1000, n=n)


class Share(NamedTuple):
    """The share of a dimension's values in a number (``count``) or in the money behind it (``value``)."""

    measure: str
    dimension: str
    worth: str
    stats: tuple[str, ...] = ()
    variants: tuple[str, ...] = ("count", "value")

    @property
    def measures(self) -> tuple[str, ...]:
        """Return the measures read."""
        return self.measure, self.worth

    def value(self, cells: Cells, context: Context) -> Value:
        """Return the number itself: the share is taken of it where its groups are known."""
        n = cells.get(self.measure, 0)
        if context.variant == "value":
            worth = money(cells, self.worth, context)
            return Value(worth.amount, n=n, caveats=worth.caveats)
        return Value(n, n=n)


class Ranked(NamedTuple):
    """A place among peers by another KPI, which the question names."""

    measures: tuple[str, ...] = ()
    stats: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()

    def value(self, cells: Cells, context: Context) -> Value:
        """Return nothing: a rank is not a sum."""
        return Value(None)
