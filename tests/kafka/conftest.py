"""An emptied Redis and topics of each test's own on Apache Kafka."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis as Client

from crmpulse.embedded import Redis
from crmpulse.settings import Settings
from tests.feed import new_topics
from tests.services import Kafka


@pytest.fixture
async def settings(kafka_server: Kafka, redis_server: Redis) -> Settings:
    """A short session, so that a kill is soon noticed, and batches that a kill can hit."""
    return await new_topics(
        kafka=kafka_server.address, redis=redis_server.address, session_timeout_ms=3000, batch_records=500
    )


@pytest.fixture
async def redis(redis_server: Redis) -> AsyncIterator[Client]:
    """A client of a Redis that was emptied."""
    async with Client(port=redis_server.port) as client:
        await client.flushall()
        yield client
