"""What is going to be won."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from tests.recounts.deals import deal_part, open_deals, worth
from tests.recounts.links import revenue_won
from tests.recounts.record import MS_NS, Part

if TYPE_CHECKING:
    from tests.oracle import Oracle


def grouped(
    it: Oracle,
    kpi_id: str,
    parts: list[Part],
    scope: str,
    by: list[str],
    where: list[tuple[str, str]],
    told: Callable[[list[Part]], dict[str, Any]],
) -> dict[str, Any]:
    """What is told of all parts of a scope that pass the filters, and of their groups."""
    parts = [part for part in parts if it.in_scope(part, scope)]
    for name, value in where:
        parts = [own for part in parts for label, own in it.split(kpi_id, part, name) if label == value]
    groups: dict[tuple[str, ...], list[Part]] = {(): parts}
    for name in by:
        finer: dict[tuple[str, ...], list[Part]] = {}
        for group, members in groups.items():
            for label, own in (pair for one in members for pair in it.split(kpi_id, one, name)):
                finer.setdefault((*group, label), []).append(own)
        groups = finer
    return told(parts) | ({"groups": {group: told(own) for group, own in groups.items()}} if by else {})


def revenue_forecast(
    it: Oracle, scope: str, from_ms: int, to_ms: int, by: list[str], where: list[tuple[str, str]]
) -> dict[str, Any]:
    parts = [*_expected(it, from_ms * MS_NS, to_ms * MS_NS)]
    return grouped(
        it, "revenue_forecast", parts, scope, by, where, lambda own: {"value": sum((p.top for p in own), Fraction(0))}
    )


def _expected(it: Oracle, from_ns: int, to_ns: int) -> Iterator[Part]:
    yield from (part for part in revenue_won(it) if from_ns <= part.at_ns < min(to_ns, it.now_ns))
    for deal in open_deals(it, it.now_ns - 1) if it.now_ns < to_ns else ():
        day, probability = deal.at("expected_close", it.now_ns - 1), it.probability(deal, it.now_ns - 1)
        if day is None or probability is None:
            continue
        end_ns = it.midnight_ns(date.fromisoformat(day) + timedelta(days=1)) - 1
        if from_ns <= end_ns < to_ns:
            part = worth(it, deal, max(it.now_ns, from_ns), it.now_ns - 1)
            part.top *= probability
            part.products = {name: (top * probability, missing) for name, (top, missing) in part.products.items()}
            dims = deal_part(it, deal, it.now_ns - 1)
            yield replace(part, user=dims.user, team=dims.team, dims=dims.dims)


TOLD: dict[str, Callable[..., dict[str, Any]]] = {"revenue_forecast": revenue_forecast}
MONEY: set[str] = {"revenue_forecast"}
