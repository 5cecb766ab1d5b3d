"""The reference tells of every route what it does, and answers keep to it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from aggregators.catalogue import KPIS
from api import reference
from api.query.question import SELECTORS
from crmpulse.settings import Settings
from events import EVENTS, Change, decode
from tests.api.serving import app_of, event, send, serving
from tests.loading import load

DOCS = Path(__file__).parents[2] / "docs" / "api.md"
METHODS = {"get", "put", "post", "delete"}
Json = dict[str, Any]

HISTORY: list[Json] = [
    {"type": "crm.user.updated", "subject": "user/ann", "data": {"name": "Ann", "team_id": "west"}},
    {"type": "crm.deal.created", "subject": "deal/1", "data": {"owner_id": "ann", "source": "web"}},
    {
        "type": "crm.deal.won",
        "subject": "deal/1",
        "time": "2026-01-07T10:00:00Z",
        "data": {"value": {"amount": "10.50", "currency": "EUR"}},
    },
    {"type": "crm.deal.lost", "subject": "deal/2", "data": {"owner_id": "ben", "lost_reason": "price"}},
    {
        "type": "crm.goal.set",
        "subject": "goal/g",
        "data": {"kpi": "revenue_won", "assignee": "user:ann", "target": 0.5, "period": "month", "milestones": [0.5]},
    },
    {"type": "crm.goal.set", "subject": "goal/odd", "data": {"kpi": "none", "assignee": "org", "target": 1}},
]


@pytest.fixture
async def document(client: httpx.AsyncClient) -> Json:
    answer = await client.get("/openapi.json")
    found: Json = answer.json()
    return found


def operations(document: Json) -> dict[str, Json]:
    """All operations by `METHOD /path`."""
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    }


async def test_every_route_is_described(client: httpx.AsyncClient, document: Json) -> None:
    assert document["openapi"].startswith("3.1")
    routes = {
        f"{method} {re.sub(':[a-z]+}', '}', route.path)}"
        for module in (reference_modules(client))
        for route in module.routes
        for method in route.methods
    }
    assert {*operations(document)} == routes
    for name, operation in operations(document).items():
        assert operation["description"], name
        for parameter in operation.get("parameters", []):
            assert parameter["description"], (name, parameter["name"])
            shown = {"example", "examples"} & {*parameter} or {"examples", "enum"} & {*parameter["schema"]}
            assert shown, (name, parameter["name"])


def reference_modules(client: httpx.AsyncClient) -> list[Any]:
    """The routers of the application."""
    return [route.original_router for route in app_of(client).routes if hasattr(route, "original_router")]


async def test_every_route_of_v1_says_who_may_ask_and_what_can_go_wrong(document: Json) -> None:
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    for name, operation in operations(document).items():
        if "/v1/" in name:
            assert operation["security"] == [{"token": []}, {}], name
            assert {"401", "403", "422", "503"} <= {*operation["responses"]}, name
            for status, answer in operation["responses"].items():
                assert int(status) < 400 or [*answer["content"]] == ["application/problem+json"], name


async def test_every_reference_leads_somewhere(document: Json) -> None:
    def check(node: Any) -> None:
        if isinstance(node, dict):
            target: Any = document
            for name in node.get("$ref", "#").split("/")[1:] if isinstance(node.get("$ref", "#"), str) else []:
                target = target[name]
            node = list(node.values())
        if isinstance(node, list):
            for each in node:
                check(each)

    check(document)
    names = [operation["operationId"] for operation in operations(document).values()]
    assert len(names) == len({*names})


def test_all_selectors_are_described() -> None:
    asked = {"stat", "variant", *SELECTORS, *(name for kpi in KPIS for name in kpi.params)}
    assert asked <= {*reference.VALUE}
    assert {*reference.PARAMETERS} == {*reference.VALUE, *reference.BEHIND, *reference.LEADERBOARD, *reference.FUNNEL}


async def test_events_are_described_by_type_and_the_example_is_one(document: Json) -> None:
    body = operations(document)["POST /v1/events"]["requestBody"]["content"]["application/cloudevents+json"]
    [answer] = decode([json.dumps(body["example"]).encode()])
    assert isinstance(answer, Change)
    valid(document, body["example"], body["schema"])
    assert {*document["components"]["schemas"]["Event"]["discriminator"]["mapping"]} == {*EVENTS}


def valid(document: Json, answer: Json, schema: Json) -> None:
    """Fail where an answer does not keep to a schema of the document."""
    Draft202012Validator({**schema, "components": document["components"]}).validate(answer)


ASKED = [
    ("/v1/kpis", "/v1/kpis"),
    ("/v1/kpis/win_rate?by=user&every=month&compare=previous&window=last_year&now=2027-01-01", "/v1/kpis/{id}"),
    ("/v1/kpis/revenue_won?by=source", "/v1/kpis/{id}"),
    ("/v1/kpis/sales_cycle_length?stat=mean&scope=team:west", "/v1/kpis/{id}"),
    ("/v1/kpis/deals_open?scope=user:nobody", "/v1/kpis/{id}"),
    ("/v1/kpis/rank?of=revenue_won&scope=user:ann", "/v1/kpis/{id}"),
    ("/v1/leaderboard?kpi=revenue_won&limit=1", "/v1/leaderboard"),
    ("/v1/leaderboard?kpi=win_rate&level=team", "/v1/leaderboard"),
    ("/v1/funnel?pipeline=sales&window=this_year&now=2026-06-01", "/v1/funnel"),
    ("/v1/funnel?pipelines=sales", "/v1/funnel"),
    ("/v1/kpis/stage_bottleneck_rank?by=user", "/v1/kpis/{id}"),
    ("/v1/records?kpi=deals_created&limit=1&by=source&every=month&compare=previous", "/v1/records"),
    ("/v1/records/deal/1", "/v1/records/{entity}/{id}"),
    ("/v1/users/ann/card?window=this_year&now=2026-02-01", "/v1/users/{id}/card"),
    ("/v1/users/ann/card?windo=today", "/v1/users/{id}/card"),
    ("/v1/session", "/v1/session"),
    ("/v1/live?kpi=nothing", "/v1/live"),
    ("/v1/goals?now=2026-01-10", "/v1/goals"),
    ("/v1/goals/g?now=2026-01-10", "/v1/goals/{id}"),
    ("/v1/goals/nothing", "/v1/goals/{id}"),
    ("/v1/goals?scope=me", "/v1/goals"),
    ("/v1/kpis/goal_pace?by=goal", "/v1/kpis/{id}"),
    ("/v1/kpis/goals_met_share?by=user&every=month&window=last_year&now=2027-01-01", "/v1/kpis/{id}"),
    ("/v1/status", "/v1/status"),
    ("/healthz", "/healthz"),
    ("/readyz", "/readyz"),
    ("/v1/kpis/nothing", "/v1/kpis/{id}"),
    ("/v1/records/deal/9", "/v1/records/{entity}/{id}"),
    ("/v1/kpis/win_rate?by=colour", "/v1/kpis/{id}"),
    ("/v1/kpis/win_rate?after=x", "/v1/kpis/{id}"),
    ("/v1/leaderboard", "/v1/leaderboard"),
]


@pytest.mark.parametrize(("asked", "path"), ASKED)
async def test_answers_keep_to_the_reference(settings: Settings, asked: str, path: str) -> None:
    await load(settings, [json.loads(event(id=str(n), **each)) for n, each in enumerate(HISTORY)], 10)
    async with serving(settings) as client:
        document = (await client.get("/openapi.json")).json()
        answer = await client.get(asked)
    told = operations(document)[f"GET {path}"]["responses"][str(answer.status_code)]
    [(media_type, content)] = told["content"].items()
    assert answer.headers["content-type"] == media_type
    valid(document, answer.json(), content["schema"])


@pytest.mark.parametrize(("body", "status"), [(event(), "202"), (event(id=None), "400"), (b" " * (2 << 20), "413")])
async def test_answers_to_events_keep_to_the_reference(
    client: httpx.AsyncClient, document: Json, body: bytes, status: str
) -> None:
    answer = await send(client, body)
    [content] = operations(document)["POST /v1/events"]["responses"][status]["content"].values()
    assert str(answer.status_code) == status
    valid(document, answer.json(), content["schema"])


async def test_every_route_is_in_the_documentation(document: Json) -> None:
    text = DOCS.read_text()
    assert [name for name in operations(document) if f"`{name}`" not in text] == []
    assert [
        name for name in re.findall(r"`((?:GET|POST|PUT|DELETE) /[^`?]*)`", text) if name not in operations(document)
    ] == []


async def test_pages_load_nothing_from_elsewhere(client: httpx.AsyncClient) -> None:
    for page in ("/", "/docs"):
        answer = await client.get(page)
        assert answer.headers["content-security-policy"].startswith("default-src 'self'")
        loaded = re.findall(r"""(?:src|href)=["']([^"'#]+)""", answer.text)
        assert loaded
        for path in loaded:
            assert path.startswith("/"), path
            assert (await client.get(path)).status_code == 200, path
