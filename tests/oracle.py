"""A second opinion: the KPIs of a list of plain events, straight from the definitions and as slowly as it takes.

It shares no code with the product. Every number is recounted from all events for every question.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from tests import recounts
from tests.recounts import contacts, results
from tests.recounts.people import contacts_total
from tests.recounts.record import MS_NS, NONE, Group, Part, label
from tests.recounts.told import Told, created

AREAS = [import_module(f"{recounts.__name__}.{found.name}") for found in iter_modules(recounts.__path__)]


def joined(table: str) -> dict[str, Any]:
    """Return a table of all areas; of a set its members are the keys."""
    found: dict[str, Any] = {}
    for area in AREAS:
        of = getattr(area, table, {})
        found |= of if isinstance(of, dict) else dict.fromkeys(of)
    return found


FLOWS: dict[str, Callable[[Told], Iterator[Part]]] = joined("FLOWS")
GAUGES: dict[str, Callable[[Told, int], Iterator[Part]]] = joined("GAUGES")
TOLD: dict[str, Callable[..., dict[str, Any]]] = joined("TOLD")
SUMS: dict[str, Callable[[Told, list[Part]], dict[str, Any]]] = joined("SUMS")
DURATIONS, RATIOS, SHARES, MONEY = map(joined, ("DURATIONS", "RATIOS", "SHARES", "MONEY"))
RECOUNTED = {*FLOWS, *GAUGES, *TOLD, "pipeline_velocity", "contact_growth_rate"}
"""All KPIs that there is a second opinion on."""


class Oracle(Told):
    """Answers of one organisation."""

    def kpi(
        self,
        kpi_id: str,
        scope: str,
        from_ms: int,
        to_ms: int,
        by: str | Sequence[str] | None = None,
        where: Iterable[tuple[str, str]] = (),
        hours: str = "",
    ) -> dict[str, Any]:
        """`value`, `numerator`, `denominator` (exact), with `by` also `groups` by tuple of labels.

        Money is in whole units of the organisation's currency, durations in seconds. A count has no denominator.
        A duration has `mean`, `count` and the exact `p50` (its value), a sum of money `fx_missing`.
        """
        if kpi_id == "pipeline_velocity":
            return self.velocity(scope, to_ms, by, where)
        self.hours = hours
        self.from_ms, self.to_ms = from_ms, to_ms
        if told := TOLD.get(kpi_id):
            by = [by] if isinstance(by, str) else [*(by or ())]
            return told(self, scope, from_ms, to_ms, by, [*where])
        from_ns, to_ns = from_ms * MS_NS, to_ms * MS_NS
        if kpi_id == "contact_growth_rate":
            parts = [replace(p, bottom=0) for p in created(self, "contact") if from_ns <= p.at_ns < to_ns]
            parts += [replace(p, top=Fraction(0)) for p in contacts_total(self, from_ns - 1)]
        elif kpi_id in GAUGES:
            parts = list(GAUGES[kpi_id](self, to_ns - 1))
        else:
            parts = [part for part in FLOWS[kpi_id](self) if from_ns <= part.at_ns < to_ns]
        parts = [part for part in parts if self.in_scope(part, scope)]
        chosen: list[tuple[str, str]] = []
        if kpi_id in SHARES:
            by = by or SHARES[kpi_id]
            where = list(where)
            chosen = [pair for pair in where if pair[0] == SHARES[kpi_id]]
            where = [pair for pair in where if pair not in chosen]
        for name, value in where:
            parts = [own for part in parts for found, own in self.split(kpi_id, part, name) if found == value]
        whole = len(parts)
        for name, value in chosen:
            parts = [it for part in parts for found, it in self.split(kpi_id, part, name) if found == value]
        groups: dict[Group, list[Part]] = {(): parts}
        for name in (by,) if isinstance(by, str) else by or ():
            finer: dict[Group, list[Part]] = defaultdict(list)
            for group, members in groups.items():
                for value, own in (pair for part in members for pair in self.split(kpi_id, part, name)):
                    finer[*group, value].append(own)
            groups = finer
        if kpi_id in SHARES:
            return shares(whole, groups)
        answer = self.summed(kpi_id, parts)
        return answer | ({"groups": {group: self.summed(kpi_id, own) for group, own in groups.items()}} if by else {})

    def summed(self, kpi_id: str, parts: list[Part]) -> dict[str, Any]:
        return SUMS[kpi_id](self, parts) if kpi_id in SUMS else summary(kpi_id, parts)

    def velocity(
        self, scope: str, to_ms: int, by: str | Sequence[str] | None, where: Iterable[tuple[str, str]]
    ) -> dict[str, Any]:
        """Open deals times win rate times mean deal over mean cycle in days, of 90 days."""
        names = ("deals_open", "win_rate", "avg_deal_size", "sales_cycle_length")
        told = [self.kpi(name, scope, to_ms - 90 * 86_400_000, to_ms, by, [*where]) for name in names]

        def speed(answers: list[dict[str, Any]]) -> dict[str, Any]:
            count: Any
            rate: Any
            size: Any
            cycle: Any
            count, rate, size, cycle = (
                it.get("mean") if name == "sales_cycle_length" else it.get("value")
                for name, it in zip(names, answers, strict=True)
            )
            known = rate is not None and size is not None and cycle
            return {"value": (count or 0) * rate * size / cycle * 86_400 if known else None}

        keys = {key for it in told for key in it.get("groups", {})}
        groups = {key: speed([it["groups"].get(key, {}) for it in told]) for key in keys}
        return speed(told) | ({"groups": groups} if by else {})

    def split(self, kpi_id: str, part: Part, name: str) -> list[tuple[str, Part]]:
        """The values that the part has in a dimension, each with what counts there: a deal once for each product."""
        if name == "product":
            if kpi_id not in MONEY or not part.products:
                return [(product, part) for product in part.products or (NONE,)]
            return [
                (product, replace(part, top=top, missing_rate=missing, products={product: (top, missing)}))
                for product, (top, missing) in part.products.items()
            ]
        if name == "activity" and part.by_activity:
            return [(one, replace(part, top=top, by_activity={one: top})) for one, top in part.by_activity.items()]
        if name in ("weekday", "hour"):
            return [(results.on_the_clock(self, part, name), part)]
        if name == "user":
            return [(label(part.user), part)]
        if name == "team":
            return [(team, part) for team in self.teams(part) or (NONE,)]
        if name == "segment":
            return [(segment, part) for segment in contacts.segments(self, part.dims["(subject)"]) or (NONE,)]
        return [(part.dims.get(name, NONE), part)]


def shares(whole: int, groups: Mapping[Group, list[Part]]) -> dict[str, Any]:
    """Each group's share of all."""
    told = {
        group: {"value": Fraction(len(own), whole), "numerator": len(own), "denominator": whole}
        for group, own in groups.items()
    }
    return {"value": None, "numerator": None, "denominator": whole, "groups": told}


def summary(kpi_id: str, parts: list[Part]) -> dict[str, Any]:
    top, bottom = sum((part.top for part in parts), Fraction(0)), sum(part.bottom for part in parts)
    if kpi_id in DURATIONS:
        values = sorted(part.top for part in parts)
        p50 = values[(len(values) - 1) // 2] if values else None
        mean = top / len(values) if values else None
        return {
            "value": p50,
            "numerator": top,
            "denominator": len(values),
            "p50": p50,
            "mean": mean,
            "count": len(values),
        }
    if kpi_id in RATIOS:
        answer = {"value": top / bottom if bottom else None, "numerator": top, "denominator": bottom}
    else:
        answer = {"value": top, "numerator": top, "denominator": None}
    if kpi_id in MONEY:
        answer["fx_missing"] = sum(part.missing_rate for part in parts)
    return answer
