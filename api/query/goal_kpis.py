"""The KPIs that are made of goals: how one stands, by goal or by who adds to it, and how many were met."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any, NamedTuple

from aggregators.goals import ON_TRACK, REACHED, Goal, goals, quotient
from aggregators.unsummed import GoalsMet, OfGoal
from aggregators.values import Value
from aggregators.windows import Periods, Window
from api.query.answer import answer, form, grouped, paged, tell_sums
from api.query.errors import ImpossibleError, Mistake, UnknownError
from api.query.goal_checks import asked_of, mistakes, unit_of
from api.query.goals import At, Standing, pick, so_far, stand
from api.query.projection import landing
from api.query.question import LARGEST, Question, periods_of
from api.query.scan import Key
from api.query.selection import NONE
from api.query.tables import Directory, Tables

PROJECTION = "projection"
OF_ITS_KPI = "KPI unit"
"""The unit in the catalogue of what has that of the goal's KPI."""
MOST_STANDINGS = 10_000


async def answered(asked: Question, tables: Tables, directory: Directory) -> dict[str, Any]:
    """Return the answer to a question about a KPI made of goals."""
    _check(asked)
    if isinstance(asked.kpi.formula, GoalsMet):
        return await answer(asked, tables, directory, _met)
    found = await answer(asked, tables, directory, _stood)
    if asked.goal and asked.kpi.unit == OF_ITS_KPI:
        found["unit"] = unit_of(pick(asked.goal, goals(directory.org)), directory.org) or found["unit"]
    return found


def _check(asked: Question) -> None:
    wrong = []
    if asked.credit == "current":
        wrong.append(Mistake("credit", "of goals is at_event: they are met by what was done at the time"))
    if isinstance(asked.kpi.formula, OfGoal) and not asked.goal and "goal" not in asked.by:
        wrong.append(Mistake("goal", "says which goal; or ask by=goal for each"))
    if wrong:
        raise ImpossibleError(*wrong)


def _values(goal: Goal, dimension: str, at_ms: int, directory: Directory) -> list[str]:
    """A goal's values of a dimension: itself, its user, or its team with those that it is a part of."""
    kind, _, name = goal.assignee.partition(":")
    if dimension == "goal":
        return [goal.id]
    if dimension == "user":
        return [name if kind == "user" else NONE]
    return directory.teams.of(f"{kind[0]}:{name}", at_ms) or [NONE]


def _is_meant(asked: Question, goal: Goal, at_ms: int, directory: Directory) -> bool:
    """Whether a goal passes the filters, and is one of the scope's: a team has those of its members and sub-teams too."""
    level, _, name = asked.scope.partition(":")
    filters = [*asked.where, *([(level, name)] if name else [])]
    return all(value in _values(goal, dimension, at_ms, directory) for dimension, value in filters)


def _keys(asked: Question, goal: Goal, at_ms: int, directory: Directory) -> list[Key]:
    return [*product(*(_values(goal, dimension, at_ms, directory) for dimension in asked.by))]


def _instants(asked: Question, windows: Sequence[Window]) -> list[At]:
    """The instants that windows are told as of: now, in today's period, or their end, in the period that it is the end of."""
    running = [True] if asked.at_ms < asked.window.to_ms else []
    return [
        At(w.to_ms, w.to_ms if now or w.from_ms >= w.to_ms else w.to_ms - 1)
        for w, now in zip(windows, [*running, *[False] * len(windows)], strict=False)
    ]


# How a goal stands


async def _stood(
    asked: Question, tables: Tables, directory: Directory, windows: Sequence[Window]
) -> list[dict[str, Any]]:
    instants = _instants(asked, windows)
    within_ms = instants[0].within_ms
    meant = [goal for goal in goals(directory.org) if _is_meant(asked, goal, within_ms, directory)]
    meant = [_meant(asked.goal, meant)] if asked.goal else meant
    _check_size(len(meant) * len(instants))
    stood = [await stand(goal, instants, tables, directory) for goal in meant]
    found = []
    for number, (_, at_ms) in enumerate(instants):
        now = [standings[number] for standings in stood]
        lands = {one.goal.id: await _landing(asked, one, tables, directory) for one in now}
        told = _landed(_form(asked, now[0]), lands[asked.goal]) if asked.goal else form(Value(None, n=len(now)))
        if asked.goal and asked.by and "goal" not in asked.by:
            told |= paged(asked, await _added(asked, now[0], tables, directory))
        elif asked.by:
            rows = {key: one for one in now for key in _keys(asked, one.goal, at_ms, directory)}
            told |= grouped(asked, {key: _landed(_form(asked, one), lands[one.goal.id]) for key, one in rows.items()})
        found.append(told)
    return found


def _meant(goal_id: str, known: Sequence[Goal]) -> Goal:
    """The goal that a parameter names."""
    try:
        return pick(goal_id, known)
    except UnknownError as unknown:
        raise ImpossibleError(Mistake("goal", f"{unknown}", unknown.nearest)) from None


async def _landing(asked: Question, standing: Standing, tables: Tables, directory: Directory) -> dict[str, Any]:
    """What a projection tells beside how its goal stands."""
    if getattr(asked.kpi.formula, "told", "") != PROJECTION:
        return {}
    return await landing(standing, asked.variant, tables, directory)


def _landed(told: dict[str, Any], land: dict[str, Any]) -> dict[str, Any]:
    return {**told, **land, "parts": {**told["parts"], **land.get("parts", {})}}


def _form(asked: Question, standing: Standing) -> dict[str, Any]:
    course, told = standing.course, getattr(asked.kpi.formula, "told", "")
    parts = {"target": standing.target, "expected": course.expected, "state": course.state}
    caveats = {**standing.caveats, "parts": parts, **({"problem": standing.problem} if standing.problem else {})}
    if told == PROJECTION:
        return {"unit": standing.unit, **form(Value(course.projection, n=standing.n, caveats=caveats))}
    if told == "progress":
        return {"unit": standing.unit, **form(Value(standing.progress, n=standing.n, caveats=caveats))}
    under = standing.target if told == "attainment" else course.expected
    pair = (under, standing.progress) if standing.goal.direction == "at_most" else (standing.progress, under)
    return form(Value(quotient(*pair), *pair, n=standing.n, caveats=caveats))


async def _added(asked: Question, standing: Standing, tables: Tables, directory: Directory) -> list[dict[str, Any]]:
    """What users or teams add to a goal, each against the whole target."""
    if standing.problem or not standing.window or standing.at_ms < standing.window.from_ms:
        return []
    window = so_far(standing)
    question = asked_of(standing.goal, directory.org, window)._replace(by=asked.by, limit=LARGEST)
    [told] = await tell_sums(question, tables, directory, [window])
    added = [(g["key"], standing._replace(progress=g["value"], n=g["n"])) for g in told["groups"]]
    return [{"key": key, **_form(asked, one)} for key, one in added]


# How many were met


class _Counted(NamedTuple):
    """A goal's period, told as of its end or (``live``) as of an instant in it; of which of the windows asked about."""

    number: int
    at: At
    live: bool


async def _met(
    asked: Question, tables: Tables, directory: Directory, windows: Sequence[Window]
) -> list[dict[str, Any]]:
    now_ms = asked.now_ms
    windows = [window._replace(to_ms=min(window.to_ms, now_ms)) for window in windows]
    instants = _instants(asked._replace(at_ms=min(asked.at_ms, now_ms)), windows)
    rows = [defaultdict[Key, list[tuple[bool, str]]](list) for _ in windows]
    for goal in goals(directory.org):
        if mistakes(goal, directory.org, tables.kpis) or (asked.of and asked.of.id != goal.kpi):
            continue
        counted = list(_counted(asked, goal, windows, instants, directory))
        _check_size(len(counted))
        for one, standing in zip(counted, await stand(goal, [c.at for c in counted], tables, directory), strict=True):
            for key in {(), *_keys(asked, goal, one.at.within_ms, directory)}:
                rows[one.number][key].append((one.live, standing.state or ""))
    return [_told(asked, of_window) for of_window in rows]


def _counted(
    asked: Question, goal: Goal, windows: Sequence[Window], instants: Sequence[At], directory: Directory
) -> Iterator[_Counted]:
    """The periods of a goal that ended in each window, and the one that runs at its end."""
    periods, set_ms = periods_of(directory.org), goal.targets[0][0]
    for number, (window, now) in enumerate(zip(windows, instants, strict=True)):
        running = goal.window(now.within_ms, periods)
        live = running.from_ms <= now.within_ms < running.to_ms and (set_ms <= now.at_ms or not goal.period)
        found = [_Counted(number, At(p.to_ms, p.to_ms - 1), live=False) for p in _ended(goal, window, periods)]
        found += [_Counted(number, now, live=True)] if live else []
        yield from (one for one in found if _is_meant(asked, goal, one.at.within_ms, directory))


def _ended(goal: Goal, window: Window, periods: Periods) -> Iterator[Window]:
    """The periods that ended in a window, from that on in which the goal was first set."""
    period = goal.window(max(window.from_ms, goal.targets[0][0]), periods)
    while window.from_ms < period.to_ms <= window.to_ms:
        yield period
        if not goal.period:
            return
        period = goal.window(period.to_ms, periods)


def _told(asked: Question, rows: dict[Key, list[tuple[bool, str]]]) -> dict[str, Any]:
    told = _share(rows.pop((), []))
    if asked.by:
        told |= grouped(asked, {key: _share(states) for key, states in rows.items()})
    return told


def _share(states: Sequence[tuple[bool, str]]) -> dict[str, Any]:
    ended, live = ([state for now, state in states if now == one] for one in (False, True))
    reached, fine = ended.count(REACHED), live.count(REACHED) + live.count(ON_TRACK)
    caveats = {"parts": {"live": len(live), "on_track": fine}}
    return form(Value(quotient(reached, len(ended)), reached, len(ended), len(ended), caveats))


def _check_size(standings: int) -> None:
    if standings > MOST_STANDINGS:
        reason = f"asks for more than {MOST_STANDINGS} periods of goals; take a shorter one, or larger buckets"
        raise ImpossibleError(Mistake("window", reason))
