"""Formulas of KPIs that speak of another KPI and are no sums of measures: what they are is known where that one is asked."""

from fractions import Fraction
from typing import NamedTuple

from aggregators.formulas import Formula
from aggregators.values import Cells, Context, Value


class Growth(NamedTuple):
    """How another KPI, which the question names, has changed since the window before, or the same a year ago."""

    measures: tuple[str, ...] = ()
    stats: tuple[str, ...] = ()
    variants: tuple[str, ...] = ("previous", "last_year")

    def value(self, cells: Cells, context: Context) -> Value:
        """Return nothing: growth is not a sum."""
        return Value(None)


class Seasonality(NamedTuple):
    """How another KPI, which the question names, compares with what is usual at this time of the year, or of the week."""

    measures: tuple[str, ...] = ()
    stats: tuple[str, ...] = ()
    variants: tuple[str, ...] = ("year", "week")

    def value(self, cells: Cells, context: Context) -> Value:
        """Return nothing: an index is not a sum."""
        return Value(None)


class Ranked(NamedTuple):
    """A place among peers by another KPI, which the question names."""

    measures: tuple[str, ...] = ()
    stats: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()

    def value(self, cells: Cells, context: Context) -> Value:
        """Return nothing: a rank is not a sum."""
        return Value(None)


class Bottlenecks(NamedTuple):
    """Where stages stand among each other by how many of the deals that entered them went no further."""

    entered: str
    converted: str
    took: str
    stats: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[str, ...]:
        """Return the measures read."""
        return self.entered, self.converted, self.took

    def value(self, cells: Cells, context: Context) -> Value:
        """Return nothing: a place is not a sum."""
        return Value(None)


class OfGoal(NamedTuple):
    """How a goal stands by another KPI, which the goal names: its ``progress``, ``attainment`` or ``pace``."""

    told: str
    measures: tuple[str, ...] = ()
    stats: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()

    def value(self, cells: Cells, context: Context) -> Value:
        """Return nothing: what a goal is measured by is not known here."""
        return Value(None)


class GoalsMet(NamedTuple):
    """The share of goals that were reached."""

    measures: tuple[str, ...] = ()
    stats: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()

    def value(self, cells: Cells, context: Context) -> Value:
        """Return nothing: goals are no sum."""
        return Value(None)


class Adoption(NamedTuple):
    """The users for whom all the measures counted, of those who might."""

    measures: tuple[str, ...]
    stats: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()

    def value(self, cells: Cells, context: Context) -> Value:
        """Return nothing: users are told one by one."""
        return Value(None)


class Sign(NamedTuple):
    """One KPI by which peers are compared; ``lower`` where less is better."""

    kpi: str
    formula: Formula
    lower: bool = False
    stat: str = ""

    def better(self, value: Fraction) -> Fraction:
        """Return a number that is higher the better a value is."""
        return -value if self.lower else value


class Compared(NamedTuple):
    """How somebody stands among peers by several KPIs."""

    signs: tuple[Sign, ...]
    stats: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[str, ...]:
        """Return the measures read."""
        return tuple(dict.fromkeys(name for sign in self.signs for name in sign.formula.measures))

    def value(self, cells: Cells, context: Context) -> Value:
        """Return nothing: it takes the peers to tell."""
        return Value(None)


class Score(Compared):
    """A weighted mean of how many standard deviations somebody is better than the mean of the peers."""


class Training(Compared):
    """The users who are below the 25th percentile of the peers in at least ``LOW`` of the KPIs."""


LOW = 3
UNSUMMED = Growth | Seasonality | Adoption | Score | Training
"""What gives no value of a sum, and so has neither records of its own nor goals."""
