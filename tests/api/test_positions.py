"""Reads that wait until the tables include what was published."""

from __future__ import annotations

import asyncio

import httpx
import msgspec
import pytest
from redis.asyncio import Redis

from aggregators.tables import shard
from api import positions
from api.positions import Position, position
from crmpulse.settings import Settings
from events import partition_for
from streams import layout
from streams.forwarding import positions_key
from streams.layout import Layout
from streams.mark import Mark
from streams.topics import create_copy
from tests.api.serving import event, send, service_of

OWN = partition_for("demo", 4)


async def apply(redis: Redis, offset: int) -> None:
    """Say that the tables include an offset."""
    await redis.set(f"{shard(OWN)}:mark", Mark(offset + 1).packed())


async def ask(client: httpx.AsyncClient, after: str) -> httpx.Response:
    return await client.get("/v1/kpis/calls_made", params={"after": after})


async def test_what_is_included_does_not_wait(client: httpx.AsyncClient) -> None:
    await apply(service_of(client).redis, 7)
    assert (await ask(client, f"{OWN}:7")).status_code == 200


async def test_an_answer_comes_when_the_tables_include_the_position(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    redis = service_of(client).redis
    asked = asyncio.Event()
    poll = positions.Marks._poll

    async def noted(marks: positions.Marks) -> None:
        asked.set()
        await poll(marks)

    monkeypatch.setattr(positions.Marks, "_poll", noted)
    waiting = [asyncio.create_task(ask(client, f"{OWN}:{offset}")) for offset in (5, 6, 7)]
    await asked.wait()
    await layout.agree(redis, 4)
    await apply(redis, 5)
    assert (await waiting[0]).status_code == 200
    assert not waiting[2].done()
    await apply(redis, 7)
    assert [(await each).status_code for each in waiting[1:]] == [200, 200]


async def test_a_position_that_does_not_come_is_given_up(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(positions, "WAIT_SECONDS", 0.05)
    answer = await ask(client, f"{OWN}:0")
    assert (answer.status_code, answer.json()["type"]) == (504, "urn:crmpulse:problem:not-yet")
    assert not any(service_of(client).marks.waiting.values())


async def test_a_position_of_a_former_topic_is_included_once_it_was_forwarded_and_counted(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(positions, "WAIT_SECONDS", 0.2)
    at = service_of(client)
    topic, moved = at.settings.events_topic, partition_for("demo", 9)
    await at.redis.set(layout.KEY, msgspec.json.encode(Layout(2, 9, topic=f"{topic}.2", former=(topic,))))
    assert (await ask(client, f"{OWN}:7")).status_code == 504
    await at.redis.hset(positions_key(2, topic), mapping={str(OWN): 8, f">{moved}": 31})
    assert (await ask(client, f"{OWN}:7")).status_code == 504
    await at.redis.set(f"{shard(moved, 2)}:mark", Mark(31).packed())
    assert (await ask(client, f"{OWN}:7")).status_code == 200
    assert (await ask(client, f"{OWN}:8")).status_code == 504
    assert (await ask(client, f"{moved}:30:2")).status_code == 200
    assert (await ask(client, f"{moved}:30:3")).status_code == 422


async def test_events_are_published_to_the_topic_that_the_tables_are_made_of(client: httpx.AsyncClient) -> None:
    at = service_of(client)
    at.publisher.current.asked_at = -positions.WAIT_SECONDS
    topic = f"{at.settings.events_topic}.2"
    await create_copy(at.settings, topic, 9)
    await at.redis.set(layout.KEY, msgspec.json.encode(Layout(2, 9, topic=topic, former=(at.settings.events_topic,))))
    answer = await send(client, event())
    assert answer.json() == {"accepted": 1, "position": f"{partition_for('demo', 9)}:0:2"}
    assert len((await client.get("/v1/status")).json()["partitions"]) == 9


@pytest.mark.parametrize("after", ["", "7", "7:", ":7", "a:b", "-1:7", "7:1.5", "7:1:2", "७:१", f"{(OWN + 1) % 4}:0"])
async def test_a_position_is_one_of_the_organisation(client: httpx.AsyncClient, after: str) -> None:
    answer = await ask(client, after)
    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (422, "after")


async def test_who_waits_is_told_that_redis_went_away(settings: Settings) -> None:
    class Away:
        async def get(self, key: str) -> None:
            return None

        async def mget(self, keys: list[str]) -> None:
            raise ConnectionError("gone")

    marks = positions.Marks(Away(), settings)  # type: ignore[arg-type]
    waiting = [asyncio.create_task(marks.include("demo", Position(OWN, offset))) for offset in (1, 2)]
    for result in await asyncio.gather(*waiting, return_exceptions=True):
        assert isinstance(result, ConnectionError)


def test_a_position_is_read_as_it_is_written() -> None:
    for one in (Position(7, 1234), Position(7, 1234, 2)):
        assert position(str(one)) == one
