from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from redis.asyncio import Redis as Client

from crmpulse.settings import Settings
from streams import layout
from streams.verify import differences
from tests.kafka.tables import calls, dead_letters, everything
from tests.kafka.test_rebuild import FIRST_EVENTS, SECONDS, publishing, read
from tests.load import Load, publish
from tests.workers import Worker, crmpulse, until

pytestmark = pytest.mark.kafka


async def test_another_number_of_partitions_and_back_under_load_is_exact_and_no_read_fails_or_goes_back(
    settings: Settings, redis: Client, tmp_path: Path
) -> None:
    load = Load(1)
    publish(settings.kafka, settings.events_topic, load.items(FIRST_EVENTS))
    with Worker(settings, tmp_path / "a.log") as a, Worker(settings, tmp_path / "b.log") as b:
        await until(lambda: everything(redis, settings), SECONDS, "apply the first ones")
        reading = asyncio.create_task(read(redis, settings))
        for number in (2 * settings.partitions, settings.partitions):
            with publishing(settings, load):
                assert await crmpulse(settings, "rebuild", "--partitions", f"{number}") == 0
            await until(lambda: counted(redis, load), SECONDS, f"count all of them with {number} partitions")
        await until(lambda: told(settings, load), SECONDS, "tell the dead letters")
        await until(lambda: moved(a, b), SECONDS, "claim partitions of the third tables, both of them")
        reading.cancel()
    found = await layout.read(redis)
    assert found
    topic = settings.events_topic
    assert (found.layout, found.partitions, found.topic) == (3, settings.partitions, f"{topic}.3")
    assert found.former == (topic, f"{topic}.2")
    assert await differences(settings) == []
    assert not reading.done() or reading.cancelled()


async def counted(redis: Client, load: Load) -> bool:
    """Whether every call counts once, whichever topic it came through."""
    return await calls(redis) == load.calls


async def moved(*workers: Worker) -> bool:
    """Whether each of them goes by the third tables: where little comes, one alone may count all of it before another looks."""
    return all(each.said("layout=3 offset=") for each in workers)


async def told(settings: Settings, load: Load) -> bool:
    """Whether there is a dead letter for each record that cannot be used."""
    return len(await dead_letters(settings)) == load.poison
