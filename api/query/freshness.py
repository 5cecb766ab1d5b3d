"""The sums of the ledger of freshness: of the hours, days and months that begin in a window, by publisher."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from aggregators.ages import held_in
from aggregators.freshness import read
from aggregators.tables import FRESH, Row
from aggregators.teams import Part
from aggregators.windows import Window
from api.query.cells import Rows, add
from api.query.distinct import Sums
from api.query.errors import ImpossibleError, Mistake
from api.query.question import Question
from api.query.selection import NONE

if TYPE_CHECKING:
    from api.query.tables import Directory, Tables

BySource = dict[str, Row]


async def fresh(asked: Question, tables: Tables, directory: Directory, windows: Sequence[Window]) -> list[Sums]:
    """Return the sums of each window. Raises ImpossibleError for another scope than the organisation."""
    if asked.scope != "org":
        raise ImpossibleError(Mistake("scope", f"{asked.kpi.id} is that of the whole organisation: org", ["org"]))
    rows = Rows(tables.keys, directory.org.calendar, await tables.members(tables.keys.fresh))
    names = [[*_names(rows, window)] for window in windows]
    ledger = await _read(tables, [name for of_window in names for name in of_window])
    return [_summed(asked, [ledger[name] for name in of_window]) for of_window in names]


def _names(rows: Rows, window: Window) -> Iterator[str]:
    """The rows of a window; of an hour that it cuts the row where the hour begins in it."""
    for term in rows.over(Part(FRESH, window.from_ms, window.to_ms)):
        yield from term.rows
        yield from (name for name, edge in term.edges.items() if rows.calendar.hour_start(edge.from_ms) == edge.from_ms)


async def _read(tables: Tables, names: Sequence[str]) -> dict[str, BySource]:
    held = {name: held_in(name) for name in names}
    hashes = await tables.hashes(key for key, _ in held.values())
    whole = {key: read(hashes[key], hourly=bool(hour)) for key, hour in dict(held.values()).items()}
    return {name: whole[key].get(hour, {}) for name, (key, hour) in held.items()}


def _summed(asked: Question, rows: Sequence[BySource]) -> Sums:
    sums = Sums({}, {})
    for row in rows:
        for source, cells in row.items():
            name = source or NONE
            if all(value == name for _, value in asked.where):
                add(sums.whole, cells)
                if asked.by:
                    add(sums.groups.setdefault((name,), {}), cells)
    return sums
