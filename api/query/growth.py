"""How a KPI has changed since the window before, or the same a year earlier."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from aggregators.values import Number
from aggregators.windows import Window
from api.query.answer import before, paged, tell_sums
from api.query.question import LARGEST, Question
from api.query.tables import Directory, Tables


async def tell_growth(
    asked: Question, tables: Tables, directory: Directory, windows: Sequence[Window]
) -> list[dict[str, Any]]:
    """Return the growth of each window, with that of its groups where any are asked for."""
    compared = [before(asked, window, asked.variant or "previous") for window in windows]
    whole = asked._replace(kpi=asked.counted, of=None, variant="", compare="previous", limit=LARGEST, cursor=0)
    told = await tell_sums(whole, tables, directory, [*windows, *compared])
    return [_grown(asked, now, then) for now, then in zip(told[: len(windows)], told[len(windows) :], strict=True)]


def _grown(asked: Question, now: dict[str, Any], then: dict[str, Any]) -> dict[str, Any]:
    found = _growth(now, then)
    if asked.by:
        were = {tuple(group["key"].items()): group for group in then["groups"]}
        found |= paged(asked, [{"key": g["key"], **_growth(g, were[tuple(g["key"].items())])} for g in now["groups"]])
    return found


def _growth(now: dict[str, Any], then: dict[str, Any]) -> dict[str, Any]:
    value, was = _exact(now["value"]), _exact(then["value"])
    grown = None if value is None or not was else (value - was) / abs(was)
    change = None if value is None or was is None else value - was
    return {"value": grown, "numerator": change, "denominator": was, "n": now["n"]}


def _exact(value: Number | None) -> Fraction | None:
    return None if value is None else Fraction(value)
