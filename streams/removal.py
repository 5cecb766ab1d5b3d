"""Removing the tables that no layout points to: those that a rebuild replaced, and what one that died has left."""

import asyncio
import re

import structlog
from redis.asyncio import Redis

MATCH = "{*.p*}:*"
_KEY = re.compile(rb"\{(\d+)\.p\d+\}:(.+)", re.DOTALL)
CHUNK = 500
REST_SECONDS = 0.005
"""Between two steps: workers and readers go on meanwhile."""

KEPT = (b"owner", b"mark")
"""What tells those who come late that the tables were closed, and how far they were."""

log = structlog.get_logger("crmpulse.rebuild")


async def remove_others(redis: Redis, layout: int) -> None:
    """Remove the tables of all layouts but one, in small steps."""
    chunk: list[bytes] = []
    removed = 0
    async for key in redis.scan_iter(match=MATCH, count=CHUNK):
        found = _KEY.fullmatch(key)
        if found and int(found[1]) != layout and (int(found[1]) > layout or found[2] not in KEPT):
            chunk.append(key)
        if len(chunk) == CHUNK:
            removed += await _removed(redis, chunk)
            chunk = []
    removed += await _removed(redis, chunk)
    if removed:
        log.info("removed old tables", keys=removed)


async def _removed(redis: Redis, keys: list[bytes]) -> int:
    if keys:
        await redis.unlink(*keys)
        await asyncio.sleep(REST_SECONDS)
    return len(keys)
