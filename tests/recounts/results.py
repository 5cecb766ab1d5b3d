"""What work brings in, recounted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from tests.recounts.links import revenue_won
from tests.recounts.record import Part, local

if TYPE_CHECKING:
    from tests.oracle import Oracle

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def on_the_clock(it: Oracle, part: Part, name: str) -> str:
    """The local weekday or hour of what counts."""
    at = local(part.at_ns, it.zone)
    return WEEKDAYS[at.weekday()] if name == "weekday" else f"{at.hour:02}"


def result_per_activity(
    it: Oracle, scope: str, from_ms: int, to_ms: int, by: list[str], where: list[tuple[str, str]]
) -> dict[str, Any]:
    """All revenue by the activities, those of a kind where that is asked for."""
    free = [name for name in by if name != "activity"]
    others = [(name, value) for name, value in where if name != "activity"]
    earned = it.kpi("revenue_won", scope, from_ms, to_ms, free, others)
    done = it.kpi("activities_completed", scope, from_ms, to_ms, by, where)

    def ratio(revenue: dict[str, Any] | None, count: dict[str, Any] | None) -> dict[str, Any]:
        acts = count["value"] if count else 0
        return {"value": Fraction(revenue["value"] if revenue else 0) / acts if acts else None}

    keys = done.get("groups", {}).keys()
    shared = earned.get("groups", {(): earned})
    groups = {
        key: ratio(
            shared.get(tuple(n for name, n in zip(by, key, strict=True) if name != "activity")), done["groups"][key]
        )
        for key in keys
    }
    return ratio(earned, done) | ({"groups": groups} if by else {})


FLOWS: dict[str, Callable[[Oracle], Iterator[Part]]] = {"sales_heatmap": revenue_won}
MONEY: set[str] = {"sales_heatmap"}
TOLD: dict[str, Callable[..., dict[str, Any]]] = {"result_per_activity": result_per_activity}
