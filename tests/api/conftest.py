"""The API against the embedded servers, with topics of each test's own."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator

import httpx
import pytest
import redis.asyncio

from crmpulse.embedded import Redis, Tansu
from crmpulse.settings import Settings
from streams.topics import ensure_topics
from tests.api.serving import serving


@pytest.fixture
async def settings(redis_server: Redis, tansu_broker: Tansu) -> Settings:
    """Settings of a service that has nothing yet: new topics of 4 partitions, and Redis empty."""
    name = uuid.uuid4().hex
    found = Settings(
        kafka=tansu_broker.address,
        redis=redis_server.address,
        partitions=4,
        events_topic=f"{name}.events",
        dead_letters_topic=f"{name}.dead-letters",
        alerts_topic=f"{name}.alerts",
    )
    await ensure_topics(found)
    async with redis.asyncio.Redis(port=redis_server.port) as tables:
        await tables.flushall()
    return found


@pytest.fixture
async def client(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the API without tokens."""
    async with serving(settings) as found:
        yield found
