"""How goals stand: each asks the engine for its KPI, and is judged by the value."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from aggregators.goals import Course, Goal, course, cumulative, elapsed, goals
from aggregators.org import Org
from aggregators.values import Number
from aggregators.windows import Periods, Window, text, utc_text
from aggregators.workdays import Workdays
from api.query.answer import context_of, tell, unit
from api.query.errors import ImpossibleError, UnknownError
from api.query.goal_checks import asked_of, mistakes
from api.query.question import Question
from api.query.tables import Directory, Tables

_PLAIN = {"value", "numerator", "denominator", "n", "groups", "cursor"}
_NOTHING = Course(None, None, None, None, None)


class Moment(NamedTuple):
    """An instant, and the period of a goal that it is told of."""

    at_ms: int
    window: Window


class Standing(NamedTuple):
    """How a goal stands as of ``at_ms`` in its period ``window``; ``problem`` says why nothing can be told."""

    goal: Goal
    at_ms: int
    assignee_name: str
    unit: str | None = None
    window: Window | None = None
    target: Number | None = None
    progress: Number | None = None
    course: Course = _NOTHING
    caveats: Mapping[str, Any] = {}
    problem: str = ""

    @property
    def state(self) -> str | None:
        """Return on_track, at_risk, off_track, reached or missed; None where it cannot be told."""
        return self.course.state

    @property
    def milestones(self) -> list[dict[str, Any]]:
        """Return the announced shares of a target to be reached, each with whether it is."""
        attained = self.course.attainment or 0
        shares = self.goal.milestones if self.goal.direction == "at_least" else ()
        return [{"share": share, "reached": attained >= Fraction(str(share))} for share in shares]

    def told(self, org: Org) -> dict[str, Any]:
        """Return the standing as the contract forms it."""
        goal, window, now = self.goal, self.window, self.course
        return {
            "goal": goal.id,
            "name": goal.name,
            "kpi": goal.kpi,
            "unit": self.unit,
            "assignee": goal.assignee,
            "assignee_name": self.assignee_name,
            "target": self.target,
            "direction": goal.direction,
            "period": goal.period or None,
            "from": text(window.from_ms, org.calendar) if window else None,
            "to": text(window.to_ms, org.calendar) if window else None,
            "where": goal.where,
            "stat": goal.stat or None,
            "params": goal.params,
            "progress": self.progress,
            "attainment": now.attainment,
            "expected_by_now": now.expected,
            "pace": now.pace,
            "projection": now.projection,
            "state": now.state,
            "milestones": self.milestones,
            **self.caveats,
            **({"problem": self.problem} if self.problem else {}),
            "as_of": utc_text(min(self.at_ms, window.to_ms) if window else self.at_ms),
        }


async def standings(
    tables: Tables, directory: Directory, now_ms: int, *, scope: str = "", only: str = ""
) -> list[Standing]:
    """Return how the goals stand at an instant, by id: all, those of one assignee, or the one of an id (or none)."""
    periods = periods_of(directory.org)
    return [
        standing
        for goal in goals(directory.org)
        if scope in ("", goal.assignee) and only in ("", goal.id)
        for standing in await at_instants(goal, [now_ms], tables, directory, periods)
    ]


def named(org: Org, goal_id: str, scope: str = "") -> Goal:
    """Return a goal that holds (``scope``: of this assignee); UnknownError with the nearest ids where there is none."""
    found = {goal.id: goal for goal in goals(org) if scope in ("", goal.assignee)}
    if goal_id not in found:
        raise UnknownError("goal", goal_id, list(found))
    return found[goal_id]


def periods_of(org: Org) -> Periods:
    """Return the calendar units of an organisation."""
    return Periods(org.calendar, org.week_start, org.fiscal_year_start_month)


async def at_instants(
    goal: Goal, instants: Sequence[int], tables: Tables, directory: Directory, periods: Periods
) -> list[Standing]:
    """Return how a goal stands at some instants, each in the period that holds it."""
    wrong = mistakes(goal, directory.org)
    if wrong:
        problem = str(ImpossibleError(wrong))
        return [Standing(goal, at_ms, assignee_name(goal, directory.org), problem=problem) for at_ms in instants]
    return await at_moments(goal, [Moment(at, goal.window(at, periods)) for at in instants], tables, directory)


async def at_moments(goal: Goal, moments: Sequence[Moment], tables: Tables, directory: Directory) -> list[Standing]:
    """Return how a goal without mistakes stands at some moments: asked for at once, as `GET /v1/kpis/{id}` would be."""
    windows = [_so_far(moment) for moment in moments]
    asked = asked_of(goal, directory.org, windows[0])
    answers = await tell(asked, tables, directory, windows)
    workdays = Workdays(directory.org, directory.teams, goal.assignee)
    return [
        _standing(goal, asked, moment, answer, directory.org, workdays)
        for moment, answer in zip(moments, answers, strict=True)
    ]


def _so_far(moment: Moment) -> Window:
    at_ms, window = moment
    return Window(window.from_ms, min(max(at_ms, window.from_ms), window.to_ms))


def _standing(
    goal: Goal, asked: Question, moment: Moment, answer: dict[str, Any], org: Org, workdays: Workdays
) -> Standing:
    at_ms, window = moment
    level = not cumulative(asked.kpi, asked.stat)
    progress = None if level and at_ms < window.from_ms else answer["value"]
    caveats = {name: found for name, found in answer.items() if name not in _PLAIN}
    target, missing = _target(goal, moment, org)
    share = elapsed(goal, window, at_ms, workdays)
    judged = _NOTHING
    if target is not None:
        judged = course(goal.direction, progress, target, share, level=level, over=at_ms >= window.to_ms)
        judged = judged._replace(state="on_track") if at_ms < window.from_ms else judged
    problem = f"There is no rate of {next(iter(missing))} at the beginning of the period." if missing else ""
    caveats |= {"fx_missing": caveats.get("fx_missing", {}) | missing} if missing else {}
    who, in_unit = assignee_name(goal, org), unit(asked.kpi, org, asked)
    return Standing(goal, at_ms, who, in_unit, window, target, progress, judged, caveats, problem)


def _target(goal: Goal, moment: Moment, org: Org) -> tuple[Number | None, dict[str, Fraction]]:
    """The target in the organisation's currency at the rate of the period's beginning; or what has no rate then."""
    said = goal.target(*moment)
    if not isinstance(said, dict):
        return Fraction(str(said)), {}
    amount, currency, start_ms = Fraction(said["amount"]), said["currency"], moment.window.from_ms
    if currency == org.currency:
        return amount, {}
    rate = context_of(org, start_ms).rate(currency, org.calendar.bucket(start_ms).day)
    return (None, {currency: amount}) if rate is None else (amount * rate, {})


def assignee_name(goal: Goal, org: Org) -> str:
    """Return the name of who has a goal, the id where there is none."""
    kind, _, name = goal.assignee.partition(":")
    found = org.entries.get(goal.assignee.replace(":", "/", 1), {})
    if kind == "org":
        found = next((e for s, e in org.entries.items() if s.startswith("org/")), {})
    return str(found.get("name") or name or kind)
