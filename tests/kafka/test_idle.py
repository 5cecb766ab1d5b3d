from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import httpx
import pytest
from redis.asyncio import Redis as Client

from crmpulse.embedded import HOST, Redis, free_port
from crmpulse.settings import Settings
from streams import topics
from streams.verify import differences
from tests.feed import new_topics
from tests.kafka.tables import everything
from tests.load import Load, publish
from tests.services import Kafka
from tests.workers import Worker, until

pytestmark = pytest.mark.kafka
PARTITIONS = 2
REBALANCES = 3


@pytest.fixture
async def settings(kafka_server: Kafka, redis_server: Redis) -> Settings:
    """Fewer partitions than workers."""
    return await new_topics(
        kafka=kafka_server.address, redis=redis_server.address, session_timeout_ms=3000, partitions=PARTITIONS
    )


@pytest.fixture
def begin(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Worker]:
    """What starts a worker, with a second instead of Faust's 1,000 after which aiokafka leaves the group where nothing is fetched."""

    def started(name: str) -> Worker:
        return Worker(settings.model_copy(update={"worker_metrics": f"{HOST}:{free_port()}"}), tmp_path / name)

    monkeypatch.setenv("BROKER_MAX_POLL_INTERVAL", "1")
    return started


async def test_a_worker_without_partitions_stays_and_takes_those_that_are_left(
    settings: Settings, redis: Client, begin: Callable[[str], Worker]
) -> None:
    load = Load(1, partitions=PARTITIONS)
    with begin("a") as a, begin("b") as b:
        await until(lambda: are_settled(a, b), 60, "have a partition each")
        with begin("c") as c:
            for without in range(1, 1 + REBALANCES):
                await until(partial(are_without, without, a, b, c), 60, "leave one without partitions")
                await until(lambda: are_settled(a, b, c), 60, "look at what they hold")
                publish(settings.kafka, settings.events_topic, load.items(2_000))
                [idle] = [each for each in (a, b, c) if not holds(each)]
                frozen = load.random.choice([each for each in (a, b, c) if holds(each)])
                frozen.send(signal.SIGSTOP)
                await until(partial(has_taken, idle), 60, "take the partition that is left")
                frozen.send(signal.SIGCONT)
            await until(lambda: everything(redis, settings), 60, "apply all")
            assert [each.process.poll() for each in (a, b, c)] == [None] * 3
    assert await differences(settings) == []


async def test_a_worker_whose_topic_went_away_stays_and_takes_the_partitions_of_the_new_one(
    settings: Settings, redis: Client, begin: Callable[[str], Worker]
) -> None:
    with begin("a") as a:
        await until(partial(has_taken, a), 60, "have all partitions")
        await topics.remove(settings, settings.events_topic)
        await until(partial(are_without, 1, a), 60, "have none")
        await until(lambda: tells_no_lag(a), 60, "look at what it holds")
        await topics.ensure_topics(settings)
        await until(partial(has_taken, a), 30, "notice the new topic")
        publish(settings.kafka, settings.events_topic, Load(1, partitions=PARTITIONS).items(1_000))
        await until(lambda: everything(redis, settings), 60, "apply all")
        assert a.process.poll() is None
    assert await differences(settings) == []


def holds(worker: Worker) -> bool:
    """Whether the last that a worker said of its partitions is that it has some."""
    assert worker.process.poll() is None, "a worker ended"
    told = worker.log.read_text()
    return told.rfind("claimed") > told.rfind("no partitions")


async def has_taken(worker: Worker) -> bool:
    return holds(worker)


async def are_without(times: int, *workers: Worker) -> bool:
    held = [holds(worker) for worker in workers]
    return held.count(False) == 1 and sum(worker.said("no partitions") for worker in workers) >= times


async def are_settled(*workers: Worker) -> bool:
    """Whether each tells the lag of its partitions, and of none that it had."""
    held = [holds(worker) for worker in workers]
    return held.count(True) == PARTITIONS and held == [await tells_lag(worker) for worker in workers]


async def tells_no_lag(worker: Worker) -> bool:
    return not holds(worker) and not await tells_lag(worker)


async def tells_lag(worker: Worker) -> bool:
    async with httpx.AsyncClient() as client:
        with suppress(httpx.ConnectError):
            told = await client.get(f"http://{worker.environment['CRMPULSE_WORKER_METRICS']}/metrics")
            return "crmpulse_partition_lag_records{" in told.text
    return False
