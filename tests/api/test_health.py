"""How the service says that it is."""

from __future__ import annotations

import httpx
import pytest
from aiokafka import AIOKafkaProducer

from api import health, log, publisher
from crmpulse.embedded import Redis, Tansu
from crmpulse.settings import Settings
from events import partition_for
from streams import layout
from streams.mark import Mark
from streams.topics import ensure_topics
from tests.api.serving import event, send, service_of, serving

OWN = partition_for("demo", 4)


@pytest.fixture(autouse=True)
def every_answer_is_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "FRESH_SECONDS", 0)


async def test_the_lag_is_what_the_tables_have_not_applied(client: httpx.AsyncClient, settings: Settings) -> None:
    for number in range(3):
        await send(client, b"[" + event(id=str(number)) + b"," + event(id=f"{number}b") + b"]")
    redis = service_of(client).redis
    await layout.agree(redis, 4)
    await redis.set(f"{{1.p{OWN}}}:mark", Mark(2).packed())

    told = (await client.get("/v1/status")).json()

    assert told["partitions"][OWN] == {"partition": OWN, "log_end": 6, "applied": 2, "lag": 4}
    assert [partition["partition"] for partition in told["partitions"]] == [0, 1, 2, 3]
    assert (told["lag"], told["dead_letters"]) == (4, 0)
    assert told["kafka"] == {"address": settings.kafka, "answers": True}
    assert told["redis"] == {"address": settings.redis, "answers": True}
    assert told["versions"]["layout"] == 1

    await send(client, event(id="7"))
    assert (await client.get("/v1/status")).json()["partitions"][OWN]["log_end"] == 7


async def test_dead_letters_are_counted(client: httpx.AsyncClient, settings: Settings) -> None:
    async with AIOKafkaProducer(bootstrap_servers=settings.kafka) as producer:
        for _ in range(3):
            await producer.send_and_wait(settings.dead_letters_topic, b"{")
    assert (await client.get("/v1/status")).json()["dead_letters"] == 3
    async with AIOKafkaProducer(bootstrap_servers=settings.kafka) as producer:
        await producer.send_and_wait(settings.dead_letters_topic, b"{")
    assert (await client.get("/v1/status")).json()["dead_letters"] == 4


async def test_the_process_is_alive_and_the_service_ready(client: httpx.AsyncClient) -> None:
    assert (await client.get("/healthz")).json() == {"status": "alive"}
    assert (await client.get("/readyz")).json() == {"status": "ready"}


async def test_too_much_lag_is_not_ready(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "MOST_LAG", 1)
    await send(client, b"[" + event(id="1") + b"," + event(id="2") + b"]")
    answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()["detail"]) == (503, "2 events wait to be counted, more than 1.")


async def test_without_the_broker_it_is_alive_but_not_ready(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "ANSWER_SECONDS", 0.3)
    with Tansu() as broker:
        own = settings.model_copy(update={"kafka": broker.address})
        await ensure_topics(own)
        async with serving(own) as client:
            assert (await client.get("/readyz")).status_code == 200
            broker.stop()
            away = await client.get("/readyz")
            assert (away.status_code, away.json()["type"]) == (503, "urn:crmpulse:problem:unavailable")
            assert away.json()["detail"].startswith("The broker")
            assert (await client.get("/healthz")).status_code == 200
            told = (await client.get("/v1/status")).json()
            assert (told["kafka"]["answers"], told["lag"], told["dead_letters"]) == (False, None, None)


async def test_a_broker_without_the_topics_is_not_ready_and_gets_none_by_being_asked(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher, "RETRY_SECONDS", 0.01)
    async with serving(settings.model_copy(update={"events_topic": f"{settings.events_topic}2"})) as client:
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.post("/v1/events", content=event())).status_code == 503
        await ensure_topics(service_of(client).settings)
        assert (await send(client, event())).status_code == 202
        assert (await client.get("/readyz")).status_code == 200
        assert len((await client.get("/v1/status")).json()["partitions"]) == 4


async def test_without_redis_it_is_alive_but_not_ready(settings: Settings) -> None:
    with Redis() as own:
        async with serving(settings.model_copy(update={"redis": own.address})) as client:
            own.stop()
            away = await client.get("/readyz")
            assert (away.status_code, away.json()["detail"]) == (503, "Redis does not answer.")
            told = (await client.get("/v1/status")).json()
            assert (told["redis"]["answers"], told["lag"]) == (False, None)
            assert [partition["applied"] for partition in told["partitions"]] == [None] * 4
            read = await client.get("/v1/kpis/win_rate")
            assert (read.status_code, read.headers["retry-after"]) == (503, "1")
