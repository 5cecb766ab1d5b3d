"""What Redis and the topics hold after a test on Apache Kafka."""

from __future__ import annotations

import json
from collections import Counter

from aiokafka import AIOKafkaConsumer, TopicPartition
from redis.asyncio import Redis as Client

from crmpulse.settings import Settings
from streams import log
from streams.connection import kafka
from streams.log import Log
from tests.workers import applied


async def everything(redis: Client, settings: Settings) -> bool:
    """Whether all records have been applied."""
    return await applied(redis, settings.partitions) == await log_end(settings)


async def log_end(settings: Settings) -> int:
    """How many records all partitions have."""
    async with AIOKafkaConsumer(**kafka(settings)) as consumer:
        tps = [TopicPartition(settings.events_topic, number) for number in range(settings.partitions)]
        return sum((await consumer.end_offsets(tps)).values())


async def calls(redis: Client) -> Counter[str]:
    """Outbound calls by organisation, as the tables have them."""
    found: Counter[str] = Counter()
    async for key in redis.scan_iter(match="*:o:m:??????", count=5000):
        found[key.decode().split(":")[1].replace("%20", " ")] += json.loads(await redis.get(key) or b"{}").get(
            "calls_made", 0
        )
    return found


async def dead_letters(settings: Settings) -> set[tuple[bytes, ...]]:
    """Where the dead letters came from, each once however often it was published."""
    async with log.consumer(settings) as reader:
        letters = Log(reader, settings.dead_letters_topic, 0)
        await letters.open()
        headers = [dict(record.headers) async for records in letters.rest() for record in records]
    return {(found["topic"], found["partition"], found["offset"]) for found in headers}
