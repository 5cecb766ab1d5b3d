"""Goals over HTTP: read, set and deleted, by those who may."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.auth import make
from crmpulse.settings import Settings
from tests.api.serving import published, service_of, serving
from tests.loading import Event, load
from tests.telling import events

GOAL: dict[str, Any] = {"kpi": "deals_won", "assignee": "org", "target": 4, "period": "month"}
STORY = """
    01-01 org.updated org/demo time_zone=UTC currency=EUR
    02-05 deal.won 1 owner_id=ann
    01-01 goal.set g kpi=deals_won assignee=org target=4 period=month
    01-01 goal.set mine kpi=deals_won assignee=user:ann target=1 period=month
    01-01 goal.set odd kpi=deals_one assignee=org target=1 period=month
"""


async def put(client: httpx.AsyncClient, name: str = "g", /, **members: Any) -> httpx.Response:
    """Set a goal with other members; None leaves one out."""
    await service_of(client).publisher.connecting
    body = {member: value for member, value in {**GOAL, **members}.items() if value is not None}
    return await client.put(f"/v1/goals/{name}", json=body)


def problems(answer: httpx.Response) -> dict[str, list[str]]:
    """The members that are wrong, with the nearest names."""
    assert answer.status_code == 422, answer.text
    return {error["parameter"]: error["nearest"] for error in answer.json()["errors"]}


async def test_goals_are_listed_also_those_that_cannot_be_told(settings: Settings) -> None:
    await load(settings, events(STORY), 10)
    async with serving(settings) as client:
        answer = (await client.get("/v1/goals?now=2026-02-15")).json()
        told = {goal["goal"]: (goal["progress"], goal["state"]) for goal in answer["goals"]}
        assert told == {"g": (1, "off_track"), "mine": (1, "reached"), "odd": (None, None)}
        assert answer["goals"][2]["problem"].startswith("kpi: there is no KPI 'deals_one'")
        assert answer["as_of"] == "2026-02-15T00:00:00Z"
        mine = (await client.get("/v1/goals?now=2026-02-15&scope=user:ann")).json()["goals"]
        assert [goal["goal"] for goal in mine] == ["mine"]
        assert (await client.get("/v1/goals/mine?now=2026-02-15")).json() == mine[0]


async def test_a_goal_that_is_not_there_has_near_names(settings: Settings) -> None:
    await load(settings, events(STORY), 10)
    async with serving(settings) as client:
        answer = await client.get("/v1/goals/mines")
        assert (answer.status_code, answer.json()["nearest"]) == (404, ["mine"])
        answer = await client.get("/v1/kpis/goal_pace?goal=mines")
        assert answer.status_code == 422
        [problem] = answer.json()["errors"]
        assert (problem["parameter"], problem["nearest"]) == ("goal", ["mine"])
        answer = await client.get("/v1/kpis/goal_pace")
        assert problems(answer) == {"goal": []}
        assert problems(await client.get("/v1/goals?scope=me&until=x")) == {"until": [], "scope": ["org"]}


async def test_a_goal_that_was_set_is_in_the_log_and_holds(client: httpx.AsyncClient, settings: Settings) -> None:
    answer = await put(client, "q/1: é", name="Quarter", milestones=[0.5], where={"deal_type": "new"}, start=None)
    assert (answer.status_code, answer.json()["accepted"]) == (202, 1)
    event = await last(settings)
    assert (event["type"], event["subject"], event["orgid"]) == ("crm.goal.set", "goal/q/1: é", "demo")
    assert answer.json()["position"].partition(":")[2] == "0"
    await load(settings, [event], 1)
    [goal] = (await client.get("/v1/goals")).json()["goals"]
    told = {name: goal[name] for name in ("goal", "name", "kpi", "target", "where")}
    expected = {"goal": "q/1: é", "name": "Quarter", "kpi": "deals_won", "target": 4, "where": {"deal_type": "new"}}
    assert told == expected
    assert (await client.get("/v1/goals/q%2F1%3A%20%C3%A9")).json()["goal"] == goal["goal"]


async def test_a_goal_that_was_deleted_is_gone(client: httpx.AsyncClient, settings: Settings) -> None:
    await put(client)
    answer = await client.delete("/v1/goals/g")
    assert (answer.status_code, answer.json()["position"].partition(":")[2]) == (202, "1")
    records = await published(settings, 2)
    told = [json.loads(record.value) for record in records]
    assert [event["type"] for event in told] == ["crm.goal.set", "crm.goal.deleted"]
    await load(settings, told, 1)
    assert (await client.get("/v1/goals")).json()["goals"] == []
    assert (await client.get("/v1/goals/g")).status_code == 404


WRONG: list[tuple[dict[str, Any], dict[str, list[str]]]] = [
    ({"kpi": "deals_wan"}, {"kpi": ["deals_won"]}),
    ({"kpi": "rank"}, {"kpi": []}),
    ({"kpi": "goal_pace"}, {"kpi": []}),
    ({"kpi": None, "target": None, "assignee": None}, {"kpi": [], "target": [], "assignee": []}),
    ({"kpi": 5, "target": "x", "assignee": "ann"}, {"kpi": [], "target": [], "assignee": []}),
    ({"targets": 5, "milestones": [-1]}, {"targets": ["target"], "milestones[0]": []}),
    ({"where": {"colour": "red", "regio": "x"}}, {"where": ["source"], "where#2": ["region"]}),
    ({"stat": "p90"}, {"stat": []}),
    ({"stat": "median"}, {"stat": []}),
    ({"params": {"variant": "value", "models": 1}}, {"params.variant": [], "params.models": []}),
    ({"kpi": "win_rate", "params": {"variant": "valu"}}, {"params.variant": ["value"]}),
    ({"kpi": "win_rate", "params": {"varint": "value"}}, {"params.varint": ["variant"]}),
    ({"target": {"amount": "5", "currency": "EUR"}}, {"target": []}),
    ({"period": None}, {"period": []}),
    ({"period": "mont"}, {"period": []}),
    ({"kpi": "crm_roi"}, {"kpi": []}),
    ({"start": "2026-01-01", "end": "2026-02-01"}, {"period": []}),
    ({"period": None, "start": "2026-01-01"}, {"end": []}),
    ({"period": None, "end": "2026-01-01"}, {"start": []}),
    ({"period": None, "start": "2026-01-02", "end": "2026-01-01"}, {"end": []}),
    ({"period": None, "start": "2026-02-30", "end": "2026-03-01"}, {"start": []}),
    ({"direction": "atleast", "pace": "seasonal"}, {"direction": [], "pace": []}),
    ({"kpi": "deal_won", "period": None, "direction": "up"}, {"kpi": ["deals_won"], "period": [], "direction": []}),
]


@pytest.mark.parametrize(("members", "expected"), WRONG, ids=lambda value: str(value)[:60])
async def test_every_mistake_is_told_at_once(
    client: httpx.AsyncClient, members: dict[str, Any], expected: dict[str, list[str]]
) -> None:
    answer = await put(client, **members)
    assert answer.status_code == 422, answer.text
    found: dict[str, list[str]] = {}
    for error in answer.json()["errors"]:
        twice = error["parameter"] in found
        found[f"{error['parameter']}#2" if twice else error["parameter"]] = error["nearest"]
    assert {name: [n for n in names[:1] if n in expected.get(name, [])] for name, names in found.items()} == expected


@pytest.mark.parametrize("body", [b"", b"[]", b"5", b'{"kpi": ', b'{"kpi": "\xff"}', b"[" * 100_000])
async def test_a_body_that_is_no_object_is_refused(client: httpx.AsyncClient, body: bytes) -> None:
    assert problems(await client.put("/v1/goals/g", content=body)) == {"body": []}


async def test_an_id_that_cannot_be_one_is_refused(client: httpx.AsyncClient) -> None:
    for name in ("x" * 129, "a%00b"):
        assert problems(await put(client, name)) == {"id": []}
        assert problems(await client.delete(f"/v1/goals/{name}")) == {"id": []}


async def test_who_may_not_set_goals_is_refused_and_who_is_limited_sees_their_own(
    settings: Settings, tmp_path: Path
) -> None:
    made = {
        "admin": make("demo", ["admin"]),
        "reader": make("demo", ["read", "publish"]),
        "ann": make("demo", ["read"], "user:ann"),
    }
    file = tmp_path / "tokens"
    file.write_text("\n".join(line for _, line in made.values()))
    await load(settings, events(STORY), 10)
    limited = settings.model_copy(update={"tokens": str(file)})
    for who, statuses in {
        "admin": [202, 202, 200, 200],
        "reader": [403, 403, 200, 200],
        "ann": [403, 403, 403, 200],
    }.items():
        async with serving(limited, authorization=f"Bearer {made[who][0]}") as client:
            found = [await put(client), await client.delete("/v1/goals/g")]
            found += [await client.get(path) for path in ("/v1/goals", "/v1/goals?scope=user:ann")]
            assert [answer.status_code for answer in found] == statuses, who
            hidden = await client.get("/v1/goals/g?scope=user:ann")
            assert hidden.status_code == 404
            assert (await client.get("/v1/kpis/goal_pace?goal=g&scope=user:ann")).status_code == 422


async def last(settings: Settings) -> Event:
    """The only event that was published."""
    [record] = await published(settings, 1)
    found: Event = json.loads(record.value)
    return found
