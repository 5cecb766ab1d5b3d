"""Histories that nobody would call nice, told, for the tests of a module together."""

from collections.abc import AsyncIterator
from random import Random

import pytest
import pytest_asyncio

from crmpulse.embedded import Redis
from tests.histories import history
from tests.telling import Told, telling


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=range(2), ids=lambda seed: f"history {seed}")
async def told(request: pytest.FixtureRequest, redis_server: Redis) -> AsyncIterator[Told]:
    """Two generated histories."""
    async with telling(redis_server, history(Random(request.param), size=250), batch=60) as asking:
        assert await asking.value("deals_created")
        yield asking
