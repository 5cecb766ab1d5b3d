"""What is handed over from old tables to new ones when a rebuild switches: the ledgers of alerts and freshness, which no log tells.

The old tables are closed by then, so nothing of it changes.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from redis.asyncio import Redis

from aggregators import tables
from aggregators.alerts import named
from aggregators.catalogue import enabled
from aggregators.freshness import KPI as FRESHNESS
from aggregators.ledger import encode
from aggregators.milestones import read_seen
from aggregators.tables import FRESH, OrgKeys, org_keys
from events import partition_for
from streams.layout import Layout

CHUNK = 1_000


async def hand_over(redis: Redis, before: Layout, after: Layout) -> None:
    """Give all partitions of a layout the ledger of another one's, each organisation's where its tables are now."""
    await _when_begun(redis, before, after)
    for old in before.shards():
        await _members(redis, old, after)
        await _fields(redis, old, after)
        await _outbox(redis, old, after)
        found: list[Any] = await redis.zrange(tables.orgs(old), 0, -1)
        for orgs in _chunks(org.decode() for org in found):
            homes = [(org_keys(old, org), org_keys(_home(after, org), org)) for org in orgs]
            await _copied(redis, [pair for each in homes for pair in zip(*map(_ledger, each), strict=True)])
            if FRESHNESS in enabled(after.enabled):
                for each in homes:
                    await _freshness(redis, *each)
            if before.topic != after.topic:
                for org in orgs:
                    await _without_offsets(redis, old, _home(after, org), org)
        if before.topic == after.topic:
            async for chunk in _gathered(redis.zscan_iter(tables.history(old), count=CHUNK)):
                for org, offset in chunk:
                    await redis.zadd(tables.history(_home(after, org.decode())), {org: offset})


def _home(after: Layout, org: str) -> str:
    return after.shard(partition_for(org, after.partitions))


async def _when_begun(redis: Redis, before: Layout, after: Layout) -> None:
    """What was so before the old tables were begun is no news for the new ones either."""
    found = [await redis.get(tables.begun(old)) for old in before.shards()]
    latest = max((int(at) for at in found if at is not None), default=None)
    for number, new in enumerate(after.shards()):
        at = latest if before.partitions != after.partitions else found[number]
        if at is not None:
            await redis.set(tables.begun(new), at)


async def _members(redis: Redis, old: str, after: Layout) -> None:
    async for chunk in _gathered(redis.zscan_iter(tables.pending(old), count=CHUNK)):
        for new, members in _by_home(after, chunk).items():
            await redis.zadd(tables.pending(new), members)


async def _fields(redis: Redis, old: str, after: Layout) -> None:
    async for chunk in _gathered(redis.hscan_iter(tables.firing(old), count=CHUNK)):
        for new, fields in _by_home(after, chunk).items():
            await redis.hset(tables.firing(new), mapping=fields)


def _by_home(after: Layout, pairs: Iterable[tuple[Any, Any]]) -> dict[str, dict[Any, Any]]:
    """What names an organisation each, by the partition that its tables are in now."""
    found: dict[str, dict[Any, Any]] = defaultdict(dict)
    for name, value in pairs:
        found[_home(after, named(name.decode())[1])][name] = value
    return found


async def _outbox(redis: Redis, old: str, after: Layout) -> None:
    """Events that wait to be published; one that is published while this happens is so twice, with the same id."""
    told: Any = await redis.xrange(tables.outbox(old))
    for chunk in _chunks(fields for _, fields in told):
        async with redis.pipeline(transaction=False) as pipe:
            for fields in chunk:
                pipe.xadd(tables.outbox(_home(after, fields[b"org"].decode())), fields)
            await pipe.execute()


async def _without_offsets(redis: Redis, old: str, new: str, org: str) -> None:
    """What an organisation's goals are known by are offsets of a topic that the tables are made of no more.

    Of a goal that history came after is noted that it did, of any other that it did not.
    """
    key = org_keys(new, org).goal_standings
    packed: Any = await redis.hgetall(key)
    told = await redis.zscore(tables.history(old), org)
    if packed:
        seen = {goal: read_seen(each) for goal, each in packed.items()}
        for each in seen.values():
            each.next = 0 if told is not None and told >= each.next else 1
        await redis.hset(key, mapping={goal: encode(each) for goal, each in seen.items()})
    if told is not None:
        await redis.zadd(tables.history(new), {org: 0})


async def _copied(redis: Redis, pairs: Sequence[tuple[str, str]]) -> None:
    """Keys as they are, under the names that they have now; of the ledgers of alerts few are there."""
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


async def _freshness(redis: Redis, old: OrgKeys, new: OrgKeys) -> None:
    """The ledger of freshness, a month at a time; the days of its hours are those of UTC, so they begin before it and end after it."""
    found: Any = await redis.zrange(old.fresh, 0, -1)
    await _copied(redis, [(old.fresh, new.fresh)])
    for month in (member.decode() for member in found):
        first = datetime.strptime(month, "%Y%m").replace(tzinfo=UTC)
        days = [f"{first + timedelta(days=number):%Y%m%d}" for number in range(-1, 32)]
        rows = [("m", month), *(("d", day) for day in days), *(("h", day) for day in days)]
        await _copied(redis, [(old.row(FRESH, *row), new.row(FRESH, *row)) for row in rows])


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
