"""Events into real Redis through the partition writer, each batch at an instant that a test says, without a broker."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka.structs import ConsumerRecord
from redis.asyncio import Redis

from aggregators.tables import begun
from crmpulse.settings import Settings
from events import instant_ns, partition_for
from streams import layout
from streams.commit import Store
from streams.connection import connect
from streams.partition import Partition
from streams.records import HISTORY
from tests.loading import PARTITIONS, Event, NoProducer
from tests.telling import ORG, events, instant

PAST = ((HISTORY, b"1"),)


class Letters(NoProducer):
    """Acknowledges what is published, at once."""

    async def send(self, *args: object, **kwargs: object) -> Any:
        return done()


async def done() -> None:
    """What a broker says that has it."""


class Committing:
    """The writer of an organisation's partition, from its first record on; `writer.clock_ms` is set for each batch."""

    def __init__(self, settings: Settings, redis: Redis, org: str = ORG) -> None:
        self.settings, self.redis, self.org = settings, redis, org
        self.log: list[ConsumerRecord] = []

    async def begin(self) -> None:
        """Begin the tables, long ago."""
        number = partition_for(self.org, PARTITIONS)
        await layout.agree(self.redis, PARTITIONS, self.settings.enable)
        self.writer = Partition(number, PARTITIONS, self.settings, Store(self.redis, "test"), Letters())
        await self.redis.set(begun(self.writer.prefix), 0)
        await self.writer.claim(0)

    async def commit(self, at: str | int, told: str | Sequence[Event | bytes], **more: Any) -> None:
        """Apply a history, or events and values, as one batch that is committed at an instant."""
        at_ms = instant_ns(instant(at)) // 1_000_000 if isinstance(at, str) else at
        self.writer.clock_ms = lambda: at_ms
        said = events(told, self.org) if isinstance(told, str) else told
        end = len(self.log)
        self.log += [self._record(end + number, one, at_ms, **more) for number, one in enumerate(said)]
        start = max(0, end - 1)  # a writer that has claimed its partition wants to see the last record applied
        await self.writer.apply(start, self.log[start:])

    def _record(self, offset: int, said: Event | bytes, at_ms: int, **more: Any) -> ConsumerRecord:
        value = said if isinstance(said, bytes) else json.dumps(said).encode()
        key, headers = more.get("key", self.org.encode()), more.get("headers", ())
        appended_ms = more.get("appended_ms", at_ms)
        return ConsumerRecord(
            "crm.events", self.writer.number, offset, appended_ms, 1, key, value, 0, 0, len(value), headers
        )

    async def ledger(self) -> set[str]:
        """The keys of the ledger of freshness."""
        return {key.decode() async for key in self.redis.scan_iter("*:fresh*")}


@asynccontextmanager
async def committing(settings: Settings, org: str = ORG) -> AsyncIterator[Committing]:
    """A writer of an organisation in an emptied Redis."""
    redis = connect(settings)
    try:
        await redis.flushall()
        found = Committing(settings, redis, org)
        await found.begin()
        yield found
    finally:
        await redis.aclose()
