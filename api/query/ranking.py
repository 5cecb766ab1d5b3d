"""Rankings: users or teams by a KPI, and the place of one of them."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from aggregators.catalogue import anchors_of
from aggregators.tables import Row
from aggregators.values import Number
from aggregators.windows import Window
from api.query.answer import as_of, context_for, gauged, times, totals, value
from api.query.distinct import Sums
from api.query.errors import ImpossibleError, Mistake
from api.query.question import Question
from api.query.selection import NONE, parts
from api.query.sums import Summing
from api.query.tables import Directory, Tables

LAST = "last_ms"
"""What is remembered of a holder beside sums: its last moment of an anchor."""


class Place(NamedTuple):
    """One row of a ranking; ``rank`` is None where there is no value."""

    rank: int | None
    id: str
    value: Number | None


class Rank(NamedTuple):
    """The place of one among ``n``; all that there is not is None."""

    rank: int | None
    value: Number | None
    previous_rank: int | None
    n: int


async def rankings(asked: Question, tables: Tables, directory: Directory) -> list[list[Place]]:
    """Return the ranking of the window and (of a window with a beginning) that of the one before, best first.

    By competition rank (1, 2, 2, 4); within a tie who reached it first comes first.
    """
    windows = [asked.window]
    if asked.window.from_ms > 0:
        windows.append(asked.periods.previous(asked.window))
    windows = gauged(asked, windows)
    sums = await Summing(asked, tables, directory).over(windows)
    wholes = await totals(asked, tables, directory, windows)
    now, *earlier = (_values(asked, directory, *each) for each in zip(windows, sums, wholes, strict=True))
    achieved = await _achieved(asked, tables, directory, windows[0], _tied(now))
    # Of the window before only ranks are told, which those who are tied share.
    return [_ranked(now, achieved), *(_ranked(before, {}) for before in earlier)]


def _values(
    asked: Question, directory: Directory, window: Window, sums: Sums, whole: Row | None
) -> dict[str, Number | None]:
    context = context_for(asked, directory.org, window)
    return {key[0]: value(asked, context, row, whole).value for key, row in sums.groups.items() if key[0] != NONE}


def _ranked(values: Mapping[str, Number | None], achieved: Mapping[str, int]) -> list[Place]:
    ranks: dict[Number | None, int] = {}
    for position, one in enumerate(sorted((v for v in values.values() if v is not None), reverse=True), 1):
        ranks.setdefault(one, position)
    last = len(values) + 1  # those without a value
    ordered = sorted(values, key=lambda name: (ranks.get(values[name], last), achieved.get(name, 0), name))
    return [Place(ranks.get(values[name]), name, values[name]) for name in ordered]


def _tied(values: Mapping[str, Number | None]) -> list[str]:
    counts: dict[Number, int] = {}
    for one in values.values():
        if one:
            counts[one] = counts.get(one, 0) + 1
    return [name for name, one in values.items() if one and counts[one] > 1]


async def _achieved(
    asked: Question, tables: Tables, directory: Directory, window: Window, names: Sequence[str]
) -> dict[str, int]:
    """When each of some reached its value: at its last moment in the window."""
    start = 0 if asked.counted.gauge else window.from_ms
    anchors = anchors_of(asked.counted)
    ranges = [
        (name, (anchor, part.holder, max(part.from_ms, start), part.to_ms))
        for name in names
        for part in parts(directory.teams, f"{asked.by[0]}:{name}", start, window.to_ms, None)
        for anchor in anchors
    ]
    found: dict[str, int] = {}
    memo = await tables.remembered()
    new = [one for _, one in ranges if memo.get(one[1], one) is None]
    for one, at_ms in zip(new, await tables.last(new), strict=True):
        memo.put(one[1], one, {LAST: at_ms})
    for name, one in ranges:
        found[name] = max(found.get(name, 0), (memo.get(one[1], one) or {}).get(LAST, 0))
    return found


async def rank_of(level: str, name: str, asked: Question, tables: Tables, directory: Directory) -> Rank:
    """Return the rank of one user or team among all of the organisation."""
    now, *earlier = await rankings(asked._replace(scope="org", by=(level,)), tables, directory)
    place = next((one for one in now if one.id == name), Place(None, name, None))
    previous = next((one.rank for before in earlier for one in before if one.id == name), None)
    return Rank(place.rank, place.value, previous, len(now))


async def answered(asked: Question, tables: Tables, directory: Directory) -> dict[str, Any]:
    """Return the answer to a question about a rank. Raises ImpossibleError."""
    level, _, name = asked.scope.partition(":")
    several = {"by": asked.by, "every": asked.every, "compare": asked.compare}
    reason = "is not told of a rank; ask for a leaderboard of all, or for one rank at a time"
    mistakes = [Mistake(name, reason) for name, given in several.items() if given]
    if level == "org":
        mistakes.append(Mistake("scope", "a rank is that of one user or team: user:<id> or team:<id>"))
    if mistakes:
        raise ImpossibleError(*mistakes)
    found = await rank_of(level, name, asked, tables, directory)
    return {
        "kpi": asked.kpi.id,
        "version": asked.kpi.version,
        "unit": asked.kpi.unit,
        "scope": asked.scope,
        **times(asked.window, asked),
        "of": asked.of.id if asked.of else None,
        "value": found.rank,
        "n": found.n,
        "parts": {"value": found.value, "previous_rank": found.previous_rank},
        "as_of": as_of(asked),
    }


async def leaderboard(asked: Question, tables: Tables, directory: Directory) -> list[dict[str, Any]]:
    """Return the rows of a leaderboard."""
    now, *earlier = await rankings(asked, tables, directory)
    previous = {place.id: place.rank for before in earlier for place in before}
    level = asked.by[0]
    return [
        {
            "rank": place.rank,
            "id": place.id,
            "name": directory.org.entries.get(f"{level}/{place.id}", {}).get("name", place.id),
            "value": place.value,
            "previous_rank": previous.get(place.id),
        }
        for place in now[: asked.limit]
    ]
