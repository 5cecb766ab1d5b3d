"""The stages of a pipeline in order: how many deals enter each, how many go on, how long they stay, how many are there."""

from typing import Any

from api.query.answer import as_of, gauged, tell_sums, times
from api.query.errors import ImpossibleError, Mistake
from api.query.question import LARGEST, Params, Question, kpi_of, question, without
from api.query.selection import NONE
from api.query.tables import Directory, Tables

PARAMETERS = ("pipeline", "scope", "window", "from", "to", "where", "credit", "now")
"""What narrows a funnel; the time in a stage has a `stat` beside them."""
TOLD = ("stage_conversion_rate", "time_in_stage", "deals_open")
"""The KPIs that a funnel tells by stage."""

Told = dict[str, dict[str, Any]]
"""Values by stage."""


async def funnel(params: Params, tables: Tables, directory: Directory) -> dict[str, Any]:
    """Return the funnel of a pipeline. Raises ImpossibleError."""
    entry_kpi, stay_kpi, stock_kpi = (kpi_of(name, tables.kpis) for name in TOLD)
    stays = question(stay_kpi, params, directory.org, PARAMETERS)
    rest = without(params, "stat")
    entries, stock = (question(kpi, rest, directory.org, PARAMETERS) for kpi in (entry_kpi, stock_kpi))
    pipeline = _pipeline(params, directory)
    entered, stayed, held = [await _by_stage(one, pipeline, tables, directory) for one in (entries, stays, stock)]
    entry: dict[str, Any] = directory.org.entries.get(f"pipeline/{pipeline}", {})
    names = {stage["id"]: stage.get("name") for stage in entry.get("stages") or []}
    return {
        "pipeline": pipeline,
        "name": entry.get("name"),
        "scope": entries.scope,
        **times(entries.window, entries),
        "stages": [
            {"id": stage, "name": names.get(stage) or stage, **_stage(stage, entered, stayed, held)}
            for stage in _ordered(directory.org.stages.get(pipeline, []), entered, stayed, held)
        ],
        "as_of": as_of(stock),
    }


def _stage(stage: str, entered: Told, stayed: Told, held: Told) -> dict[str, Any]:
    entry = entered.get(stage, {})
    return {
        "entered": entry.get("denominator", 0),
        "converted": entry.get("numerator", 0),
        "skipped": entry.get("skipped", 0),
        "rate": entry.get("value"),
        "time_in_stage": stayed.get(stage, {}).get("value"),
        "open_now": held.get(stage, {}).get("value", 0),
    }


def _ordered(listed: list[str], entered: Told, *others: Told) -> list[str]:
    """The stages that the pipeline lists, then those that it does not list: the most entered first, none last."""
    known = {stage for told in (entered, *others) for stage, one in told.items() if one["value"] is not None}
    rest = [stage for stage in known if stage not in listed and _is_of_something(stage, entered, *others)]
    rest.sort(key=lambda stage: (stage == NONE, -entered.get(stage, {}).get("denominator", 0), stage))
    return [*listed, *rest]


def _is_of_something(stage: str, *told: Told) -> bool:
    return any(one.get(stage, {}).get("n") for one in told)


async def _by_stage(asked: Question, pipeline: str, tables: Tables, directory: Directory) -> Told:
    asked = asked._replace(by=("stage",), where=(*asked.where, ("pipeline", pipeline)), limit=LARGEST)
    [told] = await tell_sums(asked, tables, directory, gauged(asked, [asked.window]))
    return {group["key"]["stage"]: group for group in told["groups"]}


def _pipeline(params: Params, directory: Directory) -> str:
    """The pipeline that is asked for; where none is, the only one."""
    asked = params.get("pipeline", ())
    entries = directory.org.entries.items()
    known = sorted(
        s.removeprefix("pipeline/") for s, e in entries if s.startswith("pipeline/") and not e.get("deleted")
    )
    found = list(asked) or known or [NONE]
    if len(found) == 1 and found[0]:
        return found[0]
    reason = "may be given only once" if len(asked) > 1 else f"says which pipeline; there are {', '.join(known)}"
    raise ImpossibleError(Mistake("pipeline", reason, known))
