"""How a KPI compares with what is usual at this time of the year, or of the week."""

from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction
from itertools import chain
from typing import Any

from aggregators.calendar import Calendar
from aggregators.values import Number, Value
from aggregators.windows import Window
from api.query.answer import context_of, form, grouped, tell_sums
from api.query.cells import reach_of_months
from api.query.errors import ImpossibleError, Mistake
from api.query.question import LARGEST, Question
from api.query.tables import Directory, Tables

WEEKS, LONGEST_WEEK = 52, timedelta(weeks=1, hours=3)
"""How far back a week is compared, and how long one may be with its clock changes."""
LEAST = 2
"""So many cycles make something usual."""


async def tell_seasonality(
    asked: Question, tables: Tables, directory: Directory, windows: Sequence[Window]
) -> list[dict[str, Any]]:
    """Return the index of each window, with that of its groups where any are asked for."""
    if asked.variant == "week" and any(timedelta(milliseconds=w.to_ms - w.from_ms) > LONGEST_WEEK for w in windows):
        raise ImpossibleError(
            Mistake("variant", "week is of windows of at most 7 days; take a shorter one, or `every`")
        )
    windows = [window._replace(to_ms=max(window.from_ms, min(window.to_ms, asked.now_ms))) for window in windows]
    earlier = [_earlier(asked, window, directory) for window in windows]
    whole = asked._replace(kpi=asked.counted, of=None, variant="", compare="", limit=LARGEST, cursor=0)
    told = iter(await tell_sums(whole, tables, directory, [*windows, *(w for past in earlier for w in past)]))
    now = [next(told) for _ in windows]
    past = [[next(told) for _ in of_window] for of_window in earlier]
    return [_told(asked, directory, one, usual) for one, usual in zip(now, past, strict=True)]


def _earlier(asked: Question, window: Window, directory: Directory) -> list[Window]:
    """The same window in the cycles before, as far back as anything is known."""
    calendar, found = asked.periods.calendar, list[Window]()
    first_ms, _ = reach_of_months(calendar, directory.months)
    while True:
        back = asked.periods.year_before(found[-1] if found else window)
        if asked.variant == "week":
            weeks = len(found) + 1
            back = Window(_before(window.from_ms, weeks, calendar), _before(window.to_ms, weeks, calendar))
        if back.from_ms < first_ms or (asked.variant == "week" and len(found) == WEEKS):
            return found
        found.append(back)


def _before(at_ms: int, weeks: int, calendar: Calendar) -> int:
    local = calendar.local(at_ms).replace(tzinfo=None, fold=0) - timedelta(weeks=weeks)
    return int(local.replace(tzinfo=calendar.zone).timestamp() * 1000) + at_ms % 1000


def _told(asked: Question, directory: Directory, now: dict[str, Any], past: Sequence[dict[str, Any]]) -> dict[str, Any]:
    told = form(_index(now["value"], [one["value"] for one in past]))
    if asked.by:
        nothing = asked.counted.formula.value({}, context_of(directory.org, asked.now_ms, asked.stat)).value
        each = [{tuple(group["key"].values()): group["value"] for group in one["groups"]} for one in (now, *past)]
        values = {key: [of.get(key, nothing) for of in each] for key in dict.fromkeys(chain(*each))}
        told |= grouped(asked, {key: form(_index(one, usual)) for key, (one, *usual) in values.items()})
    return told


def _index(now: Number | None, past: Sequence[Number | None]) -> Value:
    known = [Fraction(value) for value in past if value is not None]
    usual = sum(known, Fraction(0)) / len(known) if len(known) >= LEAST else None
    value = Fraction(now) / usual if now is not None and usual else None
    return Value(value, None if now is None else Fraction(now), usual, len(known))
