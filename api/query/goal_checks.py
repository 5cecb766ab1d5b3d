"""Whether a goal can be told, and the question that its progress is the answer to."""

from collections.abc import Iterator, Mapping
from typing import Any

from aggregators.catalogue import BY_ID
from aggregators.composed import SystemReturn
from aggregators.goals import Goal
from aggregators.kpi import CHOOSERS, Kpi
from aggregators.lift import Lift, Return
from aggregators.org import Org
from aggregators.windows import Window, utc_text
from api.query.answer import unit
from api.query.errors import ImpossibleError, Mistake
from api.query.question import Question, question
from api.query.selection import label
from events.nearest import nearest

PARAMETERS = ("variant", "hours", *CHOOSERS)
"""Parameters of KPIs that a goal may set."""

_MEMBERS = {"scope": "assignee", **{name: f"params.{name}" for name in PARAMETERS}}
_ANY = Window(10**12, 10**12)


def asked_of(goal: Goal, org: Org, window: Window) -> Question:
    """Return the question that `GET /v1/kpis/{id}` would ask for a goal's progress; ImpossibleError where it has none."""
    params = {
        "scope": [goal.assignee],
        "from": [utc_text(window.from_ms)],
        "to": [utc_text(window.to_ms)],
        "now": [utc_text(window.to_ms)],
        "where": [f"{dimension}:{label(value)}" for dimension, value in goal.where.items()],
        "stat": [goal.stat] if goal.stat else [],
        **{name: [label(value)] for name, value in goal.params.items() if name in PARAMETERS},
    }
    return question(BY_ID[goal.kpi], params, org)


def unit_of(goal: Goal, org: Org) -> str | None:
    """Return the unit of a goal's progress and target; None of a goal that cannot be told."""
    return None if mistakes(goal, org, BY_ID) else unit(BY_ID[goal.kpi], org, asked_of(goal, org, _ANY))


def is_aim(kpi: Kpi) -> bool:
    """Tell whether there may be goals on a KPI: what is a sum of records, and is not a guess."""
    return kpi.counts and kpi.kind != "forecast" and not isinstance(kpi.formula, Lift | Return | SystemReturn)


def mistakes(goal: Goal, org: Org, kpis: Mapping[str, Kpi]) -> list[Mistake]:
    """Return all that keeps a goal from being told where these KPIs are, each with the member of the goal that it is in."""
    kpi = kpis.get(goal.kpi)
    known = [name for name, one in kpis.items() if is_aim(one)]
    if kpi is None or not is_aim(kpi):
        reason = f"there is no KPI {goal.kpi!r}" if kpi is None else f"there are no goals on {goal.kpi}"
        return [Mistake("kpi", reason, nearest(goal.kpi, known)), *_dates(goal)]
    return [*_question(goal, kpi, org), *_params(goal, kpi), *_dates(goal)]


def _question(goal: Goal, kpi: Kpi, org: Org) -> Iterator[Mistake]:
    try:
        asked = asked_of(goal, org, _ANY)
    except ImpossibleError as error:
        yield from (p._replace(parameter=_MEMBERS.get(p.parameter, p.parameter)) for p in error.mistakes)
        return
    found = unit(kpi, org, asked)
    if found != org.currency and any(isinstance(target, dict) for _, target in goal.targets):
        yield Mistake("target", f"{goal.kpi} is told in {found}: a number, not an amount of money")


def _params(goal: Goal, kpi: Kpi) -> Iterator[Mistake]:
    known = [name for name in PARAMETERS if name in kpi.params]
    for name in goal.params:
        if name not in PARAMETERS:
            has = f"it has {', '.join(known)}" if known else "it has none"
            yield Mistake(
                f"params.{name}", f"{kpi.id} has no parameter {name!r} that a goal may set; {has}", nearest(name, known)
            )


def _dates(goal: Goal) -> Iterator[Mistake]:
    own: list[Any] = [name for name in ("start", "end") if getattr(goal, name)]
    if goal.period and own:
        yield Mistake("period", f"stands beside {' and '.join(own)}; give either a period or start and end")
    elif not goal.period and not own:
        yield Mistake("period", "is missing; give a period (week, month, quarter, year) or start and end")
    elif not goal.period and len(own) == 1:
        yield Mistake("end" if own == ["start"] else "start", f"is missing; {own[0]} alone is no period")
    if own == ["start", "end"] and goal.end < goal.start:
        yield Mistake("end", f"{goal.end} is before start, {goal.start}")
