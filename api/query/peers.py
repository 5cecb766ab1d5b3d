"""How users, or teams, stand among their peers by several KPIs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import sqrt
from typing import Any

from aggregators.catalogue import BY_ID
from aggregators.formulas import TRAILING_MS
from aggregators.unsummed import LOW, Compared, Sign
from aggregators.windows import Window
from api.query.answer import context_for, grouped, value
from api.query.errors import ImpossibleError, Mistake
from api.query.question import Question
from api.query.scan import Key
from api.query.selection import NONE, active_users
from api.query.sums import Summing
from api.query.tables import Directory, Tables

Values = dict[str, Fraction]
"""By the id of who has them."""
QUARTER = Fraction(1, 4)


async def tell_score(
    asked: Question, tables: Tables, directory: Directory, windows: Sequence[Window]
) -> list[dict[str, Any]]:
    """Return the score of one user or team in each window, or with `by` those of all within the scope."""
    level, _, name = asked.scope.partition(":")
    if len(asked.by) > 1 or asked.where:
        raise ImpossibleError(Mistake("by" if asked.by else "where", "a score is by user or by team alone, unfiltered"))
    if level == "org" and not asked.by:
        raise ImpossibleError(
            Mistake("scope", "a score is that of one user or team: user:<id> or team:<id>, or by=user")
        )
    one = not asked.by
    peers = asked._replace(scope="org", by=(level,)) if one else asked
    signs, weights = _signs(asked), _weights(tables.score_weights, asked)
    found = [await _values(sign, peers, tables, directory, windows) for sign in signs]
    told = []
    for n in range(len(windows)):
        rows = _scores(signs, weights, [of[n] for of in found])
        if one:
            told.append(rows.get(name, {"value": None, "n": len(rows)}))
        else:
            groups = grouped(asked, {(peer,): row for peer, row in rows.items()})
            told.append({"value": None, "n": len(rows), **groups})
    return told


def _signs(asked: Question) -> tuple[Sign, ...]:
    formula = asked.kpi.formula
    assert isinstance(formula, Compared)
    return formula.signs


def _weights(text: str, asked: Question) -> dict[str, int]:
    """What each KPI weighs: all alike where nothing is said."""
    said = dict(part.split(":") for part in text.split(",") if part)
    return {sign.kpi: int(said.get(sign.kpi, 0)) if said else 1 for sign in _signs(asked)}


async def _values(
    sign: Sign, asked: Question, tables: Tables, directory: Directory, windows: Sequence[Window]
) -> list[Values]:
    """The values of all who are asked about in each window; higher is better."""
    each = asked._replace(kpi=BY_ID[sign.kpi], stat=sign.stat)
    sums = await Summing(each, tables, directory).over(windows)
    found = []
    for window, one in zip(windows, sums, strict=True):
        context = context_for(each, directory.org, window)
        told = {key[0]: value(each, context, row).value for key, row in one.groups.items() if key[0] != NONE}
        found.append({name: sign.better(Fraction(v)) for name, v in told.items() if v is not None})
    return found


def _scores(signs: Sequence[Sign], weights: Mapping[str, int], found: Sequence[Values]) -> dict[str, dict[str, Any]]:
    """The answer about each of the peers: who has any value that is not a count of nothing."""
    peers = {
        name
        for sign, of in zip(signs, found, strict=True)
        for name, v in of.items()
        if v or sign.stat or _is_rate(sign)
    }
    rows: dict[str, dict[str, Any]] = {name: {} for name in peers}
    for sign, of in zip(signs, found, strict=True):
        values = {name: v for name, v in of.items() if name in peers}
        z_of = _z_scores(values)
        for name, v in values.items():
            rows[name][sign.kpi] = {"value": sign.better(v), "z": z_of(v), "weight": weights[sign.kpi]}
    return {name: {"value": _weighed(parts), "n": len(peers), "parts": parts} for name, parts in rows.items()}


def _is_rate(sign: Sign) -> bool:
    return BY_ID[sign.kpi].kind == "ratio"


def _z_scores(values: Values) -> Callable[[Fraction], float]:
    n = len(values) or 1
    mean = sum(values.values(), Fraction(0)) / n
    deviation = sqrt(sum((v - mean) ** 2 for v in values.values()) / n)
    return lambda v: float(v - mean) / deviation if deviation else 0.0


def _weighed(parts: Mapping[str, Mapping[str, Any]]) -> float | None:
    weight = sum(part["weight"] for part in parts.values())
    return sum(part["z"] * part["weight"] for part in parts.values()) / weight if weight else None


async def tell_training(
    asked: Question, tables: Tables, directory: Directory, windows: Sequence[Window]
) -> list[dict[str, Any]]:
    """Return how many users are behind in each window, with those of teams where they are asked for."""
    peers = asked._replace(scope="org", by=("user",), where=(), credit="at_event")
    spans = [Window(w.to_ms - TRAILING_MS, w.to_ms) for w in windows]
    found = [await _values(sign, peers, tables, directory, spans) for sign in _signs(asked)]
    active = active_users(directory.org)
    below = [
        {
            sign.kpi: _behind({u: v for u, v in of[n].items() if u in active})
            for sign, of in zip(_signs(asked), found, strict=True)
        }
        for n in range(len(windows))
    ]
    return [_needs(asked, directory, window, of) for window, of in zip(windows, below, strict=True)]


def _behind(values: Values) -> set[str]:
    """Who is below the 25th percentile."""
    if not values:
        return set()
    ranked = sorted(values.values())
    at = (len(ranked) - 1) * QUARTER
    low, high = ranked[int(at)], ranked[min(int(at) + 1, len(ranked) - 1)]
    limit = low + (high - low) * (at - int(at))
    return {name for name, v in values.items() if v < limit}


def _needs(asked: Question, directory: Directory, window: Window, below: Mapping[str, set[str]]) -> dict[str, Any]:
    everyone: set[str] = set().union(*below.values())
    behind = {user for user in everyone if sum(user in of for of in below.values()) >= LOW}
    for scope in [asked.scope, *(f"team:{team}" for _, team in asked.where)]:
        behind &= _within(scope, directory, window.to_ms - 1, behind)
    told: dict[str, Any] = {
        "value": len(behind),
        "n": len(behind),
        "parts": {kpi: len(of & behind) for kpi, of in below.items()},
    }
    if asked.by:
        teams: dict[Key, set[str]] = {
            (team,): behind & _within(f"team:{team}", directory, window.to_ms - 1, behind)
            for team in [*directory.teams.ids, NONE]
        }
        told |= grouped(asked, {key: {"value": len(of), "n": len(of)} for key, of in teams.items()})
    return told


def _within(scope: str, directory: Directory, at_ms: int, users: set[str]) -> set[str]:
    kind, _, name = scope.partition(":")
    if kind == "org":
        return users
    if kind == "user":
        return {name}
    if name == NONE:
        return {user for user in users if not directory.teams.of(f"u:{user}", at_ms)}
    return {*directory.teams.members(name, at_ms)}
