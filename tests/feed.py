"""Topics of a test's own, what publishes to them and reads them, and partition writers without a worker around them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy
from aiokafka.structs import ConsumerRecord
from redis.asyncio import Redis

from crmpulse.settings import Settings
from streams import layout, log, topics
from streams.commit import Store
from streams.log import Log
from streams.partition import Partition

PARTITIONS = 3
HOME = ("acme", "globex", "stark")
"""An organisation of each partition."""


def event(org: str, number: int, kind: str = "call.logged", subject: str = "", **data: Any) -> bytes:
    """An event, an outbound call of `u1` where nothing else is said."""
    whole = {
        "specversion": "1.0", "id": str(number), "source": "/test", "type": f"crm.{kind}", "orgid": org, "actorid": "u1",
        "subject": subject or f"call/{number}", "time": "2026-01-05T10:00:00Z", "data": data or {"direction": "outbound"},
    }  # fmt: skip
    return json.dumps(whole).encode()


class Name(str):
    """The name of a header that is these bytes, which need not be UTF-8; only aiokafka's encoder in Python takes it."""

    def __new__(cls, raw: bytes) -> Name:
        return super().__new__(cls, raw.decode(errors="replace"))

    def __init__(self, raw: bytes) -> None:
        self.raw = raw

    def encode(self, *_: object) -> bytes:
        return self.raw


class Named(NamedTuple):
    """A record with a header of each of these names; one without a value has no key either."""

    value: bytes | None
    names: tuple[bytes, ...] = ()


def encoder(codec: int, records: Iterable[Named]) -> Any:
    """A builder of a batch with these records, compressed by Kafka's number of a codec (0 is none)."""
    builder = _DefaultRecordBatchBuilderPy(2, codec, 0, -1, -1, 0, 1 << 20)
    for offset, (value, names) in enumerate(records):
        assert builder.append(offset, 1, None if value is None else b"k", value, [(Name(name), b"1") for name in names])
    return builder


async def publish_named(
    producer: AIOKafkaProducer, topic: str, partition: int, codec: int, records: Sequence[Named]
) -> None:
    """Publish records as one batch."""
    batch = producer.create_batch()
    batch._builder, batch._relative_offset = encoder(codec, records), len(records)
    await (await producer.send_batch(batch, topic, partition=partition))


class Feed:
    """The topics of a test, and what writes and reads them."""

    def __init__(self, settings: Settings, redis: Redis, producer: AIOKafkaProducer) -> None:
        self.settings = settings
        self.redis = redis
        self.producer = producer

    async def publish(self, partition: int, *values: bytes | None, **more: Any) -> None:
        """Publish values to a partition of the events topic, with a key or headers where given."""
        more = {"key": b"k", **more}
        for value in values:
            await self.producer.send_and_wait(self.settings.events_topic, value, partition=partition, **more)

    async def records(self, partition: int, topic: str = "") -> list[ConsumerRecord]:
        """All records of a partition, of the events topic where no other is named."""
        async with log.consumer(self.settings) as reader:
            whole = Log(reader, topic or self.settings.events_topic, partition)
            await whole.open()
            return [record async for records in whole.rest() for record in records]

    async def writer(self, number: int, owner: str = "a") -> Partition:
        """A writer that has claimed a partition."""
        await layout.agree(self.redis, PARTITIONS, self.settings.enable)
        writer = Partition(number, PARTITIONS, self.settings, Store(self.redis, owner), self.producer)
        await writer.claim(0)
        return writer

    async def apply(self, number: int) -> Partition:
        """Apply all records of a partition that were not applied yet."""
        writer = await self.writer(number)
        await writer.apply(max(0, writer.next - 1), (await self.records(number))[max(0, writer.next - 1) :])
        return writer

    async def text(self, key: str) -> str:
        """What Redis has at a key, empty where it has nothing."""
        found = await self.redis.get(key) or b""
        return found.decode() if isinstance(found, bytes) else found

    async def row(self, key: str) -> dict[str, int]:
        """A row of the tables."""
        found: dict[str, int] = json.loads(await self.text(key) or "{}")
        return found


async def new_topics(**values: Any) -> Settings:
    """Settings with topics and a group of their own, which exist."""
    name = uuid.uuid4().hex
    named = {kind: f"{kind}-{name}" for kind in ("events_topic", "dead_letters_topic", "alerts_topic", "group")}
    made = Settings.model_validate(named | values)
    assert await topics.ensure_topics(made) == []
    return made
