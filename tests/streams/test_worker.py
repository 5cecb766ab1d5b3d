from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis as Client

from crmpulse.embedded import Redis, Tansu
from crmpulse.settings import Settings
from streams import layout, topics
from streams.verify import differences
from tests.feed import HOME, PARTITIONS, Feed, event, new_topics
from tests.load import Load, publish
from tests.workers import CRMPULSE, Worker, applied, crmpulse, until

ACME, GLOBEX, STARK = HOME


class Hasty(Worker):
    """A worker that has no time to stop in order."""

    command = sys.executable, "-c", f"from streams import worker; worker.STOP_SECONDS = 0; {CRMPULSE[-1]}"


async def reached(redis: Client, count: int) -> bool:
    return await applied(redis, PARTITIONS) >= count


async def test_a_worker_counts_what_it_can_and_publishes_the_rest(feed: Feed, tmp_path: Path) -> None:
    await feed.publish(0, event(ACME, 1), event(GLOBEX, 1), b"poison")
    await feed.publish(2, event(STARK, 1))
    home = tmp_path / "home"
    home.mkdir()
    with Worker(feed.settings, tmp_path / "log", home) as worker:
        await until(lambda: reached(feed.redis, 5), 30, "apply four records and a copy")
        await feed.publish(0, event(ACME, 2), event(ACME, 3))
        await until(lambda: reached(feed.redis, 7), 10, "apply two more")
        assert worker.terminate() < 10
        assert worker.process.returncode == 0
    assert await feed.row("{1.p0}:acme:u:u1:d:20260105") == {"activities_completed": 3, "calls_made": 3, "touches": 3}
    assert [record.value for record in await feed.records(0, feed.settings.dead_letters_topic)] == [b"poison"]
    assert await differences(feed.settings) == []
    assert not list(home.iterdir())  # it may be read-only, as in a container


@pytest.mark.parametrize("policy", ["allkeys-lru"])
async def test_a_worker_does_not_start_where_redis_may_drop_keys(feed: Feed, tmp_path: Path, policy: str) -> None:
    await feed.redis.config_set("maxmemory-policy", policy)
    try:
        with Worker(feed.settings, tmp_path / "log") as worker:
            assert worker.process.wait(30) == 2
    finally:
        await feed.redis.config_set("maxmemory-policy", "noeviction")
    assert worker.said("set maxmemory-policy to noeviction")


async def test_a_worker_does_not_start_without_topics_and_makes_none(feed: Feed, tmp_path: Path) -> None:
    elsewhere = feed.settings.model_copy(update={"events_topic": "nowhere"})
    with Worker(elsewhere, tmp_path / "log") as worker:
        assert worker.process.wait(30) == 2
    assert worker.said("There is no topic nowhere in Kafka: run crmpulse topics first.")
    assert await topics.partitions(elsewhere) == 0


async def test_a_worker_does_not_start_on_tables_of_another_number_of_partitions(feed: Feed, tmp_path: Path) -> None:
    await layout.agree(feed.redis, PARTITIONS + 1)
    with Worker(feed.settings, tmp_path / "log") as worker:
        assert worker.process.wait(30) == 2
    assert worker.said("the tables in Redis are for 4 partitions, and the events topic has 3")


@pytest.fixture
async def forgetful(tansu_broker: Tansu) -> AsyncIterator[tuple[Redis, Settings]]:
    """A Redis of the test's own that knows after a crash what it knew when it was last saved, and topics."""
    with Redis() as server:
        yield (
            server,
            await new_topics(
                kafka=tansu_broker.address,
                redis=server.address,
                partitions=PARTITIONS,
                session_timeout_ms=3000,
                batch_records=200,
            ),
        )


async def test_a_redis_that_crashed_and_went_back_is_caught_up(
    forgetful: tuple[Redis, Settings], tmp_path: Path
) -> None:
    server, settings = forgetful
    items = list(Load(3, orgs=10, partitions=PARTITIONS).items(12_000))
    await asyncio.to_thread(publish, settings.kafka, settings.events_topic, items)
    async with Client(port=server.port) as redis:
        with Worker(settings, tmp_path / "log") as worker:
            await until(lambda: reached(redis, 1_000), 30, "apply 1000")
            await redis.save()
            await until(lambda: reached(redis, 4_000), 30, "apply 4000")
            server.kill()
            server.start()
            assert await applied(redis, PARTITIONS) < 4_000
            await until(lambda: reached(redis, 12_000), 60, "apply all")
    assert worker.said("answer=BEHIND")
    assert await differences(settings) == []


async def test_a_worker_begins_anew_where_the_topic_has_changed_though_it_cannot_stop_in_order(
    feed: Feed, tmp_path: Path
) -> None:
    await feed.publish(0, *(event(ACME, number) for number in range(20)))
    with Hasty(feed.settings, tmp_path / "log") as worker:
        await until(lambda: reached(feed.redis, 20), 30, "apply all")
        assert await crmpulse(feed.settings, "rebuild", "--partitions", "5") == 0
        await feed.publish(0, event(ACME, 20))
        await until(lambda: reached(feed.redis, 21), 60, "apply what came to the old topic")
        assert worker.process.poll() is None
    assert worker.said("stopping takes too long") == 1
    assert await differences(feed.settings) == []
