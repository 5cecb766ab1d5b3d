"""All KPIs of an organisation at once, whole and by team and user: few sums of all measures, read at one applied offset."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import NamedTuple

from aggregators.catalogue import KPIS, derived_of
from aggregators.data_quality import Members
from aggregators.formulas import Share, Together
from aggregators.freshness import Freshness
from aggregators.kpi import CHOOSERS, Kpi
from aggregators.tables import Row
from aggregators.teams import ALWAYS, Part
from aggregators.users import Users
from aggregators.values import Number
from aggregators.windows import Window, named
from api.query.answer import context_of
from api.query.cells import Rows
from api.query.question import Question, periods_of
from api.query.sums import Summing
from api.query.tables import Directory, Tables

NOW = "now"
"""The window of gauges: they are as of the instant at which they are read."""
LEVELS = ("org", "team", "user")
AT_ONCE = 100
"""How many values are made before others get their turn."""


def is_single(kpi: Kpi) -> bool:
    """Tell whether a KPI has one value, without being asked for more such as which goal or share, and that from rows."""
    told_alone = not isinstance(kpi.formula, Share | Members) and not derived_of(kpi)
    return kpi.kind != "rank" and told_alone and {*kpi.params} <= {"stat", "variant", "hours", *CHOOSERS}


SHOWN: tuple[Kpi, ...] = tuple(kpi for kpi in KPIS if is_single(kpi))


class Summed(NamedTuple):
    """A sum of all that some KPIs read: of the organisation (``name`` is empty), of a team or of a user."""

    kpis: tuple[Kpi, ...]
    window: str
    ends: Window
    level: str
    name: str
    row: Row


class Figure(NamedTuple):
    """The value of a KPI: of the organisation (``name`` is empty), of a team or of a user."""

    kpi: Kpi
    window: str
    level: str
    name: str
    value: Number | None


class Overview(NamedTuple):
    """Sums, and for how long they are those of now while no event comes.

    ``until_ms`` is when the next day begins, and with it windows. With ``moves`` gauges change before that, by the clock
    alone: a due instant is ahead.
    """

    directory: Directory
    sums: list[Summed]
    until_ms: int
    moves: bool


def names(directory: Directory, level: str) -> int:
    """Return how many names a level has at most, with the one that stands for none."""
    return {"org": 1, "team": len(directory.teams.ids) + 1, "user": len(directory.teams.users) + 1}[level]


def figures_each(level: str, windows: int) -> int:
    """Return how many figures a name of a level has at most."""
    return sum(1 if kpi.gauge else windows for kpi in SHOWN if level in kpi.by)


async def overview(
    tables: Tables, directory: Directory, now_ms: int, windows: Sequence[str], levels: Sequence[str]
) -> Overview:
    """Return the sums of all KPIs at some levels: over named windows, of gauges as of now."""
    periods = periods_of(directory.org)
    spans = {name: named(name, periods, now_ms) for name in windows}
    shown = [kpi for kpi in SHOWN if kpi.id in tables.kpis]
    sums: list[Summed] = []
    for level in levels:
        for kpis in _together([kpi for kpi in shown if level in kpi.by]):
            over = {NOW: Window(0, now_ms)} if kpis[0].gauge else spans
            asked = Question(_all(kpis), "org", Window(0, now_ms), now_ms, now_ms, periods)
            asked = asked._replace(by=() if level == "org" else (level,))
            found = await Summing(asked, tables, directory).over([*over.values()])
            for (window, ends), of_window in zip(over.items(), found, strict=True):
                rows = {"": of_window.whole} if level == "org" else {key[0]: r for key, r in of_window.groups.items()}
                sums += [Summed(kpis, window, ends, level, name, row) for name, row in rows.items()]
    return Overview(directory, sums, periods.unit("day", now_ms).to_ms, await _moves(tables, directory, now_ms))


async def figures(found: Overview) -> AsyncIterator[Figure]:
    """Yield the values that are there; others get their turn in between."""
    for number, figure in enumerate(_values(found)):
        if figure.value is not None:
            yield figure
        if number % AT_ONCE == 0:
            await asyncio.sleep(0)


def _values(found: Overview) -> Iterator[Figure]:
    contexts = {one.ends: context_of(found.directory.org, one.ends.to_ms) for one in found.sums}
    for kpis, window, ends, level, name, row in found.sums:
        for kpi in kpis:
            yield Figure(kpi, window, level, name, kpi.formula.value(row, contexts[ends]).value)


def _together(kpis: Sequence[Kpi]) -> list[tuple[Kpi, ...]]:
    """KPIs that one sum serves: those of a kind, those that count users, and what the ledger of freshness tells."""
    found: dict[object, tuple[Kpi, ...]] = {}
    for kpi in kpis:
        of = (isinstance(kpi.formula, Users), isinstance(kpi.formula, Freshness), kpi.gauge, kpi.due)
        found[of] = (*found.get(of, ()), kpi)
    return [*found.values()]


def _all(kpis: Sequence[Kpi]) -> Kpi:
    if isinstance(kpis[0].formula, Users):
        counted = {
            name for kpi in kpis if isinstance(kpi.formula, Users) for name in (kpi.formula.measure, kpi.formula.of)
        }
        return kpis[0]._replace(formula=Users(kpis[0].formula.measure, also=tuple(counted)))
    if isinstance(kpis[0].formula, Freshness):
        return kpis[0]
    measures = tuple(dict.fromkeys(name for kpi in kpis for name in kpi.formula.measures))
    return Kpi(
        "", "", "", "gauge" if kpis[0].gauge else "", "", "user team org", Together(measures), "", due=kpis[0].due
    )


async def _moves(tables: Tables, directory: Directory, now_ms: int) -> bool:
    rows = Rows(tables.keys, directory.org.calendar, directory.months)
    ahead = [key for term in rows.over(Part("o", now_ms, ALWAYS[1])) for key in (*term.rows, *term.edges)]
    loaded = await tables.load(ahead)
    return any(loaded[key] for key in ahead)
