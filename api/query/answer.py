"""The answer to a question about a KPI: its value, groups, series and comparison."""

import functools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeVar

from aggregators.formulas import Share
from aggregators.goals import quotient
from aggregators.kpi import Kpi
from aggregators.money import PROBABILITY
from aggregators.org import Org
from aggregators.tables import Row, unescaped
from aggregators.values import Context, Number, Value
from aggregators.waiting import OLDEST
from aggregators.windows import Window, named, text, utc_text
from api.query.cells import reach_of_months
from api.query.distinct import Sums
from api.query.errors import ImpossibleError, Mistake
from api.query.question import Question
from api.query.scan import Key
from api.query.selection import NONE
from api.query.sums import Summing
from api.query.tables import Directory, Tables

T = TypeVar("T")
MOST_BUCKETS = 10_000

Tell = Callable[[Question, Tables, Directory, Sequence[Window]], Awaitable[list[dict[str, Any]]]]
"""Gives the value of each window, with its groups where any are asked for."""


async def answer(asked: Question, tables: Tables, directory: Directory, tell: Tell | None = None) -> dict[str, Any]:
    """Return the answer as the contract forms it; ``tell`` gives the values where they are no sums of records."""
    kpi = asked.kpi
    main = gauged(asked, [asked.window])[0]
    buckets = gauged(asked, _series(asked, directory)) if asked.every else []
    compared = gauged(asked, [before(asked, w, asked.compare) for w in [main, *buckets]]) if asked.compare else []
    windows = [main, *buckets, *compared]
    told = await (tell or tell_sums)(asked, tables, directory, windows)
    result: dict[str, Any] = {
        "kpi": kpi.id,
        "version": kpi.version,
        "unit": unit(kpi, directory.org, asked),
        "scope": asked.scope,
        **times(asked.window, asked),
        **told[0],
    }
    if asked.every:
        series = told[1 : 1 + len(buckets)]
        result["series"] = [times(w, asked) | one for w, one in zip(_series(asked, directory), series, strict=True)]
    if asked.compare:
        _compare([result, *result.get("series", [])], told[1 + len(buckets) :])
    result["as_of"] = as_of(asked)
    return result


async def tell_sums(
    asked: Question, tables: Tables, directory: Directory, windows: Sequence[Window]
) -> list[dict[str, Any]]:
    """Return the value of each window, with its groups where any are asked for; of a gauge as of the window's end."""
    formula = asked.kpi.formula
    if isinstance(formula, Share) and not asked.by:
        asked = asked._replace(by=(formula.dimension,))
    sums = await Summing(asked, tables, directory).over(windows)
    sums = _together(sums) if asked.compare else sums
    wholes = await totals(asked, tables, directory, windows)
    return [
        _told(asked, directory.org, window, found, total)
        for window, found, total in zip(windows, sums, wholes, strict=True)
    ]


def as_of(asked: Question) -> str:
    """Return the instant that an answer holds for, in UTC: a gauge's, else now or the end of the window before it."""
    return utc_text(asked.at_ms if asked.counted.gauge else min(asked.now_ms, asked.window.to_ms))


def unit(kpi: Kpi, org: Org, asked: Question) -> str:
    """Return the unit of an answer: money is the organisation's currency, also where it is one of two units asked for."""
    if asked.stat == "count" and kpi.unit == "s":
        return "records"
    if asked.stat == "sum" and "money" in kpi.unit:
        return org.currency
    if asked.stat == OLDEST:
        return "s"
    return kpi.unit.split(",")[0].replace("money", org.currency).replace("s/day", "s")


def gauged(asked: Question, windows: Sequence[Window]) -> list[Window]:
    """Return windows; a gauge's end now, where they would end later and the end was not said."""
    if not asked.counted.gauge:
        return list(windows)
    latest = asked.at_ms if asked.at_ms < asked.window.to_ms else None
    return [w if latest is None else w._replace(to_ms=min(w.to_ms, latest)) for w in windows]


def _series(asked: Question, directory: Directory) -> list[Window]:
    """The buckets of a series; where the window has no beginning or end, those of the months that have any data."""
    ever, window = named("all", asked.periods, asked.now_ms), asked.window
    first_ms, last_ms = reach_of_months(directory.org.calendar, directory.months)
    if window.from_ms <= ever.from_ms:
        window = window._replace(from_ms=first_ms)
    if window.to_ms >= ever.to_ms:
        window = window._replace(to_ms=max(last_ms, asked.at_ms) if asked.kpi.gauge else last_ms)
    shortest_ms = {"hour": 1_800_000, "day": 82_800_000}.get(asked.every, 500_000_000)
    if (window.to_ms - window.from_ms) // shortest_ms > MOST_BUCKETS:
        raise ImpossibleError(
            Mistake("every", f"makes more than {MOST_BUCKETS} {asked.every}s of the window; take a shorter one")
        )
    return asked.periods.series(asked.every, window)


def before(asked: Question, window: Window, which: str) -> Window:
    """Return the window before (``previous``), or the same a year earlier (``last_year``)."""
    return asked.periods.previous(window) if which == "previous" else asked.periods.year_before(window)


def _together(sums: Sequence[Sums]) -> list[Sums]:
    """Give each window of the first half and the one of the second half that it is compared with the same groups."""
    half = len(sums) // 2
    keys = [{**one.groups, **other.groups} for one, other in zip(sums[:half], sums[half:], strict=True)]
    return [
        found._replace(groups={key: found.groups.get(key, {}) for key in of})
        for found, of in zip(sums, [*keys, *keys], strict=True)
    ]


async def totals(asked: Question, tables: Tables, directory: Directory, windows: Sequence[Window]) -> list[Row | None]:
    """Return what a share is a share of: the same without its dimension."""
    formula = asked.counted.formula
    if not isinstance(formula, Share):
        return [None for _ in windows]
    where = tuple((name, value) for name, value in asked.where if name != formula.dimension)
    everything = asked._replace(by=(), where=where)
    return [sums.whole for sums in await Summing(everything, tables, directory).over(windows)]


def _told(asked: Question, org: Org, window: Window, sums: Sums, total: Row | None) -> dict[str, Any]:
    context = context_for(asked, org, window)
    told = form(value(asked, context, sums.whole, total))
    if asked.by:
        told |= grouped(asked, {key: form(value(asked, context, row, total)) for key, row in sums.groups.items()})
    return told


def grouped(asked: Question, told: Mapping[Key, dict[str, Any]]) -> dict[str, Any]:
    """Return the page of groups that is asked for, by key, and the cursor of the next."""
    return paged(asked, [{"key": dict(zip(asked.by, key, strict=True)), **one} for key, one in ordered(told)])


def paged(asked: Question, groups: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the page of groups that is asked for, and the cursor of the next."""
    end = asked.cursor + asked.limit
    more = {"cursor": str(end)} if len(groups) > end else {}
    return {"groups": groups[asked.cursor : end], **more}


def ordered(groups: Mapping[Key, T]) -> list[tuple[Key, T]]:
    """Return groups by key, what has none last."""
    return sorted(groups.items(), key=lambda pair: tuple((name == NONE, name) for name in pair[0]))


def value(asked: Question, context: Context, row: Row, total: Row | None = None) -> Value:
    """Return a KPI's value of a sum."""
    formula = asked.counted.formula
    found = formula.value(row, context)
    if total is None:
        return found
    whole = formula.value(total, context).value or 0
    part = found.value or 0
    return found._replace(value=Fraction(part) / Fraction(whole) if whole else None, numerator=part, denominator=whole)


def context_for(asked: Question, org: Org, window: Window) -> Context:
    """Return what the formula of a question asks of an organisation, for all values of a window."""
    told = context_of(org, window.to_ms, asked.stat, asked.variant, asked.hours)
    return told._replace(from_ms=window.from_ms, until_ms=min(window.to_ms, asked.now_ms))


def context_of(org: Org, at_ms: int, stat: str = "", variant: str = "", hours: str = "") -> Context:
    """Return what formulas ask of an organisation: its exchange rates, for levels those of ``at_ms``, and probabilities."""
    day_asked = org.calendar.bucket(max(0, at_ms - 1)).day

    @functools.cache
    def rate(currency: str, day: str) -> Fraction | None:
        day = day or day_asked
        limit = f"{day[:4]}-{day[4:6]}-{day[6:]}"
        known = {s: e["rate"] for s, e in org.entries.items() if s.startswith(f"fx/{currency}/") and "rate" in e}
        dates = [s.rpartition("/")[2] for s in known if s.rpartition("/")[2] <= limit]
        return Fraction(known[f"fx/{currency}/{max(dates)}"]) if dates else None

    @functools.cache
    def probability(pipeline: str, stage: str) -> Fraction | None:
        stages = org.entries.get(f"pipeline/{unescaped(pipeline)}", {}).get("stages") or []
        found = [s.get("probability") for s in stages if s.get("id") == unescaped(stage)]
        return Fraction(round(found[0] * PROBABILITY), PROBABILITY) if found and found[0] is not None else None

    return Context(rate, probability, stat, variant, hours, at_ms, org.own)


def form(found: Value) -> dict[str, Any]:
    """Return a value as it is answered."""
    told: dict[str, Any] = {"value": found.value}
    if found.denominator is not None:
        told |= {"numerator": found.numerator, "denominator": found.denominator}
    return told | {"n": found.n, **found.caveats}


def times(window: Window, asked: Question) -> dict[str, str]:
    """Return a window's ends in the organisation's zone."""
    calendar = asked.periods.calendar
    return {"from": text(window.from_ms, calendar), "to": text(window.to_ms, calendar)}


def _compare(told: Sequence[dict[str, Any]], others: Sequence[dict[str, Any]]) -> None:
    for one, other in zip(told, others, strict=True):
        one["compare"] = _change(one["value"], other["value"])
        before = {tuple(g["key"].items()): g["value"] for g in other.get("groups", [])}
        for group in one.get("groups", []):
            group["compare"] = _change(group["value"], before.get(tuple(group["key"].items())))


def _change(now: Number | None, before: Number | None) -> dict[str, Any]:
    if now is None or before is None:
        return {"value": before, "change": None}
    return {"value": before, "change": quotient(now - before, max(before, -before))}
