"""Sums by group, and what is made of them: how many users something counts for, which values are the most frequent."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from aggregators.data_quality import Distribution
from aggregators.formulas import Formula, Together
from aggregators.tables import Row, part_of_name, unescaped
from aggregators.users import Users
from api.query.cells import add
from api.query.question import Question
from api.query.scan import Key
from api.query.selection import NONE
from api.query.tables import Directory

VALUE, OTHER = "value", "(other)"


class Sums(NamedTuple):
    """The sum of a window as a whole, and by group."""

    whole: Row
    groups: dict[Key, Row]


Ask = Callable[[Question], Awaitable[list[Sums]]]
"""Gives the sums of the windows that are asked about."""


async def users(asked: Question, formula: Users, directory: Directory, ask: Ask) -> list[Sums]:
    """Return of each window how many users each measure counts for, as a whole and by group."""
    kpi = asked.counted._replace(formula=Together(formula.measures))
    by = tuple(name for name in asked.by if name != formula.dimension)
    where = tuple(pair for pair in asked.where if pair[0] != formula.dimension)
    each = asked._replace(kpi=kpi, of=None, where=where, by=(*by, "user"))
    if by == ("team",) and not where and not asked.scope.startswith("user:"):
        found = await _by_team(each, directory, ask)
    else:
        found = [one.groups for one in await ask(each)]
    return [_counted(asked, formula, groups) for groups in found]


async def _by_team(each: Question, directory: Directory, ask: Ask) -> list[Mapping[Key, Row]]:
    """The users of each team by the rows that they have: those of teams and users together have no rows."""
    teams, (kind, _, name) = directory.teams, each.scope.partition(":")
    names = sorted(teams.below(name)) if kind == "team" and name != NONE else [*teams.ids, NONE]
    told = {team: await ask(each._replace(scope=f"team:{team}", by=("user",))) for team in names}
    windows = range(max(map(len, told.values()), default=0))
    return [{(team, *key): row for team, of in told.items() for key, row in of[n].groups.items()} for n in windows]


def _counted(asked: Question, formula: Users, groups: Mapping[Key, Row]) -> Sums:
    of_users: dict[str, Row] = defaultdict(dict)
    by_group: dict[Key, Row] = defaultdict(dict)
    for (*group, user), row in groups.items():
        if user != NONE:
            add(of_users[user], row)
            add(by_group[tuple(group)], _there(row))
    whole: Row = {}
    for row in of_users.values():
        add(whole, _there(row))
    values = [value for name, value in asked.where if name == formula.dimension]
    told = {key: row for group, cells in by_group.items() for key, row in _keys(asked, formula, group, cells, values)}
    return Sums(_narrowed(formula, whole, values), told if asked.by else {})


def _there(row: Row) -> Row:
    return {name: 1 for name, units in row.items() if units > 0}


def _narrowed(formula: Users, cells: Row, values: Sequence[str]) -> Row:
    """The users that the measure counts for with all the values that were asked for: with one at most."""
    users = [cells.get(f"{formula.names}/{part_of_name(value)}", 0) for value in values]
    if not users:
        return cells
    return {**cells, formula.measure: users[0] if len({*values}) == 1 else 0}


def _keys(asked: Question, formula: Users, group: Key, cells: Row, values: Sequence[str]) -> Iterator[tuple[Key, Row]]:
    """A group, or those of it by the values of the dimension."""
    if formula.dimension not in asked.by:
        yield group, _narrowed(formula, cells, values)
        return
    at = asked.by.index(formula.dimension)
    for value in _values(formula, cells):
        row = _narrowed(formula, cells, [value, *values])
        if row[formula.measure]:
            yield (*group[:at], value, *group[at:]), row


def _values(formula: Users, cells: Row) -> Iterable[str]:
    return [unescaped(name.partition("/")[2]) for name in cells if name.startswith(f"{formula.names}/")]


def fewer(groups: Mapping[Key, Row], formula: Formula, by: Sequence[str]) -> Mapping[Key, Row]:
    """Return groups, those of rarer values as one where a KPI tells the most frequent alone."""
    if not isinstance(formula, Distribution) or VALUE not in by:
        return groups
    at, counts = by.index(VALUE), dict[str, int]()
    for key, row in groups.items():
        counts[key[at]] = counts.get(key[at], 0) + row.get(formula.measure, 0)
    told = sorted(counts, key=lambda value: (-counts[value], value))[: formula.most]
    found: dict[Key, Row] = {}
    for key, row in groups.items():
        add(found.setdefault(key if key[at] in told else (*key[:at], OTHER, *key[at + 1 :]), {}), row)
    return found
