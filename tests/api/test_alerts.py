"""Alerts over HTTP: who sees which, under which names, and who acknowledged them first."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from aggregators.ledger import Entry, encode
from aggregators.tables import org_keys, shard
from api.auth import make
from crmpulse.settings import Settings
from events import partition_for
from tests.api.serving import service_of, serving
from tests.api.test_openapi import operations, valid
from tests.loading import PARTITIONS, load
from tests.telling import events

KEYS = org_keys(shard(partition_for("demo", PARTITIONS)), "demo")
HISTORY = """
01-01 user.updated ann name=Ann team_id=west
01-01 user.updated bob team_id=south manager_id=boss
01-01 team.updated west manager_id=wes name=West
01-01 team.updated south parent_id=west
01-02 deal.created 1 owner_id=ann name=Big
01-02 deal.created 2 owner_id=ann
01-03 record.owner_changed deal/2 new_owner=bob
01-02 task.created 3 team_id=east name=Call
01-02 goal.set q1 name=Quarter kpi=deals_won assignee=team:west period=quarter target=1
"""
ENTRIES = (
    Entry("a1", "deal_lost", "deal/1", 1_000, 5_000, "ann", None, "wes", {"lost_reason": "price"}),
    Entry("a2", "deal_has_problems", "deal/2", 2_000, 5_000, "ann", None, "wes"),
    Entry("a3", "task_overdue", "task/3", 3_000, 5_000, None, "east"),
    Entry("a4", "deal_lost", "deal/2", 1_500, 5_000, "ann", None, "wes", resolved_ms=6_000),
    Entry("a5", "goal_off_pace", "goal/q1", 4_000, 5_000, None, "west", "wes", 0.5),
)  # fmt: skip


async def written(settings: Settings) -> None:
    """A history, and the ledger of its alerts."""
    await load(settings, events(HISTORY), 100)
    async with Redis.from_url(f"redis://{settings.redis}") as redis:
        await redis.hset(KEYS.alerts, mapping={entry.id: encode(entry) for entry in ENTRIES})


@pytest.fixture
async def ledger(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a service with alerts."""
    await written(settings)
    async with serving(settings) as client:
        yield client


async def asked(client: httpx.AsyncClient, **params: str) -> list[dict[str, Any]]:
    answer = await client.get("/v1/alerts", params=params)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["alerts"]
    return found


def ids(found: list[dict[str, Any]]) -> list[str]:
    return [each["id"] for each in found]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, ["a5", "a3", "a2", "a4", "a1"]),
        ({"state": "firing"}, ["a5", "a3", "a2", "a1"]),
        ({"state": "resolved"}, ["a4"]),
        ({"rule": "deal_lost"}, ["a4", "a1"]),
        ({"scope": "user:ann"}, ["a4", "a1"]),
        ({"scope": "user:bob"}, ["a2"]),
        ({"scope": "team:south"}, ["a2"]),
        ({"scope": "team:west", "state": "firing"}, ["a5", "a2", "a1"]),
        ({"scope": "team:east"}, ["a3"]),
        ({"scope": "org", "rule": "task_overdue"}, ["a3"]),
        ({"scope": "", "state": "resolved"}, ["a4"]),
        ({"org": "nobody"}, []),
    ],
)
async def test_alerts_are_of_who_owns_the_record_now_or_did_when_they_resolved(
    ledger: httpx.AsyncClient, params: dict[str, str], expected: list[str]
) -> None:
    assert ids(await asked(ledger, **params)) == expected


async def test_alerts_come_in_pages_that_together_are_all(ledger: httpx.AsyncClient) -> None:
    pages, cursor = [], "0"
    while cursor:
        told = (await ledger.get("/v1/alerts", params={"limit": "2", "cursor": cursor})).json()
        assert told["total"] == 5
        pages.append(ids(told["alerts"]))
        cursor = told.get("cursor")
    assert pages == [["a5", "a3"], ["a2", "a4"], ["a1"]]


async def test_an_alert_is_told_with_the_names_of_now(ledger: httpx.AsyncClient) -> None:
    found = {each["id"]: each for each in await asked(ledger)}
    assert found["a1"] == {
        "id": "a1", "rule": "deal_lost", "record": "deal/1", "name": "Big", "owner_id": "ann", "owner_name": "Ann",
        "manager_id": "wes", "since": "1970-01-01T00:00:01Z", "value": {"lost_reason": "price"}, "state": "firing",
        "fired_at": "1970-01-01T00:00:05Z",
    }  # fmt: skip
    assert (found["a2"]["owner_name"], found["a2"]["manager_id"]) == ("bob", "boss")
    assert (found["a3"]["owner_id"], found["a3"]["name"]) == (None, "Call")
    assert found["a4"]["resolved_at"] == "1970-01-01T00:00:06Z"
    assert (found["a5"]["name"], found["a5"]["manager_id"]) == ("Quarter", "wes")


async def test_a_name_that_was_erased_is_not_told(settings: Settings) -> None:
    await load(settings, events(f"{HISTORY}\n02-01 record.deleted deal/1 reason=privacy"), 100)
    async with Redis.from_url(f"redis://{settings.redis}") as redis:
        await redis.hset(KEYS.alerts, "a1", encode(ENTRIES[0]))
    async with serving(settings) as client:
        [found] = await asked(client)
    assert found["name"] is None


@pytest.mark.parametrize(
    ("path", "parameter", "nearest"),
    [("?state=fired", "state", ["firing"]), ("?rule=task_overdu", "rule", ["task_overdue"]), ("?stat=firing", "stat", ["state"]),
     ("?scope=west", "scope", ["org"]), ("?limit=0", "limit", []), ("?cursor=a5", "cursor", [])],
)  # fmt: skip
async def test_what_cannot_be_asked_is_named_with_the_nearest(
    ledger: httpx.AsyncClient, path: str, parameter: str, nearest: list[str]
) -> None:
    answer = await ledger.get(f"/v1/alerts{path}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == parameter
    assert answer.json()["errors"][0]["nearest"][:1] == nearest


async def test_the_first_to_acknowledge_is_kept_and_readers_notice(ledger: httpx.AsyncClient) -> None:
    redis = service_of(ledger).redis
    before = await redis.get(KEYS.alert_changes)
    first, again = [(await ledger.post("/v1/alerts/a1/ack", json={"by": by})).json() for by in ("ann", "bob")]
    assert first == again == next(each for each in await asked(ledger) if each["id"] == "a1")
    assert first["acknowledged_by"] == "ann"
    assert first["acknowledged_at"] > "2026"
    assert int(await redis.get(KEYS.alert_changes) or 0) == int(before or 0) + 1


async def test_of_many_who_acknowledge_at_once_all_hear_the_same_name(ledger: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(ledger.post("/v1/alerts/a1/ack", json={"by": f"u{n}"}) for n in range(10)))
    assert len({answer.json()["acknowledged_by"] for answer in answers}) == 1


@pytest.mark.parametrize("alert", ["none", "a1:ack", "a1%3Aack", ""])
async def test_an_alert_that_is_not_known_is_not_found(ledger: httpx.AsyncClient, alert: str) -> None:
    await ledger.post("/v1/alerts/a1/ack", json={"by": "ann"})
    assert (await ledger.post(f"/v1/alerts/{alert}/ack", json={"by": "ann"})).status_code == 404


@pytest.mark.parametrize(
    "body", ["", "{}", '{"by": null}', '{"by": ""}', '{"by": 1}', '{"bye": "ann"}', "[", '{"by": "a\\u0000"}']
)
async def test_who_acknowledges_has_to_be_said(ledger: httpx.AsyncClient, body: str) -> None:
    answer = await ledger.post("/v1/alerts/a1/ack", content=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] in {"by", "body"}


async def test_a_body_that_is_too_large_is_refused(ledger: httpx.AsyncClient) -> None:
    assert (await ledger.post("/v1/alerts/a1/ack", content=b" " * 5_000)).status_code == 413


async def test_who_is_limited_sees_and_acknowledges_only_what_is_theirs(settings: Settings, tmp_path: Path) -> None:
    await written(settings)
    file = tmp_path / "tokens"
    (user, one), (team, other), (writer, third) = (
        make("demo", ["read"], "user:ann"), make("demo", ["read"], "team:south"), make("demo", ["publish"]),
    )  # fmt: skip
    file.write_text(f"{one}\n{other}\n{third}")
    limited = settings.model_copy(update={"tokens": str(file)})

    async def ask(token: str, method: str, path: str, **more: Any) -> httpx.Response:
        return await client.request(method, f"/v1/alerts{path}", headers={"authorization": f"Bearer {token}"}, **more)

    async with serving(limited) as client:
        assert (await ask(user, "GET", "")).status_code == 403
        assert ids((await ask(user, "GET", "?scope=user:ann&state=firing")).json()["alerts"]) == ["a1"]
        assert (await ask(user, "POST", "/a2/ack")).status_code == 404
        assert (await ask(user, "POST", "/a1/ack", json={"by": "bob"})).json()["acknowledged_by"] == "ann"
        assert (await ask(team, "POST", "/a1/ack", json={"by": "x"})).status_code == 404
        assert (await ask(team, "POST", "/a2/ack")).status_code == 422
        assert (await ask(team, "POST", "/a2/ack", json={"by": "wes"})).json()["acknowledged_by"] == "wes"
        assert (await ask(writer, "GET", "")).status_code == 403


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/alerts"), ("POST", "/v1/alerts/{id}/ack")])
async def test_answers_keep_to_the_reference(ledger: httpx.AsyncClient, method: str, path: str) -> None:
    document = (await ledger.get("/openapi.json")).json()
    answer = await ledger.request(method, path.format(id="a1"), content=json.dumps({"by": "ann"}))
    told = operations(document)[f"{method} {path}"]["responses"]["200"]["content"]["application/json"]
    valid(document, answer.json(), told["schema"])
