"""KPIs of one's own: definitions as data, made into measures and KPIs that stand beside those of the catalogue.

A KPI of one's own counts the events of a type, or the moments of an anchor of the catalogue, that pass a filter: how many they
are, the sum of a fact, or how long they took. Or it is the ratio of two other KPIs.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from fractions import Fraction
from typing import Any

import msgspec

from aggregators.formulas import Count, Duration, Formula, Total
from aggregators.kpi import Kpi
from aggregators.measure import LEVELS, Measure
from aggregators.money import UNIT, Amount, amount
from aggregators.quotient import Quotient
from aggregators.story import Facts

TIER = "own"
AREA = "KPIs of one's own"
Condition = Any
"""A scalar that a fact equals, a list of those that it is one of, or a table of ``COMPARISONS``."""


class Definition(msgspec.Struct, omit_defaults=True, frozen=True):
    """A KPI of one's own as its file has it, less its tests."""

    id: str
    definition: str
    version: int = 1
    area: str = AREA
    unit: str = ""
    event: str = ""
    moment: str = ""
    where: dict[str, Condition] = {}
    sum: str = ""
    duration: str = ""
    dimensions: list[str] = []
    ratio: list[str] = []

    @property
    def anchor(self) -> str:
        """Return what is counted: an anchor of the catalogue, or a type of events with its prefix."""
        return self.moment or (self.event if self.event.startswith("crm.") else f"crm.{self.event}")

    @property
    def measure(self) -> str:
        """Return the name of its measure, of which each version has one of its own."""
        return f"{self.id}~{self.version}"


def _is_number(fact: Any) -> bool:
    return isinstance(fact, int | float) and not isinstance(fact, bool)


def _comparable(fact: Any, limit: Any) -> bool:
    return (_is_number(fact) and _is_number(limit)) or (isinstance(fact, str) and isinstance(limit, str))


def _equal(fact: Any, value: Any) -> bool:
    values = value if isinstance(value, list) else [value]
    return any(fact == one and isinstance(fact, bool) == isinstance(one, bool) for one in values)


COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "is": _equal,
    "not": lambda fact, value: not _equal(fact, value),
    "at_least": lambda fact, limit: _comparable(fact, limit) and fact >= limit,
    "below": lambda fact, limit: _comparable(fact, limit) and fact < limit,
    "known": lambda fact, value: (fact is not None) == value,
}
"""What a condition may say of a fact; of several all have to hold."""


def passes(facts: Facts, where: Mapping[str, Condition]) -> bool:
    """Tell whether all conditions hold."""
    for name, condition in where.items():
        fact, said = facts.get(name), condition if isinstance(condition, dict) else {"is": condition}
        if not all(COMPARISONS[how](fact, value) for how, value in said.items()):
            return False
    return True


def measures(one: Definition) -> list[Measure]:
    """Return the measures that a KPI of one's own adds; a ratio adds none."""
    if one.ratio:
        return []
    names = [*one.where, *filter(None, (one.sum, one.duration))]
    reads = " ".join(dict.fromkeys(names))

    def counted(facts: Facts) -> int:
        return int(passes(facts, one.where))

    def added(facts: Facts) -> Amount | None:
        return _amount(facts.get(one.sum)) if passes(facts, one.where) else None

    def took(facts: Facts) -> int | None:
        fact = facts.get(one.duration)
        return fact if isinstance(fact, int) and fact >= 0 and passes(facts, one.where) else None

    anchors = (one.anchor,)
    if one.duration:
        return [Measure(one.measure, anchors, "duration", reads, took)]
    if one.sum:
        total = Measure(one.measure, anchors, "money", reads, added)
        return [total, Measure(f"{one.measure}~n", anchors, "count", reads, counted)]
    return [Measure(one.measure, anchors, "count", reads, counted)]


def _amount(fact: Any) -> Amount | None:
    """A sum adds money in its currency, or a plain number, which has none."""
    if isinstance(fact, Amount):
        return fact
    if isinstance(fact, Mapping) and "amount" in fact:
        return amount(fact)
    return Amount(round(Fraction(str(fact)) * UNIT), "") if _is_number(fact) else None


def kpi(one: Definition, known: Mapping[str, Kpi], ahead: Collection[str]) -> Kpi:
    """Return the KPI of a definition.

    ``known`` are those that a ratio may be one of, ``ahead`` the anchors whose moments may be still to come.
    """
    by, level, due = " ".join(one.dimensions), one.anchor in LEVELS, one.anchor in ahead
    params: tuple[str, ...] = ()
    formula: Formula
    if one.ratio:
        over, under = (known[name] for name in one.ratio)
        formula, kind, unit = Quotient(over.formula, under.formula), "ratio", one.unit or "ratio"
        due = over.due or under.due
    elif one.duration:
        formula, kind, unit, params = Duration(one.measure), "duration", "s", ("stat",)
    elif one.sum:
        formula, kind, unit = Total(one.measure, f"{one.measure}~n"), "gauge" if level else "sum", one.unit or "money"
    else:
        formula, kind, unit = Count(one.measure), "gauge" if level else "count", one.unit or "records"
    return Kpi(one.id, one.area, TIER, kind, unit, by, formula, one.definition, params, due, one.version)


def packed(definitions: Sequence[Definition]) -> bytes:
    """Return definitions in one form, by which equal ones are told from others."""
    return msgspec.json.encode(sorted(definitions, key=lambda one: one.id), order="deterministic")
