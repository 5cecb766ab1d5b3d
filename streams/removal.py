"""Removing the tables that no layout points to: those that a rebuild replaced, and what one that died has left."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from crmpulse.settings import CannotStartError
from streams import layout
from streams.lease import Lease, LostError

MATCH = "{*.p*}:*"
_KEY = re.compile(rb"\{(\d+)\.p\d+\}:(.+)", re.DOTALL)
CHUNK = 500
REST_SECONDS = 0.005
"""Between two steps: workers and readers go on meanwhile."""

KEPT = (b"owner", b"mark")
"""What tells those who come late that the tables were closed, and how far they were."""

log = structlog.get_logger("crmpulse.rebuild")


async def remove_others(redis: Redis, lease: Lease) -> None:
    """Remove the tables of all layouts but the one that holds, in small steps.

    Raises LostError where the lease has ended: what is no table of the layout that holds may be one of another rebuild's.
    """
    holding = (await lease.holds()).layout
    chunk: list[bytes] = []
    removed = 0
    async for key in redis.scan_iter(match=MATCH, count=CHUNK):
        found = _KEY.fullmatch(key)
        if found and int(found[1]) != holding and (int(found[1]) > holding or found[2] not in KEPT):
            chunk.append(key)
        if len(chunk) == CHUNK:
            removed += await _removed(redis, lease, chunk)
            chunk = []
    removed += await _removed(redis, lease, chunk)
    if removed:
        log.info("removed old tables", keys=removed)


async def end(redis: Redis, lease: Lease, *, switched: bool) -> None:
    """Remove what a rebuild is done with. Where it has switched and its lease has ended, the next one removes what is left."""
    try:
        await remove_others(redis, lease)
    except LostError:
        if not switched:
            raise


@asynccontextmanager
async def freeing(redis: Redis, new: int) -> AsyncIterator[None]:
    """Where Redis has no room for all tables twice, remove those of a new layout: the live ones need it. Raises CannotStartError then.

    That takes no lease, which a Redis without room does not renew: no other rebuild has that layout.
    """
    try:
        yield
    except ResponseError as error:
        holds = await layout.read(redis)
        if "used memory" not in str(error) or holds is None or holds.layout == new:
            raise
        keys = [key async for key in redis.scan_iter(match=f"{{{new}.p*}}:*", count=CHUNK)]
        for start in range(0, len(keys), CHUNK):
            await redis.unlink(*keys[start : start + CHUNK])
        raise CannotStartError(
            "Redis has no room for all tables twice. Nothing is switched, and the new tables are removed: give it more memory "
            "(maxmemory), and start the rebuild again."
        ) from None


async def _removed(redis: Redis, lease: Lease, keys: list[bytes]) -> int:
    if keys:
        await lease.holds()
        await redis.unlink(*keys)
        await asyncio.sleep(REST_SECONDS)
    return len(keys)
