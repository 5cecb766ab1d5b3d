"""Questions over HTTP: the catalogue, values, rankings and records."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from aggregators.catalogue import BY_ID
from aggregators.kpi import Kpi
from api import answers, reference
from api.json_answer import JsonAnswer
from api.query.question import dimensions
from api.service import last, reader, service

KpiId = Annotated[str, Path(description="a KPI of the catalogue", json_schema_extra={"enum": [*BY_ID]})]
Entity = Annotated[str, Path(description="what kind of record", examples=["deal"])]
RecordId = Annotated[str, Path(description="the record's id, percent-encoded", examples=["123"])]

router = APIRouter(tags=["Questions"])


@router.get("/v1/kpis", response_model=answers.Catalogue, **reference.question("org"))
async def catalogue(request: Request) -> Response:
    """List all KPIs: what they mean, and what they may be asked by."""
    await reader(request, known=())
    return JsonAnswer({"kpis": [_entry(kpi) for kpi in service(request).engine.kpis.values()]})


@router.get("/v1/kpis/{id}", response_model=answers.Value, **reference.question(*reference.VALUE, missing=True))
async def value(id: KpiId, request: Request) -> Response:
    """Answer the value of a KPI, as a whole, in groups, as a series."""
    asks, params = await reader(request)
    asks.need_scope(last(params, "scope", "org"))
    return JsonAnswer(await service(request).told(id, lambda engine: engine.kpi(asks.org, id, params)))


@router.get(
    "/v1/leaderboard", response_model=answers.Leaderboard, **reference.question(*reference.LEADERBOARD, missing=True)
)
async def leaderboard(request: Request) -> Response:
    """Rank users or teams by a KPI; who is equal shares a rank, and the next one is left out (1224)."""
    asks, params = await reader(request)
    team = last(params, "team", "")
    asks.need_scope(f"team:{team}" if team else last(params, "scope", "org"))
    kpi = last(params, "kpi", "")
    return JsonAnswer(await service(request).told(kpi, lambda engine: engine.leaderboard(asks.org, params)))


@router.get("/v1/funnel", response_model=answers.Funnel, **reference.question(*reference.FUNNEL))
async def funnel(request: Request) -> Response:
    """Tell the stages of a pipeline in order: deals that enter each, and go on; their time in it, and how many are there."""
    asks, params = await reader(request)
    asks.need_scope(last(params, "scope", "org"))
    return JsonAnswer(await service(request).engine.funnel(asks.org, params))


@router.get("/v1/records", response_model=answers.Records, **reference.question(*reference.BEHIND, missing=True))
async def records(request: Request) -> Response:
    """List the records behind a number, the latest first: what each adds to it, and when."""
    asks, params = await reader(request)
    asks.need_scope(last(params, "scope", "org"))
    return JsonAnswer(await service(request).aside.told(lambda engine: engine.records(asks.org, params)))


@router.get(
    "/v1/records/{entity}/{id:path}", response_model=answers.Record, **reference.question("org", "after", missing=True)
)
async def record(entity: Entity, id: RecordId, request: Request) -> Response:
    """Show a record: its state, its events, and what each moment of it adds to which KPI."""
    asks, _ = await reader(request, known=())
    asks.need_all_of_it("a record")
    return JsonAnswer(await service(request).engine.record(asks.org, entity, id))


def _entry(kpi: Kpi) -> dict[str, Any]:
    plain = {name: getattr(kpi, name) for name in ("id", "area", "tier", "kind", "unit", "definition")}
    return {**plain, "dimensions": dimensions(kpi), "params": kpi.params, "version": kpi.version}
