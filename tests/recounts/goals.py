"""Where goals are going to land, recounted from what came of their periods before."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.recounts.forecasts import band
from tests.recounts.record import MS_NS

if TYPE_CHECKING:
    from tests.oracle import Oracle

LEVELS = {"win_rate"}


class Aim(NamedTuple):
    """A goal without filters, told by the clock."""

    kpi: str
    assignee: str
    period: str


def projection(it: Oracle, aim: Aim, now_ms: int) -> dict[str, Any]:
    """The value at the period's end, and its band; of one that has just begun nothing is known but a level."""
    first, end = period(it, aim.period, it.day(now_ms * MS_NS))
    settled, lands = landing(it, aim, first, end, now_ms)
    if settled is None or lands is None:
        return {"value": lands, **dict.fromkeys(("p10", "p50", "p90"))}
    past = []
    for start, over, at_ms in before(it, aim.period, first, end, now_ms):
        (then, landed), whole = landing(it, aim, start, over, at_ms), value(it, aim, start, over)
        if then is not None and landed is not None and whole is not None:
            past.append((landed - then, whole - then))
    return {"value": lands, **band(settled, lands - settled, past)}


def landing(it: Oracle, aim: Aim, first: int, end: int, now_ms: int) -> tuple[Fraction | None, Fraction | None]:
    """What is settled by an instant, and where it lands if it goes on like that; nothing of a level is settled."""
    progress = value(it, aim, first, now_ms)
    if aim.kpi in LEVELS:
        return Fraction(0), progress
    return progress, None if progress is None or now_ms == first else progress * Fraction(end - first, now_ms - first)


def value(it: Oracle, aim: Aim, from_ms: int, to_ms: int) -> Fraction | None:
    it.now_ns = to_ms * MS_NS
    found: Fraction | None = it.kpi(aim.kpi, aim.assignee, from_ms, to_ms)["value"]
    return found


def before(it: Oracle, unit: str, first: int, end: int, now_ms: int) -> list[tuple[int, int, int]]:
    """The 8 periods before one: from, to, and the instant at the same share of each."""
    found, at = [], first
    for _ in range(8):
        start, over = period(it, unit, it.day(at * MS_NS) - timedelta(days=1))
        found.append((start, over, start + (now_ms - first) * (over - start) // (end - first)))
        at = start
    return found


def period(it: Oracle, unit: str, day: date) -> tuple[int, int]:
    """The week from Monday, or the month, that holds a day, in ms."""
    if unit == "month":
        first = day.replace(day=1)
        end = (first + timedelta(days=31)).replace(day=1)
    else:
        first = day - timedelta(days=day.weekday())
        end = first + timedelta(days=7)
    return it.midnight_ns(first) // MS_NS, it.midnight_ns(end) // MS_NS
