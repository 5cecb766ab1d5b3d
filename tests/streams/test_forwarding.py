from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from redis.asyncio import Redis as Client

from events import Invalid
from events.published import TRUNCATED
from streams import forwarding, layout
from streams.forwarding import Forwarding, positions_key
from streams.layout import Layout
from streams.records import came_from, changes, publishable
from streams.repartition import rebuilt
from streams.topics import LARGEST_LETTER_BYTES
from tests.feed import HOME, PARTITIONS, Feed, event
from tests.load import Item, publish_huge
from tests.workers import until

ACME = HOME[0]
MORE = 5


@pytest.fixture
async def moved(feed: Feed) -> Feed:
    """Three calls in the topic that the tables were made of before, and a copy of each in the one that they are made of."""
    await feed.publish(0, *(event(ACME, n) for n in range(3)))
    await feed.apply(0)
    assert await rebuilt(feed.settings, MORE) == []
    return feed


async def now(feed: Feed) -> Layout:
    found = await layout.read(feed.redis)
    assert found
    return found


async def copied(feed: Feed) -> list[bytes]:
    """What is in the new topic."""
    found = await now(feed)
    return [record.value for n in range(found.partitions) for record in await feed.records(n, found.topic)]


@asynccontextmanager
async def running(feed: Feed) -> AsyncIterator[Forwarding]:
    """A forwarding that runs until the end of the `with`."""
    one = Forwarding(feed.settings, feed.redis, feed.producer, await now(feed))
    task = asyncio.create_task(one.run())
    try:
        yield one
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def offset(feed: Feed, partition: int) -> int:
    key = positions_key((await now(feed)).generation, feed.settings.events_topic)
    return int(await feed.redis.hget(key, str(partition)) or 0)


async def test_what_comes_to_a_former_topic_is_forwarded_once_from_where_the_rebuild_ended(moved: Feed) -> None:
    assert [await offset(moved, n) for n in range(PARTITIONS)] == [3, 0, 0]
    await moved.publish(0, event(ACME, 7), b"poison")
    await moved.publish(2, event(ACME, 8))
    async with running(moved):
        await until(lambda: reached(moved, {0: 5, 2: 1}), 20, "forward")
    assert sorted(await copied(moved)) == sorted([*(event(ACME, n) for n in (0, 1, 2, 7, 8)), b"poison"])
    await moved.publish(0, event(ACME, 9))
    await moved.redis.delete(forwarding.KEY)
    async with running(moved):
        await until(lambda: reached(moved, {0: 6}), 20, "go on")
    assert len(await copied(moved)) == 7


async def test_a_record_that_the_new_topic_has_no_room_for_is_forwarded_cut_and_stays_a_dead_letter(
    moved: Feed,
) -> None:
    huge = event(ACME, 7) + b" " * (20 << 20)
    await asyncio.to_thread(publish_huge, moved.settings, [Item(ACME, huge, 0), Item(ACME, event(ACME, 8), 0)])
    async with running(moved):
        await until(lambda: reached(moved, {0: 5}), 20, "forward")
    found = await now(moved)
    [cut] = [r for n in range(MORE) for r in await moved.records(n, found.topic) if b" " * 1_000 in r.value]
    assert huge.startswith(cut.value)
    assert came_from(cut) == (moved.settings.events_topic, "0", "3")
    [refused] = changes([cut])
    assert isinstance(refused, Invalid)
    again = publishable(cut, LARGEST_LETTER_BYTES)
    assert (again, dict(again.headers)[TRUNCATED]) == (cut, str(len(huge)).encode())
    assert event(ACME, 8) in await copied(moved)


async def reached(feed: Feed, wanted: dict[int, int]) -> bool:
    return all([await offset(feed, number) >= at for number, at in wanted.items()])


async def test_only_one_forwards_and_positions_never_go_back(moved: Feed, redis: Client) -> None:
    found = await now(moved)
    first, second = (Forwarding(moved.settings, redis, moved.producer, found) for _ in range(2))
    await redis.set(forwarding.KEY, first.name, px=forwarding.LEASE_MS)
    topic = moved.settings.events_topic
    assert not await second._moved(topic, {"0": 9})
    assert await offset(moved, 0) == 3
    assert await first._moved(topic, {"0": 9})
    assert await first._moved(topic, {"0": 4})
    assert await offset(moved, 0) == 9


async def test_a_former_topic_of_before_is_forwarded_to_the_newest(moved: Feed) -> None:
    await moved.publish(0, event(ACME, 7))
    async with running(moved):
        await until(lambda: reached(moved, {0: 4}), 20, "forward")
    assert await rebuilt(moved.settings, PARTITIONS) == []
    assert (await now(moved)).former == (moved.settings.events_topic, f"{moved.settings.events_topic}.2")
    assert await offset(moved, 0) == 4
    await moved.redis.delete(forwarding.KEY)
    await moved.publish(0, event(ACME, 8))
    async with running(moved):
        await until(lambda: reached(moved, {0: 5}), 20, "forward to the newest")
    assert sorted({*await copied(moved)}) == sorted(event(ACME, n) for n in (0, 1, 2, 7, 8))
