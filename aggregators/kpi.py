"""What a KPI is: a row of the catalogue, which says what it means, what it may be asked by, and how it is computed."""

from typing import NamedTuple

from aggregators.formulas import Formula
from aggregators.unsummed import UNSUMMED, OfGoal
from aggregators.velocity import Velocity

CHOOSERS = ("touchpoint", "model")
"""Parameters that say which variant of a formula is meant, of KPIs where that has a name of its own."""


class Kpi(NamedTuple):
    """A KPI. ``unit`` is ``money`` for the organisation's currency, ``s`` for seconds; ``dimensions`` are space separated.

    ``due``: its moments are at instants that may be still to come, and count only once they are past, but for what is settled.
    """

    id: str
    area: str
    tier: str
    kind: str
    unit: str
    dimensions: str
    formula: Formula
    definition: str
    params: tuple[str, ...] = ()
    due: bool = False
    version: int = 1

    @property
    def gauge(self) -> bool:
        """Tell whether the KPI is asked as of an instant rather than over a window."""
        return self.kind.endswith("gauge") or isinstance(self.formula, OfGoal | Velocity)

    @property
    def counts(self) -> bool:
        """Tell whether the KPI is made of records; a place or a goal's course is made of another KPI."""
        return bool(self.formula.measures) and self.kind != "rank" and not isinstance(self.formula, UNSUMMED)

    @property
    def chooser(self) -> str:
        """Return the parameter that says which of the formula's variants is meant."""
        return next((name for name in CHOOSERS if name in self.params), "variant")

    @property
    def by(self) -> tuple[str, ...]:
        """Return the dimensions that it may be asked by."""
        return tuple(self.dimensions.split())
