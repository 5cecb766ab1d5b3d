from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.structs import TopicPartition

from streams.topics import ensure_topics
from streams.verify import differences
from tests.faults.driver import begin, run
from tests.faults.scenarios import SCENARIOS, Ground, Scenario
from tests.faults.world import Open, World
from tests.services import Kafka
from tests.workers import until

pytestmark = [pytest.mark.kafka, pytest.mark.faults]
SEED = int(os.environ.get("CRMPULSE_TEST_SEED", "1"))
BY_GROUND = sorted(SCENARIOS, key=lambda scenario: scenario.world)


@pytest.fixture(scope="module")
def world_of(kafka_server: Kafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Scenario], World]]:
    """The world of a scenario, the last one where it is on the same ground."""
    with ExitStack() as stack:
        known: dict[Ground, World] = {}

        def found(scenario: Scenario) -> World:
            if scenario.world not in known:
                stack.pop_all().close()
                known.clear()
                known[scenario.world] = stack.enter_context(
                    begin(scenario, kafka_server, tmp_path_factory.mktemp("world"), SEED)
                )
            return known[scenario.world]

        yield found


@pytest.mark.parametrize("scenario", BY_GROUND, ids=lambda scenario: scenario.name)
def test_nothing_is_lost_or_double(scenario: Scenario, world_of: Callable[[Scenario], World]) -> None:
    outcome = asyncio.run(run(scenario, scenario.short, world_of(scenario)))
    assert outcome.wrong == []


@pytest.fixture
def world(kafka_server: Kafka, tmp_path: Path) -> Iterator[World]:
    """A world with one worker, of its own."""
    scenario = SCENARIOS[0]._replace(world=Ground(workers=1, partitions=2))
    with begin(scenario, kafka_server, tmp_path, SEED) as made:
        yield made


def test_emptied_redis_is_said_aloud_and_filled_again_from_the_log(world: World) -> None:
    async def flushed() -> list[str]:
        async with world.open() as here:
            await here.reach(await here.publish(1_000))
            await here.client.flushall()
            await until(lambda: said(world, "gone from Redis", 2), 60, "halt")
            await here.publish(500)
            assert await here.applied() == 0
            world.workers[0].kill()
            world.workers[0].start()
            return await here.is_exact()

    assert asyncio.run(flushed()) == []


@pytest.mark.parametrize("length", [5, 1_000], ids=["shorter", "longer"])
def test_a_topic_made_anew_under_a_worker_is_said_aloud_and_not_applied(world: World, length: int) -> None:
    async def recreated() -> None:
        async with world.open() as here:
            await here.publish(600)
            await here.settle()
            before = await tables(here)
            await anew(world)
            await here.publish(length)
            await until(lambda: said(world, "made anew or truncated", 2), 30, "halt")
            assert world.restarts == 0
            assert await tables(here) == before
            assert await differences(world.settings) != []

    asyncio.run(recreated())


@pytest.mark.parametrize("killed", [False, True], ids=["frozen worker", "killed worker"])
def test_a_log_that_lost_what_was_not_applied_is_said_aloud(world: World, killed: bool) -> None:
    worker = world.workers[0]

    async def expired() -> None:
        async with world.open() as here:
            await here.publish(600)
            await here.settle()
            # What a worker fetched before it was removed is not lost: it must not run.
            if killed:
                world.resting.add(worker)
            worker.send(signal.SIGKILL if killed else signal.SIGSTOP)
            await here.publish(6_000)
            await drop(world, 2_000)
            if killed:
                worker.start()
            else:
                worker.send(signal.SIGCONT)
            await until(lambda: said(world, "is lost", 2), 120, "halt")
            assert await here.applied() < 2 * 2_000
            assert all("recount" in line for line in await differences(world.settings))

    asyncio.run(expired())


async def said(world: World, words: str, partitions: int) -> bool:
    return world.said(words) >= partitions


async def tables(here: Open) -> dict[bytes, bytes | None]:
    return {key: await here.client.dump(key) async for key in here.client.scan_iter("*:o:*", count=5_000)}


async def anew(world: World) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=world.settings.kafka)
    await admin.start()
    await admin.delete_topics([world.settings.events_topic])
    await admin.close()

    async def created() -> bool:
        return not await ensure_topics(world.settings)

    await until(created, 30, "make the topic anew")


async def drop(world: World, before: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=world.settings.kafka)
    await admin.start()
    parts = [TopicPartition(world.settings.events_topic, number) for number in range(world.settings.partitions)]
    await admin.delete_records({part: RecordsToDelete(before) for part in parts})
    await admin.close()
