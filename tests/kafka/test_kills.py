from __future__ import annotations

import asyncio
import logging
import os
import random
import signal
from functools import partial
from pathlib import Path

import pytest
from redis.asyncio import Redis as Client

from crmpulse.settings import Settings
from streams.verify import differences
from tests.kafka.tables import calls, dead_letters, everything, log_end
from tests.load import Load, publish
from tests.workers import Worker, applied, until

pytestmark = pytest.mark.kafka
logger = logging.getLogger(__name__)

KILLS = 10
EVENTS_A_KILL = 6_000


@pytest.fixture
def load() -> Load:
    """A load whose seed is logged, and can be given."""
    seed = int(os.environ.get("CRMPULSE_TEST_SEED", random.randrange(10**6)))
    logger.warning("CRMPULSE_TEST_SEED=%d", seed)
    return Load(seed)


async def test_kills_at_any_instant_count_nothing_twice_and_lose_nothing(
    settings: Settings, redis: Client, load: Load, tmp_path: Path
) -> None:
    with Worker(settings, tmp_path / "a.log") as a, Worker(settings, tmp_path / "b.log") as b:
        for kill in range(KILLS):
            publish(settings.kafka, settings.events_topic, load.items(EVENTS_A_KILL))
            end = await log_end(settings)
            after = load.random.randrange(await applied(redis, settings.partitions), end)
            victim, name = load.random.choice([(a, "a"), (b, "b")])
            await until(partial(passed, redis, settings, after), 60, f"apply {after} of {end}")
            await asyncio.sleep(load.random.random() / 20)
            victim.kill()
            logger.warning("kill %d: %s after %d, at %d of %d", kill, name, after, await applied(redis, 12), end)
            victim.start()
        await until(lambda: everything(redis, settings), 120, "apply the rest")
    assert await differences(settings) == []
    assert await calls(redis) == load.calls
    assert len(await dead_letters(settings)) == load.poison


async def test_who_comes_back_to_a_partition_forgets_what_it_knew_of_it(
    settings: Settings, redis: Client, load: Load, tmp_path: Path
) -> None:
    with Worker(settings, tmp_path / "a.log") as a, Worker(settings, tmp_path / "b.log") as b:
        await until(lambda: are_sharing(a, b), 30, "share the partitions")
        await apply_more(redis, settings, load)
        a.send(signal.SIGSTOP)
        await apply_more(redis, settings, load)
        b.terminate()
        a.send(signal.SIGCONT)
        await apply_more(redis, settings, load)
    assert await differences(settings) == []


async def test_a_worker_that_was_paused_for_longer_than_its_session_writes_nothing_any_more(
    settings: Settings, redis: Client, load: Load, tmp_path: Path
) -> None:
    with Worker(settings, tmp_path / "a.log") as a, Worker(settings, tmp_path / "b.log") as b:
        await until(lambda: are_sharing(a, b), 30, "share the partitions")
        publish(settings.kafka, settings.events_topic, load.items(20_000))
        before = await applied(redis, settings.partitions)
        await until(lambda: passed(redis, settings, before + 500), 30, "be under load")
        a.send(signal.SIGSTOP)
        await until(lambda: everything(redis, settings), 60, "have the other one take over")
        publish(settings.kafka, settings.events_topic, load.items(5_000))
        a.send(signal.SIGCONT)
        await until(lambda: everything(redis, settings), 60, "apply the rest")
        assert a.said("the tables moved") + a.said("FENCED") > 0
    assert await differences(settings) == []


async def test_a_worker_under_load_ends_in_order_within_ten_seconds(
    settings: Settings, redis: Client, load: Load, tmp_path: Path
) -> None:
    publish(settings.kafka, settings.events_topic, load.items(50_000))
    with Worker(settings, tmp_path / "a.log") as a:
        await until(lambda: passed(redis, settings, 2_000), 30, "be under load")
        assert a.terminate() < 10
        assert a.process.returncode == 0
    assert not await everything(redis, settings)
    assert await differences(settings) == []


async def apply_more(redis: Client, settings: Settings, load: Load) -> None:
    publish(settings.kafka, settings.events_topic, load.items(5_000))
    await until(lambda: everything(redis, settings), 60, "apply 5000 events")


async def are_sharing(*workers: Worker) -> bool:
    return all(worker.said("claimed") for worker in workers)


async def passed(redis: Client, settings: Settings, count: int) -> bool:
    return await applied(redis, settings.partitions) >= count
