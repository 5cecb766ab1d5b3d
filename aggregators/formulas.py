"""From sums of measures to the value of a KPI."""

import re
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from aggregators.histogram import quantile
from aggregators.money import PROBABILITY
from aggregators.values import Cells, Context, Value, merged, money

DAY_MS = 86_400_000
TRAILING_MS = 90 * DAY_MS
"""What of a gauge is not held but happens is counted over so much time before the instant that it is asked as of."""


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


class Sold(NamedTuple):
    """A sum over sales of several kinds (``of`` counts them); ``uncosted`` is the value of what it could not be told of."""

    measure: str
    of: tuple[str, ...]
    uncosted: str = ""
    stats: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[str, ...]:
        """Return the measures read."""
        return self.measure, *self.of, *((self.uncosted,) if self.uncosted else ())

    def value(self, cells: Cells, context: Context) -> Value:
        """Return the sum; what has no cost is told as ``cost_missing``."""
        total, n = money(cells, self.measure, context), sum(cells.get(name, 0) for name in self.of)
        missing = money(cells, self.uncosted, context).amount
        return Value(total.amount, n=n, caveats=total.caveats | ({"cost_missing": missing} if missing else {}))


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
        known, unknown = [(money(cells, self.own, context), Fraction(1, PROBABILITY))], Fraction(0)
        for measure in {name.partition("@")[0] for name in cells if name.startswith(f"{self.at_stage}/")}:
            _, pipeline, stage = measure.split("/")
            amount = money(cells, measure, context)
            probability = context.probability(pipeline, stage)
            if probability is None:
                unknown += amount.amount
            else:
                known.append((amount, probability))
        total = merged(known)
        caveats = total.caveats | ({"probability_missing": unknown} if unknown else {})
        return Value(total.amount, n=cells.get(self.of, 0), caveats=caveats)


class Ratio(NamedTuple):
    """Sums of measures over sums of measures; ``others`` are further variants.

    ``live`` tells what is still undecided, ``noted`` names counts to be told beside the ratio.
    """

    over: tuple[str, ...]
    under: tuple[str, ...]
    others: Mapping[str, "Ratio"] = {}
    variant: str = ""
    live: str = ""
    in_money: bool = False
    noted: Mapping[str, str] = {}
    stats: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[str, ...]:
        """Return the measures read."""
        mine = (*self.over, *self.under, *((self.live,) if self.live else ()), *self.noted.values())
        return tuple(dict.fromkeys([*mine, *(m for r in self.others.values() for m in r.measures)]))

    @property
    def variants(self) -> tuple[str, ...]:
        """Return the variants that may be asked."""
        return (self.variant, *self.others) if self.others else ()

    def value(self, cells: Cells, context: Context) -> Value:
        """Return the ratio, None where the denominator is zero."""
        if context.variant in self.others:
            return self.others[context.variant].value(cells, context._replace(variant=""))
        if self.in_money:
            return self._of_money(cells, context)
        over, under = (sum(cells.get(name, 0) for name in names) for names in (self.over, self.under))
        caveats: dict[str, Any] = {name: cells[one] for name, one in self.noted.items() if cells.get(one)}
        if self.live:
            caveats["open_share"] = Fraction(cells.get(self.live, 0), under) if under else None
        return Value(Fraction(over, under) if under else None, over, under, under, caveats)

    def _of_money(self, cells: Cells, context: Context) -> Value:
        over, under = (
            merged([(money(cells, n, context), Fraction(1)) for n in names]) for names in (self.over, self.under)
        )
        value = over.amount / under.amount if under.amount else None
        return Value(value, over.amount, under.amount, caveats=under.caveats)


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
    """How long something took, in seconds, from a histogram; ``worked`` is that of the same in business hours."""

    measure: str
    worked: str = ""
    stats: tuple[str, ...] = ("p50", "p90", "mean", "count")
    variants: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[str, ...]:
        """Return the measures read."""
        return (self.measure, self.worked) if self.worked else (self.measure,)

    def value(self, cells: Cells, context: Context) -> Value:
        """Return the quantile (within 0.8 %), the exact mean or the count; None where nothing ended."""
        measure = self.worked if context.hours == "business" else self.measure
        n = cells.get(f"{measure}.n", 0)
        if context.stat == "count":
            return Value(n, n=n)
        if context.stat == "mean":
            total = Fraction(cells.get(f"{measure}.ms", 0), 1000)
            return Value(total / n if n else None, total, n, n)
        found = quantile(buckets(cells, measure), 0.9 if context.stat == "p90" else 0.5)
        return Value(None if found is None else found / 1000, n=n)


def buckets(cells: Cells, measure: str) -> dict[int, int]:
    """Return the histogram of a duration."""
    prefix = f"{measure}.h"
    return {int(name[len(prefix) :]): count for name, count in cells.items() if name.startswith(prefix)}


class Share(NamedTuple):
    """The share of a dimension's values in a number; ``others`` are further variants."""

    of: Formula
    dimension: str
    variant: str = ""
    others: Mapping[str, Formula] = {}
    stats: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[str, ...]:
        """Return the measures read."""
        return tuple(dict.fromkeys(m for formula in (self.of, *self.others.values()) for m in formula.measures))

    @property
    def variants(self) -> tuple[str, ...]:
        """Return the variants that may be asked."""
        return (self.variant, *self.others) if self.others else ()

    def value(self, cells: Cells, context: Context) -> Value:
        """Return the number itself: the share is taken of it where its groups are known."""
        return self.others.get(context.variant, self.of).value(cells, context)


class Together(NamedTuple):
    """Some measures that are summed together, for other formulas to make values of."""

    measures: tuple[str, ...]
    stats: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()

    def value(self, cells: Cells, context: Context) -> Value:
        """Return nothing: it is only a sum."""
        return Value(None)


def read_by(formula: "Formula", cells: Cells) -> dict[str, int]:
    """Return those of some cells that a formula reads, less zeros; a cell is named ``measure``, ``measure.…``, ``/…`` or ``@…``."""
    measures = formula.measures
    return {name: units for name, units in cells.items() if units and _measure(name) in measures}


@lru_cache(maxsize=65536)
def _measure(cell: str) -> str:
    return re.split(r"[@/.]", cell, maxsplit=1)[0]
