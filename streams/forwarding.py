"""Topics that events came from before a rebuild changed the number of partitions, and may come from still.

Publishers need not know that the tables are made of another topic. One worker at a time forwards what comes to a former one;
how far it is stands in Redis. A record may be forwarded twice, which merging makes harmless, and is never left out: the
position moves once the broker has acknowledged the copy.
"""

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord
from redis.asyncio import Redis
from redis.exceptions import RedisError

from crmpulse.settings import Settings
from events import Invalid
from streams import layout, log
from streams.layout import Layout
from streams.records import changes
from streams.republishing import send

KEY = f"{{{layout.KEY}}}:forwarding"
LEASE_MS = 10_000
REST_SECONDS = 1.0
POLL_MS = 200
FAULTS = (RedisError, KafkaError, OSError)

said = structlog.get_logger("crmpulse.worker")

MOVE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
for i = 3, #ARGV, 2 do
  local before = tonumber(redis.call('HGET', KEYS[2], ARGV[i]) or 0)
  if tonumber(ARGV[i + 1]) > before then redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1]) end
end
return 1
"""
"""Positions only grow, and only whoever forwards moves them."""


def positions_key(number: int, topic: str) -> str:
    """Return the key of how far a former topic was forwarded to the one of a layout's generation.

    It is a hash: ``<partition>`` is the offset to forward next, ``><partition>`` the offset after the last copy there.
    """
    return f"{{{layout.KEY}}}:forwarded:{number}:{topic}"


async def begin(redis: Redis, new: Layout, topic: str, offsets: Sequence[int]) -> None:
    """Say from where a topic is to be forwarded once a layout holds."""
    await redis.hset(positions_key(new.generation, topic), mapping={str(n): at for n, at in enumerate(offsets)})


async def hand_over(redis: Redis, before: Layout, after: Layout) -> None:
    """Have topics that were forwarded to one topic be forwarded to another from where they are."""
    for topic in before.former:
        found: Mapping[Any, Any] = await redis.hgetall(positions_key(before.generation, topic))
        offsets = {name: at for name, at in found.items() if not name.startswith(b">")}
        if offsets:
            await redis.hset(positions_key(after.generation, topic), mapping=offsets)


class Forwarding:
    """Forwards what comes to the former topics of a layout, while no other worker does."""

    def __init__(self, settings: Settings, redis: Redis, producer: AIOKafkaProducer, to: Layout) -> None:
        self.settings, self.redis, self.producer, self.to = settings, redis, producer, to
        self.name = uuid.uuid4().hex
        self._move = redis.register_script(MOVE)

    async def run(self) -> None:
        """Forward for ever; faults are waited out."""
        while self.to.former:
            try:
                if await self.redis.set(KEY, self.name, nx=True, px=LEASE_MS):
                    said.info("forwarding former topics", topics=list(self.to.former), to=self.to.topic)
                    async with log.consumer(self.settings) as reader:
                        await self._follow(reader)
            except FAULTS as fault:
                said.warning("cannot forward", error=f"{type(fault).__name__}: {fault}", next="trying again")
            await asyncio.sleep(REST_SECONDS)

    async def _follow(self, reader: AIOKafkaConsumer) -> None:
        """Forward until another worker does."""
        await self._assign(reader)
        held = True
        while held:
            found = await reader.getmany(timeout_ms=POLL_MS, max_records=self.settings.batch_records)
            held = await self._moved("", {})
            for tp, records in found.items():
                ends = await self._forward(records)
                ends[str(tp.partition)] = records[-1].offset + 1
                held = held and await self._moved(tp.topic, ends)

    async def _assign(self, reader: AIOKafkaConsumer) -> None:
        known = await reader._client.fetch_all_metadata()
        tps = [TopicPartition(topic, n) for topic in self.to.former for n in known.partitions_for_topic(topic) or ()]
        reader.assign(tps)
        for tp in tps:
            at = await self.redis.hget(positions_key(self.to.generation, tp.topic), str(tp.partition))
            reader.seek(tp, int(at or 0))

    async def _forward(self, records: Sequence[ConsumerRecord]) -> dict[str, int]:
        """Publish copies; the offsets after the last ones, by the partitions that they went to."""
        sent = []
        for record, change in zip(records, changes(records), strict=True):
            org = "" if isinstance(change, Invalid) else change.org
            sent.append(await send(self.producer, self.to.topic, self.to.partitions, record, org))
        ends: dict[str, int] = {}
        for told in await asyncio.gather(*sent):
            name = f">{told.partition}"
            ends[name] = max(ends.get(name, 0), told.offset + 1)
        return ends

    async def _moved(self, topic: str, ends: Mapping[str, int]) -> bool:
        """Note how far it is; tell whether this worker is the one that forwards."""
        args = [self.name, LEASE_MS, *(part for pair in ends.items() for part in pair)]
        return bool(await self._move(keys=[KEY, positions_key(self.to.generation, topic)], args=args))
