"""An emptied Redis and topics of each test's own on the embedded broker."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from redis.asyncio import Redis as Client

from crmpulse.embedded import Redis, Tansu
from crmpulse.settings import Settings
from streams.topics import LARGEST_LETTER_BYTES
from tests.feed import PARTITIONS, Feed, new_topics


@pytest.fixture
async def redis(redis_server: Redis) -> AsyncIterator[Client]:
    """A client of a Redis that was emptied."""
    async with Client(port=redis_server.port) as client:
        await client.flushall()
        yield client


@pytest.fixture
async def settings(tansu_broker: Tansu, redis_server: Redis) -> Settings:
    """Settings of the embedded servers, with topics that exist."""
    return await new_topics(
        kafka=tansu_broker.address, redis=redis_server.address, partitions=PARTITIONS, session_timeout_ms=3000
    )


@pytest.fixture
async def feed(settings: Settings, redis: Client) -> AsyncIterator[Feed]:
    """What writes and reads the test's topics."""
    as_workers_do: dict[str, Any] = {"compression_type": "lz4", "max_request_size": LARGEST_LETTER_BYTES}
    async with AIOKafkaProducer(bootstrap_servers=settings.kafka, **as_workers_do) as producer:
        yield Feed(settings, redis, producer)
