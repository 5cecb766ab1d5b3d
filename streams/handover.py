"""What is handed over from old tables to new ones when a rebuild switches: the ledger of alerts, which no log tells.

The old tables are closed by then, so nothing of it changes.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import islice
from typing import Any

from redis.asyncio import Redis

from aggregators import tables
from aggregators.tables import OrgKeys, org_keys
from streams.layout import Layout

CHUNK = 1_000


async def hand_over(redis: Redis, before: Layout, after: Layout) -> None:
    """Give all partitions of a layout the ledger of another one's."""
    for old, new in zip(before.shards(), after.shards(), strict=True):
        await _when_begun(redis, old, new)
        await _members(redis, tables.pending(old), tables.pending(new))
        await _members(redis, tables.history(old), tables.history(new))
        await _fields(redis, tables.firing(old), tables.firing(new))
        await _outbox(redis, tables.outbox(old), tables.outbox(new))
        found: list[Any] = await redis.zrange(tables.orgs(old), 0, -1)
        for orgs in _chunks(org.decode() for org in found):
            await _ledgers(redis, [(org_keys(old, org), org_keys(new, org)) for org in orgs])


async def _when_begun(redis: Redis, old: str, new: str) -> None:
    """What was so before the old tables were begun is no news for the new ones either."""
    if (begun_ms := await redis.get(tables.begun(old))) is not None:
        await redis.set(tables.begun(new), begun_ms)


async def _members(redis: Redis, old: str, new: str) -> None:
    async for chunk in _gathered(redis.zscan_iter(old, count=CHUNK)):
        await redis.zadd(new, dict(chunk))


async def _fields(redis: Redis, old: str, new: str) -> None:
    async for chunk in _gathered(redis.hscan_iter(old, count=CHUNK)):
        await redis.hset(new, mapping=dict(chunk))


async def _outbox(redis: Redis, old: str, new: str) -> None:
    """Events that wait to be published; one that is published while this happens is so twice, with the same id."""
    told: Any = await redis.xrange(old)
    for chunk in _chunks(fields for _, fields in told):
        async with redis.pipeline(transaction=False) as pipe:
            for fields in chunk:
                pipe.xadd(new, fields)
            await pipe.execute()


async def _ledgers(redis: Redis, orgs: Sequence[tuple[OrgKeys, OrgKeys]]) -> None:
    """The ledgers of organisations, whole keys at a time; few have any."""
    pairs = [pair for old, new in orgs for pair in zip(_ledger(old), _ledger(new), strict=True)]
    async with redis.pipeline(transaction=False) as pipe:
        for old, _ in pairs:
            pipe.dump(old)
        dumped = await pipe.execute()
    async with redis.pipeline(transaction=False) as pipe:
        for (_, new), value in zip(pairs, dumped, strict=True):
            if value is not None:
                pipe.restore(new, 0, value, replace=True)
        await pipe.execute()


def _ledger(keys: OrgKeys) -> tuple[str, ...]:
    return keys.alerts, keys.alert_changes, keys.goal_standings


async def _gathered(items: AsyncIterator[tuple[Any, Any]]) -> AsyncIterator[list[tuple[Any, Any]]]:
    chunk: list[tuple[Any, Any]] = []
    async for item in items:
        chunk.append(item)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _chunks(items: Iterator[Any]) -> Iterator[list[Any]]:
    while chunk := list(islice(items, CHUNK)):
        yield chunk
