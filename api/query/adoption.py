"""How many of those who might use the system do."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from aggregators.formulas import Together
from aggregators.windows import Window
from api.query.answer import grouped
from api.query.question import Question
from api.query.scan import Key
from api.query.selection import NONE, active_users, parts
from api.query.sums import Summing
from api.query.tables import Directory, Tables

By = Mapping[Key, set[str]]
"""Users by group."""


async def tell_adoption(
    asked: Question, tables: Tables, directory: Directory, windows: Sequence[Window]
) -> list[dict[str, Any]]:
    """Return the share of each window, with those of teams where they are asked for."""
    counted = [await _users(asked, name, tables, directory, windows) for name in asked.kpi.formula.measures]
    return [_told(asked, directory, window, [one[n] for one in counted]) for n, window in enumerate(windows)]


async def _users(
    asked: Question, measure: str, tables: Tables, directory: Directory, windows: Sequence[Window]
) -> list[By]:
    """For whom a measure counted in each window."""
    kpi = asked.kpi._replace(kind="count", formula=Together((measure,)))
    sums = await Summing(asked._replace(kpi=kpi, by=(*asked.by, "user")), tables, directory).over(windows)
    return [_by_group(one.groups) for one in sums]


def _by_group(groups: Mapping[Key, Mapping[str, int]]) -> By:
    found: dict[Key, set[str]] = defaultdict(set)
    for (*group, user), row in groups.items():
        if user != NONE and any(units > 0 for units in row.values()):
            found[tuple(group)].add(user)
    return found


def _told(asked: Question, directory: Directory, window: Window, counted: Sequence[By]) -> dict[str, Any]:
    everywhere = [set().union(*by.values()) for by in counted]
    within = [name for name in [asked.scope, *(f"team:{value}" for _, value in asked.where)] if name != "org"]
    told = _share(set.intersection(*everywhere), within, asked, directory, window)
    if asked.by:
        teams = _teams(asked, directory) | {key[0] for by in counted for key in by}
        rows: dict[Key, dict[str, Any]] = {
            (team,): _share(
                set.intersection(*(by.get((team,), set()) for by in counted)),
                [*within, f"team:{team}"], asked, directory, window,
            )
            for team in teams
        }  # fmt: skip
        told |= grouped(asked, rows)
    return told


def _teams(asked: Question, directory: Directory) -> set[str]:
    """The teams that have their row in any case."""
    kind, _, name = asked.scope.partition(":")
    teams = directory.teams.below(name) if kind == "team" else {*directory.teams.ids} if kind == "org" else set()
    return {team for team in teams if not directory.org.entries.get(f"team/{team}", {}).get("deleted")}


def _share(
    users: set[str], within: Sequence[str], asked: Question, directory: Directory, window: Window
) -> dict[str, Any]:
    licences = directory.org.own.get("licences")
    under = len(users | _might(within, asked, directory, window)) if within or licences is None else licences
    value = Fraction(len(users), under) if under else None
    return {"value": value, "numerator": len(users), "denominator": under, "n": under}


def _might(within: Sequence[str], asked: Question, directory: Directory, window: Window) -> set[str]:
    """The active users who were in all of the scopes in the window."""
    found = active_users(directory.org)
    current = asked.now_ms if asked.credit == "current" else None
    for scope in within:
        of = parts(directory.teams, scope, window.from_ms, window.to_ms, current)
        found &= {p.holder[2:] for p in of if p.holder.startswith("u:")}
    return found
