from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest
from redis.asyncio import Redis as Client

from api.query.engine import Engine
from crmpulse.settings import Settings
from streams import layout
from streams.verify import differences
from tests.kafka.tables import calls, dead_letters, everything
from tests.load import Load, producer, publish, send
from tests.workers import Worker, crmpulse, until

pytestmark = pytest.mark.kafka

FIRST_EVENTS = int(os.environ.get("CRMPULSE_TEST_EVENTS", "5000"))
RATE = int(os.environ.get("CRMPULSE_TEST_RATE", "100"))
SECONDS = 120 + FIRST_EVENTS / 500
"""Long enough for any machine to apply them."""
ORG = "org 1"


async def test_a_rebuild_under_load_is_exact_and_no_read_fails_or_goes_back(
    settings: Settings, redis: Client, tmp_path: Path
) -> None:
    load = Load(1)
    publish(settings.kafka, settings.events_topic, load.items(FIRST_EVENTS))
    with Worker(settings, tmp_path / "a.log") as a, Worker(settings, tmp_path / "b.log") as b:
        await until(lambda: everything(redis, settings), SECONDS, "apply the first ones")
        await spoil(redis)
        reading = asyncio.create_task(read(redis, settings))
        with publishing(settings, load):
            assert await crmpulse(settings, "rebuild") == 0
        await until(lambda: everything(redis, settings), SECONDS, "apply the rest")
        reading.cancel()
        assert a.said("the tables were rebuilt") + b.said("the tables were rebuilt") >= 2
    found = await layout.read(redis)
    assert found
    assert found.layout == 2
    assert await differences(settings) == []
    assert await calls(redis) == load.calls
    assert len(await dead_letters(settings)) == load.poison
    assert not reading.done() or reading.cancelled()


async def spoil(redis: Client) -> None:
    """Make a number wrong, as a mistake in an older version would have."""
    [key, *_] = [key async for key in redis.scan_iter("{1.p*}:org%202:o:m:??????", count=5_000)]
    await redis.set(key, '{"calls_made": -1000000}')


async def read(redis: Client, settings: Settings) -> None:
    """Ask for a number again and again, as a page does; none is less than the one before it."""
    engine, before = Engine(redis, settings), 0
    while True:
        found = (await engine.kpi(ORG, "calls_made", {"window": ["all"]}))["value"]
        assert found >= before, f"{found} after {before}"
        before = found
        await asyncio.sleep(0.02)


@contextmanager
def publishing(settings: Settings, load: Load) -> Iterator[None]:
    """Publish so many events a second until the end of the `with`."""
    ended, kept = Event(), producer(settings.kafka)

    def publish_more() -> None:
        due = time.monotonic()
        while not ended.wait(due - time.monotonic()):
            send(kept, settings.events_topic, load.items(RATE // 10))
            due += 0.1

    thread = Thread(target=publish_more)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
