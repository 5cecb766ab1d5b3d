from __future__ import annotations

import pytest
from redis.asyncio import Redis as Client

from crmpulse.settings import CannotStartError
from streams.connection import require_no_eviction


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl"])
async def test_a_redis_that_may_drop_keys_is_refused(redis: Client, policy: str) -> None:
    await require_no_eviction(redis)
    await redis.config_set("maxmemory-policy", policy)
    try:
        with pytest.raises(CannotStartError, match=f"maxmemory-policy is {policy}.*set maxmemory-policy to noeviction"):
            await require_no_eviction(redis)
    finally:
        await redis.config_set("maxmemory-policy", "noeviction")
