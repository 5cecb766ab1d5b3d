"""What is going to be won."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from math import ceil, floor
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
    def told(parts: Iterable[Part], by: list[str]) -> dict[str, Any]:
        return grouped(it, "revenue_forecast", [*parts], scope, by, where, lambda own: {"value": total(own)})

    now_ms, sold = it.now_ns // MS_NS, [*revenue_won(it)]
    won, due = told(between(sold, from_ms, min(to_ms, now_ms)), by), told(expected(it, from_ms, to_ms, now_ms), by)
    past = [
        (told(expected(it, start, end, at_ms), [])["value"], told(between(sold, at_ms, end), [])["value"])
        for start, end, at_ms in earlier(it, from_ms, to_ms, now_ms)
    ]
    parts = {"won": won["value"], "weighted": due["value"], **band(won["value"], due["value"], past)}
    nothing: dict[str, Any] = {"value": Fraction(0)}
    of = [one.get("groups", {}) for one in (won, due)]
    groups = {key: {"value": sum(one.get(key, nothing)["value"] for one in of)} for key in of[0].keys() | of[1].keys()}
    return {"value": won["value"] + due["value"], "parts": parts, **({"groups": groups} if by else {})}


def total(parts: list[Part]) -> Fraction:
    return sum((part.top for part in parts), Fraction(0))


def between(parts: list[Part], from_ms: int, to_ms: int) -> list[Part]:
    return [part for part in parts if from_ms <= part.at_ns // MS_NS < to_ms]


def expected(it: Oracle, from_ms: int, to_ms: int, now_ms: int) -> Iterator[Part]:
    """What was then expected of deals that were open then."""
    now_ns, from_ns, to_ns = (ms * MS_NS for ms in (now_ms, from_ms, to_ms))
    for deal in open_deals(it, now_ns - 1) if now_ns < to_ns else ():
        day, probability = deal.at("expected_close", now_ns - 1), it.probability(deal, now_ns - 1)
        if day is None or probability is None:
            continue
        end_ns = it.midnight_ns(date.fromisoformat(day) + timedelta(days=1)) - 1
        if from_ns <= end_ns < to_ns:
            part = worth(it, deal, max(now_ns, from_ns), now_ns - 1)
            part.top *= probability
            part.products = {name: (top * probability, missing) for name, (top, missing) in part.products.items()}
            dims = deal_part(it, deal, now_ns - 1)
            yield replace(part, user=dims.user, team=dims.team, dims=dims.dims)


def earlier(it: Oracle, from_ms: int, to_ms: int, now_ms: int) -> Iterator[tuple[int, int, int]]:
    """Those of the 8 windows before one that are over, where it is not: from, to, and the instant at the same share."""
    if to_ms <= max(now_ms, from_ms):
        return
    gone_ms, length_ms = max(0, now_ms - from_ms), to_ms - from_ms
    for _ in range(8):
        from_ms, to_ms = before(it, from_ms, to_ms)
        if from_ms < 0:
            return
        if to_ms <= now_ms:
            yield from_ms, to_ms, from_ms + gone_ms * (to_ms - from_ms) // length_ms


def before(it: Oracle, from_ms: int, to_ms: int) -> tuple[int, int]:
    """As many local days before a window of whole days, else as long a time."""
    first, end = (it.day(at_ms * MS_NS) for at_ms in (from_ms, to_ms))
    whole = all(it.midnight_ns(it.day(at_ms * MS_NS)) == at_ms * MS_NS for at_ms in (from_ms, to_ms))
    return (it.midnight_ns(first - (end - first)) // MS_NS if whole else 2 * from_ms - to_ms), from_ms


def band(settled: Fraction, open_: Fraction, past: list[tuple[Fraction, Fraction]]) -> dict[str, Any]:
    """Where it lands if what is open comes as often as in the 1st, 5th and 9th decile of the past."""
    times = sorted(became / then for then, became in past if then)
    names = ("p10", "p50", "p90")
    if not open_:
        lands: list[Fraction | None] = [settled] * 3
    elif len(times) < 4:
        lands = [None] * 3
    else:
        lands = [*sorted(settled + open_ * quantile(times, Fraction(tenth, 10)) for tenth in (1, 5, 9))]
    return {**dict(zip(names, lands, strict=True)), "periods": len(times)}


def quantile(ranked: list[Fraction], share: Fraction) -> Fraction:
    """Between the two values that are nearest by their distance."""
    at = (len(ranked) - 1) * share
    low, high = ranked[floor(at)], ranked[ceil(at)]
    return low + (high - low) * (at - floor(at))


TOLD: dict[str, Callable[..., dict[str, Any]]] = {"revenue_forecast": revenue_forecast}
MONEY: set[str] = {"revenue_forecast"}
