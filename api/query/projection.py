"""Where the progress of goals is going to land, and how sure that is."""

from typing import Any

from aggregators.catalogue import BY_ID
from aggregators.forecasts import Expectation, Span, band
from aggregators.goals import elapsed, quotient
from aggregators.org import Org
from aggregators.values import Number
from aggregators.windows import Window
from aggregators.workdays import Workdays
from api.query.answer import tell_sums
from api.query.forecast import earlier, tell_forecast
from api.query.goal_checks import asked_of
from api.query.goals import Standing
from api.query.question import periods_of
from api.query.tables import Directory, Tables

PIPELINE = "pipeline"
OF_PIPELINE = "revenue_won"
"""The KPI that a pipeline tells the future of."""


async def landing(standing: Standing, variant: str, tables: Tables, directory: Directory) -> dict[str, Any]:
    """Return the ``value`` that a goal is going to have, and in ``parts`` its band; nothing of one that cannot be told."""
    window = standing.window
    if standing.problem or window is None:
        return {}
    if variant == PIPELINE:
        return await _by_pipeline(standing, window, tables, directory)
    pairs = earlier(window, standing.at_ms, periods_of(directory.org))
    windows = [Window(span.window.from_ms, span.now_ms) for pair in pairs for span in pair]
    asked = asked_of(standing.goal, directory.org, window)
    values = iter([told["value"] for told in await tell_sums(asked, tables, directory, windows)] if pairs else [])
    past = [_then(standing, pair, next(values), next(values), directory.org) for pair in pairs]
    none = standing.course.projection is None
    return {"parts": dict.fromkeys(("p10", "p50", "p90")) if none else band(_now(standing), past)}


async def _by_pipeline(standing: Standing, window: Window, tables: Tables, directory: Directory) -> dict[str, Any]:
    if standing.goal.kpi != OF_PIPELINE:
        reason = f"a pipeline tells the future of {OF_PIPELINE} alone, not of {standing.goal.kpi}"
        return {"value": None, "problem": reason}
    asked = asked_of(standing.goal, directory.org, window)
    asked = asked._replace(kpi=BY_ID["revenue_forecast"], variant="", now_ms=standing.at_ms)
    [told] = await tell_forecast(asked, tables, directory, [window])
    return {"value": told["value"], "parts": told["parts"]}


def _now(standing: Standing) -> Expectation:
    progress, projection = standing.progress, standing.course.projection
    if progress is None or projection is None:
        return Expectation(0, 0)
    if standing.window and standing.at_ms >= standing.window.to_ms:
        return Expectation(progress, 0)
    settled = 0 if standing.level else progress
    return Expectation(settled, projection - settled)


def _then(
    standing: Standing, pair: tuple[Span, Span], so_far: Number | None, whole: Number | None, org: Org
) -> Expectation:
    """What was expected in an earlier period at the same share of it, and what became of that."""
    if so_far is None or whole is None:
        return Expectation(0, 0)
    if standing.level:
        return Expectation(0, so_far, whole)
    goal, then = standing.goal, pair[0]
    share = elapsed(goal, then.window, then.now_ms, Workdays(org, goal.assignee))
    return Expectation(so_far, (quotient(so_far, share) or 0) - so_far, whole - so_far)
