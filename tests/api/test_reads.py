"""Questions over HTTP: parameters reach the engine, and what is wrong with them reaches who asked."""

from __future__ import annotations

from typing import Any
from unittest.mock import AsyncMock
from urllib.parse import quote

import httpx
import pytest

from aggregators.catalogue import BY_ID, KPIS
from api.query.errors import ImpossibleError, Mistake, UnsettledError
from tests.api.serving import service_of
from tests.telling import NEEDED


class Engine:
    """Answers with what it was asked."""

    kpis = BY_ID

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.redis = AsyncMock()

    def __getattr__(self, name: str) -> Any:
        async def asked(*arguments: Any) -> dict[str, Any]:
            if self.error:
                raise self.error
            return {"asked": [name, *arguments]}

        return asked


@pytest.fixture
def engine(client: httpx.AsyncClient) -> Engine:
    """A stand-in for the engines of the client's application."""
    found, at = Engine(), service_of(client)
    at.engine = at.aside.engine = found  # type: ignore[assignment]
    return found


async def test_the_catalogue_has_all_kpis(client: httpx.AsyncClient) -> None:
    kpis = (await client.get("/v1/kpis")).json()["kpis"]
    assert [kpi["id"] for kpi in kpis] == [kpi.id for kpi in KPIS]
    assert {"id", "area", "tier", "kind", "unit", "definition", "dimensions", "params", "version"} == {*kpis[0]}


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/v1/kpis/win_rate", ["kpi", "demo", "win_rate", {}]),
        ("/v1/kpis/x?org=acme&where=a:b&where=c:d", ["kpi", "acme", "x", {"where": ["a:b", "c:d"]}]),
        ("/v1/kpis/x?by=custom.%C3%A9&odd=", ["kpi", "demo", "x", {"by": ["custom.\u00e9"], "odd": [""]}]),
        ("/v1/leaderboard?kpi=x&limit=5", ["leaderboard", "demo", {"kpi": ["x"], "limit": ["5"]}]),
        ("/v1/kpis/engagement_level", ["kpi", "demo", "engagement_level", {}]),
        ("/v1/funnel?pipeline=x", ["funnel", "demo", {"pipeline": ["x"]}]),
        ("/v1/records?kpi=x&cursor=5", ["records", "demo", {"kpi": ["x"], "cursor": ["5"]}]),
    ],
)
async def test_parameters_reach_the_engine(
    client: httpx.AsyncClient, engine: Engine, path: str, asked: list[Any]
) -> None:
    assert (await client.get(path)).json() == {"asked": asked}


@pytest.mark.parametrize("id_", ["1", "a/b//c", "a:b {1}", "%2F%25", "\N{ROCKET}\u00e9", "?&#=+", "deal/1/", "x/../y"])
async def test_a_record_is_found_by_any_id(client: httpx.AsyncClient, engine: Engine, id_: str) -> None:
    url = client.base_url.copy_with(raw_path=f"/v1/records/deal/{quote(id_, safe='')}".encode())
    assert (await client.get(url)).json() == {"asked": ["record", "demo", "deal", id_]}


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (ImpossibleError(Mistake("by", "no such dimension", ["source"])), 422, "invalid-parameter"),
        (UnsettledError(), 503, "unavailable"),
    ],
)
async def test_errors_of_the_engine_are_problems(
    client: httpx.AsyncClient, engine: Engine, error: Exception, status: int, kind: str
) -> None:
    engine.error = error
    answer = await client.get("/v1/kpis/win_rate")
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json()["type"] == f"urn:crmpulse:problem:{kind}"
    if status == 422:
        assert answer.json()["errors"] == [{"parameter": "by", "reason": "no such dimension", "nearest": ["source"]}]


async def test_an_unknown_kpi_is_named_with_the_nearest(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/kpis/winrate")
    assert answer.status_code == 404
    assert "win_rate" in answer.json()["nearest"]


async def test_a_record_that_nobody_mentioned_is_not_found(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v1/records/deal/1")).status_code == 404


@pytest.mark.parametrize("path", ["/v1/kpis", "/v1/status", "/v1/records/deal/1", "/v1/kpis/win_rate"])
async def test_an_unknown_parameter_is_named_with_the_nearest(client: httpx.AsyncClient, path: str) -> None:
    errors = (await client.get(path, params={"orgg": "x"})).json()["errors"]
    assert errors[0]["parameter"] == "orgg"
    if path != "/v1/kpis/win_rate":
        assert errors[0]["nearest"] == ["org"]


async def test_every_kpi_has_an_answer_before_anything_happened(client: httpx.AsyncClient) -> None:
    for kpi in [kpi.id for kpi in KPIS if kpi.counts]:
        answer = await client.get(f"/v1/kpis/{kpi}?{NEEDED.get(kpi, '')}")
        assert (answer.status_code, answer.json()["kpi"]) == (200, kpi)
        assert not answer.json()["value"], kpi
