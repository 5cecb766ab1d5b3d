"""How goals stand: each asks the engine for its KPI, and is judged by the value."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from aggregators.goals import ON_TRACK, Course, Goal, course, cumulative, elapsed, goals
from aggregators.org import Org
from aggregators.values import Number
from aggregators.windows import Window, text, utc_text
from aggregators.workdays import Workdays
from api.query.answer import context_of, tell_sums, unit
from api.query.errors import ImpossibleError, UnknownError
from api.query.goal_checks import asked_of, mistakes
from api.query.question import Params, Question, Reading, now_of, periods_of, scope_of
from api.query.tables import Directory, Tables

_PLAIN = {"value", "numerator", "denominator", "n", "groups", "cursor"}
_NOTHING = Course(None, None, None, None, None)


class At(NamedTuple):
    """An instant, and one in the period that is meant: the same, but for a period that ends then."""

    at_ms: int
    within_ms: int


class Standing(NamedTuple):
    """How a goal stands as of ``at_ms`` in its period ``window``, of which ``share`` has elapsed.

    ``level`` as in ``aggregators.goals``; ``problem`` says why nothing can be told.
    """

    goal: Goal
    at_ms: int
    assignee_name: str
    unit: str | None = None
    window: Window | None = None
    share: Fraction = Fraction(0)
    level: bool = False
    target: Fraction | None = None
    progress: Number | None = None
    n: int = 0
    caveats: Mapping[str, Any] = {}
    problem: str = ""

    @property
    def course(self) -> Course:
        """Return what to think of the progress."""
        if self.window is None or self.target is None:
            return _NOTHING
        over = self.at_ms >= self.window.to_ms
        found = course(self.goal.direction, self.progress, self.target, self.share, level=self.level, over=over)
        return found._replace(state=ON_TRACK) if self.at_ms < self.window.from_ms else found

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


def asked_about(params: Params, org: Org) -> tuple[int, str]:
    """Return the instant (ms) that goals are asked about as of, and the assignee (empty: all); ImpossibleError."""
    reading = Reading(params, ("now", "scope"))
    found = now_of(reading, periods_of(org)), scope_of(reading, "")
    reading.done()
    return found


async def standings(
    tables: Tables, directory: Directory, now_ms: int, *, scope: str = "", only: str = ""
) -> list[Standing]:
    """Return how the goals stand at an instant, by id: all, those of one assignee, or the one of an id (or none)."""
    return [
        standing
        for goal in goals(directory.org)
        if scope in ("", goal.assignee) and only in ("", goal.id)
        for standing in await stand(goal, [At(now_ms, now_ms)], tables, directory)
    ]


async def stand(goal: Goal, instants: Sequence[At], tables: Tables, directory: Directory) -> list[Standing]:
    """Return how a goal stands at some instants, asked for at once as `GET /v1/kpis/{id}` would ask for each."""
    who = assignee_name(goal, directory.org)
    wrong = mistakes(goal, directory.org, tables.kpis)
    if wrong or not instants:
        return [Standing(goal, at_ms, who, problem=str(ImpossibleError(*wrong))) for at_ms, _ in instants]
    periods = periods_of(directory.org)
    blank = [Standing(goal, at_ms, who, window=goal.window(within_ms, periods)) for at_ms, within_ms in instants]
    windows = [so_far(one) for one in blank]
    asked = asked_of(goal, directory.org, windows[0])
    answers = await tell_sums(asked, tables, directory, windows)
    workdays = Workdays(directory.org, goal.assignee)
    return [_filled(one, asked, answer, directory.org, workdays) for one, answer in zip(blank, answers, strict=True)]


def so_far(standing: Standing) -> Window:
    """Return what of a standing's period is over."""
    start, end, _ = standing.window or Window(0, 0)
    return Window(start, min(max(standing.at_ms, start), end))


def _filled(blank: Standing, asked: Question, answer: dict[str, Any], org: Org, workdays: Workdays) -> Standing:
    goal, at_ms, window = blank.goal, blank.at_ms, blank.window or asked.window
    level = not cumulative(asked.kpi, asked.stat)
    caveats = {name: found for name, found in answer.items() if name not in _PLAIN}
    target, missing = _target(goal, at_ms, window, org)
    return blank._replace(
        unit=unit(asked.kpi, org, asked),
        share=elapsed(goal, window, at_ms, workdays),
        level=level,
        target=target,
        progress=None if level and at_ms < window.from_ms else answer["value"],
        n=answer["n"],
        caveats=caveats | ({"fx_missing": caveats.get("fx_missing", {}) | missing} if missing else {}),
        problem=f"There is no rate of {', '.join(missing)} at the beginning of the period." if missing else "",
    )


def _target(goal: Goal, at_ms: int, window: Window, org: Org) -> tuple[Fraction | None, dict[str, Fraction]]:
    """The target in the organisation's currency at the rate of the period's beginning; or what has no rate then."""
    said = goal.target(at_ms, window)
    if not isinstance(said, dict):
        return Fraction(str(said)), {}
    amount, currency = Fraction(said["amount"]), said["currency"]
    if currency == org.currency:
        return amount, {}
    rate = context_of(org, window.from_ms).rate(currency, org.calendar.bucket(window.from_ms).day)
    return (None, {currency: amount}) if rate is None else (amount * rate, {})


def named(org: Org, goal_id: str, scope: str = "") -> Goal:
    """Return a goal that holds (``scope``: of this assignee); UnknownError with the nearest ids where there is none."""
    return pick(goal_id, [goal for goal in goals(org) if scope in ("", goal.assignee)])


def pick(goal_id: str, known: Sequence[Goal]) -> Goal:
    """Return the goal of an id; UnknownError with the nearest ids where there is none."""
    found = {goal.id: goal for goal in known}
    if goal_id not in found:
        raise UnknownError("goal", goal_id, found)
    return found[goal_id]


def assignee_name(goal: Goal, org: Org) -> str:
    """Return the name of who has a goal, the id where there is none."""
    kind, _, name = goal.assignee.partition(":")
    found = org.entries.get(f"{kind}/{name}", {})
    if kind == "org":
        found = next((e for s, e in org.entries.items() if s.startswith("org/")), {})
    return str(found.get("name") or name or kind)
