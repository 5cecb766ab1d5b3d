"""Formulas of KPIs that speak of another KPI and are no sums of measures: what they are is known where that one is asked."""

from fractions import Fraction
from typing import NamedTuple

from aggregators.formulas import Formula
from aggregators.values import Cells, Context, Value


class Unsummed(NamedTuple):
    """What the sum of cells says nothing of; the measures that it reads, if any, are told apart from each other."""

    measures: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    stats: tuple[str, ...] = ()

    def value(self, cells: Cells, context: Context) -> Value:
        """Return nothing."""
        return Value(None)


class Growth(Unsummed):
    """How another KPI, which the question names, has changed since the window before, or the same a year ago."""


class Seasonality(Unsummed):
    """How another KPI, which the question names, compares with what is usual at this time of the year, or of the week."""


class Ranked(Unsummed):
    """A place among peers by another KPI, which the question names."""


class Bottlenecks(Unsummed):
    """Where stages stand among each other by how many of the deals that entered them went no further.

    The measures are those of deals that entered, of those that went on, and of their time in the stage.
    """


class GoalsMet(Unsummed):
    """The share of goals that were reached."""


class Adoption(Unsummed):
    """The users for whom all the measures counted, of those who might."""


class OfGoal(NamedTuple):
    """How a goal stands by another KPI, which the goal names: its ``progress``, ``attainment``, ``pace`` or ``projection``."""

    told: str
    variants: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    stats: tuple[str, ...] = ()

    def value(self, cells: Cells, context: Context) -> Value:
        """Return nothing: what a goal is measured by is not known here."""
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
