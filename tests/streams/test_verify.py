from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest
from redis.asyncio import Redis as Client

from crmpulse.settings import CannotStartError
from streams import log, partition, verify
from streams.records import ORIGIN
from streams.verify import differences
from tests.feed import HOME, Feed, event
from tests.load import Load, publish
from tests.workers import applied as applied_of
from tests.workers import until

ACME, GLOBEX, _ = HOME
DAY = "{1.p0}:acme:u:u1:d:20260105"
RECORD = "{1.p0}:acme:r:call/1"
INDEX = "{1.p0}:acme:i:call.logged:u:u1"
DIRECTORY = "{1.p0}:acme:dir"
AT_MS = 1_767_607_200_000

Tamper = Callable[[Client], Awaitable[object]]


@pytest.fixture
async def applied(feed: Feed) -> Feed:
    """Two calls, a dead letter and a forwarded call, all applied."""
    await feed.publish(0, event(ACME, 1), b"poison", event(GLOBEX, 3), event(ACME, 2))
    await feed.apply(0)
    await feed.apply(1)
    return feed


async def test_equal_tables_have_no_differences(applied: Feed) -> None:
    assert await asyncio.to_thread(verify.verify, applied.settings) == []


async def test_all_kinds_of_events_in_batches_of_any_size_have_no_differences(feed: Feed) -> None:
    load = Load(1, orgs=5, partitions=3)
    await asyncio.to_thread(publish, feed.settings.kafka, feed.settings.events_topic, list(load.items(2_000)))
    for number, size in ((0, 1_000), (1, 77), (2, 500), (0, 1_000), (1, 1_000)):
        writer, records = await feed.writer(number), await feed.records(number)
        for start in range(writer.next, len(records), size):
            await writer.apply(max(0, start - 1), records[max(0, start - 1) : start + size])
    assert await differences(feed.settings) == []
    assert await feed.redis.dbsize() > 1_000


async def set_measure(redis: Client) -> object:
    row = json.loads(await redis.get(DAY) or b"")
    return await redis.set(DAY, json.dumps(row | {"calls_made": 12}))


TAMPERED: list[tuple[Tamper, list[str]]] = [
    (set_measure, [f"{DAY} calls_made: 12 in Redis, 2 recounted"]),
    (lambda redis: redis.set(DAY, '{"calls_made":2,"touches":2,"x":1}'), [
        f"{DAY} activities_completed: nothing in Redis, 2 recounted", f"{DAY} x: 1 in Redis, nothing recounted",
    ]),
    (lambda redis: redis.set(DAY, '{"calls_made": 2, "touches": 2, "activities_completed": 2}'), []),
    (lambda redis: redis.set(DAY, "?"), [
        f"{DAY}: ? in Redis, {{'activities_completed': 2, 'calls_made': 2, 'touches': 2}} recounted",
    ]),
    (lambda redis: redis.delete(DAY), [f"{DAY}: recounted, not in Redis"]),
    (lambda redis: redis.copy(DAY, f"{DAY}0"), [f"{DAY}0: in Redis, not recounted"]),
    (lambda redis: redis.rename(DAY, f"{DAY}0"), [
        f"{DAY}: recounted, not in Redis", f"{DAY}0: in Redis, not recounted",
    ]),
    (lambda redis: redis.zadd(INDEX, {f"{AT_MS}:call/1": 5, "7:call/9": 7}), [
        f"{INDEX} {AT_MS}:call/1: 5 in Redis, {AT_MS} recounted", f"{INDEX} 7:call/9: 7 in Redis, nothing recounted",
    ]),
    (lambda redis: redis.zrem(INDEX, f"{AT_MS}:call/2"), [
        f"{INDEX} {AT_MS}:call/2: nothing in Redis, {AT_MS} recounted",
    ]),
    (lambda redis: redis.delete(INDEX), [f"{INDEX}: recounted, not in Redis"]),
    (lambda redis: redis.hset(DIRECTORY, "user/u1", '{"name":"Ann"}'), [
        f'{DIRECTORY} user/u1: {{"name":"Ann"}} in Redis, {{}} recounted',
    ]),
    (lambda redis: redis.set("{1.p2}:stark:dir:x", "{}"), []),
    (lambda redis: redis.set("{1.p0}:acme:ver", "77"), []),
    (lambda redis: redis.zadd("{1.p0}:acme:touched", {"u:u1": 77}), []),
    (lambda redis: redis.set("{1.p0}:owner", "other"), []),
    (lambda redis: redis.delete("{1.p0}:mark"), ["{1.p0}: the log has no mark in Redis that tells how far it was applied"]),
]  # fmt: skip


@pytest.mark.parametrize(("tamper", "lines"), TAMPERED)
async def test_a_difference_is_named(applied: Feed, tamper: Tamper, lines: list[str]) -> None:
    await tamper(applied.redis)
    assert sorted(await differences(applied.settings)) == sorted(lines)


async def test_a_key_of_another_kind_is_named(applied: Feed) -> None:
    await applied.redis.delete(INDEX)
    await applied.redis.set(INDEX, "1")
    [line] = await differences(applied.settings)
    assert line.startswith(f"{INDEX}: WRONGTYPE")


async def test_a_record_that_differs_is_shown_both_ways(applied: Feed) -> None:
    stored = await applied.text(RECORD)
    other = stored.replace('"outbound"', '"inbound"')
    await applied.redis.set(RECORD, other)
    assert await differences(applied.settings) == [f"{RECORD}: {other} in Redis, {stored} recounted"]


async def test_a_worker_at_work_is_no_difference(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    await asyncio.to_thread(
        publish, feed.settings.kafka, feed.settings.events_topic, list(Load(2, orgs=5, partitions=3).items(2_000))
    )
    records = [await feed.records(number) for number in range(3)]
    writers = [await feed.writer(number) for number in range(3)]

    async def work() -> None:
        for start in range(0, max(map(len, records)), 20):
            for writer, found in zip(writers, records, strict=True):
                if found[start : start + 20]:
                    await writer.apply(start, found[start : start + 20])

    monkeypatch.setattr(verify, "CHUNK_KEYS", 20)
    working = asyncio.create_task(work())
    await until(lambda: some(feed.redis), 10, "begin to work")
    before = await applied_of(feed.redis, 3)
    assert await differences(feed.settings) == []
    assert await applied_of(feed.redis, 3) > before
    await working
    assert await differences(feed.settings) == []


async def some(redis: Client) -> bool:
    return await applied_of(redis, 3) > 0


async def test_a_forwarded_record_that_waits_to_be_applied_is_no_difference(feed: Feed) -> None:
    await feed.publish(0, event(GLOBEX, 1))
    await feed.apply(0)
    assert await differences(feed.settings) == []


async def test_a_record_that_was_not_forwarded_is_named(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    await feed.publish(2, event(GLOBEX, 1))
    await feed.apply(2)
    await feed.publish(2, event(GLOBEX, 2), event(GLOBEX, 3))

    async def forget(*_: object) -> None:
        pass

    monkeypatch.setattr(partition, "publish", forget)
    await feed.apply(2)
    monkeypatch.undo()
    topic = feed.settings.events_topic
    await feed.publish(1, event(GLOBEX, 3), headers=[(ORIGIN, f"{topic}/2/2".encode())])
    await feed.publish(1, event(GLOBEX, 3), headers=[(ORIGIN, b"other/2/1")])
    await feed.publish(1, event(GLOBEX, 3), headers=[(ORIGIN, f"{topic}/2/x".encode())])
    await feed.publish(1, event(GLOBEX, 3), headers=[(ORIGIN, None)])
    assert await differences(feed.settings) == [
        f"{topic}: offset 1 of partition 2 belongs to partition 1, and there is no copy of it there"
    ]


async def test_append_times_that_go_back_count_as_the_highest_before_them(feed: Feed) -> None:
    for number, timestamp_ms in enumerate((2_000, 1_000, 3_000)):
        await feed.publish(0, event(ACME, number), timestamp_ms=timestamp_ms)
    writer, records = await feed.writer(0), await feed.records(0)
    await writer.apply(0, records[:1])
    await writer.apply(1, records[1:])
    assert "],2000," in await feed.text(RECORD)
    assert await differences(feed.settings) == []


async def test_a_log_that_is_another_one_is_named(applied: Feed) -> None:
    await applied.redis.set("{1.p0}:mark", "4 0 0 0")
    assert await differences(applied.settings) == [
        "{1.p0}: the log has another record before offset 4 than the one that was applied"
    ]


async def test_a_log_that_ends_too_early_is_named(applied: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "PATIENCE_MS", 500)
    await applied.redis.set("{1.p0}:mark", "9 0 0 0")
    assert await differences(applied.settings) == ["{1.p0}: the log ends at offset 4, and has been applied up to 9"]


async def test_without_tables_there_is_nothing_to_compare(feed: Feed) -> None:
    with pytest.raises(CannotStartError, match="no tables in Redis yet: start a worker first"):
        await differences(feed.settings)


async def test_another_number_of_partitions_cannot_be_compared(applied: Feed) -> None:
    await applied.redis.set("crmpulse:layout", '{"layout":1,"partitions":5}')
    with pytest.raises(CannotStartError, match=r"tables are for 5 partitions, and events_topic-.* has 3"):
        await differences(applied.settings)
