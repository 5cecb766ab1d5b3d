from __future__ import annotations

import asyncio
import re

import pytest

from events import Invalid
from events.published import TRUNCATED
from streams.commit import Answer, MovedError
from streams.mark import Mark, mark
from streams.partition import HaltedError
from streams.records import ORIGIN, changes
from streams.topics import LARGEST_LETTER_BYTES
from streams.verify import differences
from tests.feed import HOME, Feed, Named, event, publish_named
from tests.load import Item, publish_huge

DAY = "{1.p0}:acme:u:u1:d:20260105"
ACME, GLOBEX, _ = HOME


async def test_a_batch_changes_rows_records_indexes_directory_and_mark_together(feed: Feed) -> None:
    await feed.publish(0, event(ACME, 1), event(ACME, 2))
    await feed.apply(0)
    [*_, last] = await feed.records(0)
    assert await feed.row(DAY) == {"activities_completed": 2, "calls_made": 2, "touches": 2}
    assert await feed.redis.exists("{1.p0}:acme:r:call/1", "{1.p0}:acme:r:call/2") == 2
    assert await feed.redis.zcard("{1.p0}:acme:i:call.logged:u:u1") == 2
    assert await feed.redis.hkeys("{1.p0}:acme:dir") == [b"user/u1"]
    assert mark(await feed.redis.get("{1.p0}:mark")) == Mark(0).after(last, last.timestamp)


async def test_poison_is_a_dead_letter_with_its_bytes_and_headers_and_everything_around_it_counts(feed: Feed) -> None:
    poison = b'{"specversion": "1.0", "id": "7", \xff'
    await feed.publish(0, event(ACME, 1), headers=[("trace", b"1")])
    await feed.publish(0, poison, key=b"acme", headers=[("trace", b"\x00\xff"), ("reason", b"theirs"), ("none", None)])
    await feed.publish(0, event(ACME, 2))
    await feed.apply(0)
    assert await feed.row(DAY) == {"activities_completed": 2, "calls_made": 2, "touches": 2}
    [letter] = await feed.records(0, feed.settings.dead_letters_topic)
    [refused] = changes([letter])
    assert isinstance(refused, Invalid)
    assert (letter.key, letter.value) == (b"acme", poison)
    assert letter.headers == (
        ("trace", b"\x00\xff"),
        ("none", None),
        ("reason", refused.reason.encode()),
        ("path", refused.path.encode()),
        ("topic", feed.settings.events_topic.encode()),
        ("partition", b"0"),
        ("offset", b"1"),
    )


@pytest.mark.parametrize("key", [b"acme", b"", None])
@pytest.mark.parametrize("value", [b"", None])
async def test_empty_values_are_dead_letters_with_and_without_a_key(
    feed: Feed, value: bytes | None, key: bytes | None
) -> None:
    if value is None and key is None:
        await publish_named(feed.producer, feed.settings.events_topic, 0, 0, [Named(None)])
        value = b""  # no producer of aiokafka sends neither
    else:
        await feed.publish(0, value, key=key)
    await feed.publish(0, event(ACME, 1))
    await feed.apply(0)
    assert await feed.row(DAY) == {"activities_completed": 1, "calls_made": 1, "touches": 1}
    [letter] = await feed.records(0, feed.settings.dead_letters_topic)
    assert (letter.key, letter.value) == (key, value)


async def test_a_record_that_is_larger_than_a_dead_letter_can_be_is_one_that_was_cut(feed: Feed) -> None:
    huge = event(ACME, 1) + b" " * (20 << 20)
    await asyncio.to_thread(publish_huge, feed.settings, [Item(ACME, huge, 0), Item(ACME, event(ACME, 2), 0)])
    await feed.apply(0)
    assert (await feed.row(DAY))["calls_made"] == 1
    [letter] = await feed.records(0, feed.settings.dead_letters_topic)
    told = dict(letter.headers)
    assert (told[TRUNCATED], told["offset"]) == (str(len(huge)).encode(), b"0")
    assert LARGEST_LETTER_BYTES - 20_000 < len(letter.value) < LARGEST_LETTER_BYTES
    assert huge.startswith(letter.value)
    assert await differences(feed.settings) == []


async def test_a_record_of_another_partition_is_forwarded_and_counted_there_only(feed: Feed) -> None:
    await feed.publish(0, event(GLOBEX, 1), key=None, headers=[("trace", b"1")])
    await feed.apply(0)
    [copy] = await feed.records(1)
    assert (copy.key, copy.value) == (b"globex", event(GLOBEX, 1))
    assert copy.headers == (("trace", b"1"), (ORIGIN, f"{feed.settings.events_topic}/0/0".encode()))
    assert not [key async for key in feed.redis.scan_iter("*globex*")]
    await feed.apply(1)
    assert await feed.row("{1.p1}:globex:u:u1:d:20260105") == {"activities_completed": 1, "calls_made": 1, "touches": 1}


async def test_a_record_in_binary_mode_counts(feed: Feed) -> None:
    attributes = {"specversion": "1.0", "id": "1", "source": "/x", "type": "crm.call.logged", "subject": "call/1",
                  "time": "2026-01-05T10:00:00Z", "orgid": ACME, "actorid": "u1"}  # fmt: skip
    headers = [(f"ce_{name}", value.encode()) for name, value in attributes.items()]
    await feed.publish(0, b'{"direction":"outbound"}', headers=[("content-type", b"application/json"), *headers])
    await feed.apply(0)
    assert (await feed.row(DAY))["calls_made"] == 1


async def test_a_correction_that_comes_too_late_is_a_dead_letter(feed: Feed) -> None:
    await feed.publish(0, event(ACME, 1), timestamp_ms=0)
    await feed.publish(0, event(ACME, 2, subject="call/1"), timestamp_ms=91 * 86_400_000)
    await feed.apply(0)
    [letter] = await feed.records(0, feed.settings.dead_letters_topic)
    assert letter.value == event(ACME, 2, subject="call/1")
    assert dict(letter.headers)["reason"].startswith(b"final")


async def test_nothing_is_refused_for_what_redis_had_before_it_went_back(feed: Feed) -> None:
    for number, day in ((1, 0), (2, 60), (3, 120)):
        await feed.publish(0, event(ACME, number, subject="call/1"), timestamp_ms=day * 86_400_000)
    writer, records = await feed.writer(0), await feed.records(0)
    await writer.apply(0, records[:1])
    kept = {key: await feed.redis.dump(key) for key in await feed.redis.keys()}
    await writer.apply(0, records[:2])
    for key, value in kept.items():
        await feed.redis.restore(key, 0, value or b"", replace=True)
    with pytest.raises(MovedError, match="BEHIND"):
        await writer.apply(1, records[1:])
    await feed.apply(0)
    assert await feed.records(0, feed.settings.dead_letters_topic) == []


async def test_the_same_records_again_change_nothing(feed: Feed) -> None:
    await feed.publish(0, *(event(ACME, n) for n in range(6)))
    records = await feed.records(0)
    writer = await feed.writer(0)
    assert [await writer.apply(0, records[:4]), await writer.apply(0, records[:4]), await writer.apply(2, records[2:])] == [
        4, 0, 2,
    ]  # fmt: skip
    assert await feed.row(DAY) == {"activities_completed": 6, "calls_made": 6, "touches": 6}


async def test_a_batch_that_begins_too_late_is_refused(feed: Feed) -> None:
    await feed.publish(0, *(event(ACME, n) for n in range(4)))
    records = await feed.records(0)
    writer = await feed.writer(0)
    await writer.apply(0, records[:2])
    with pytest.raises(MovedError):
        await writer.apply(3, records[3:])


async def test_who_was_fenced_writes_nothing(feed: Feed) -> None:
    await feed.publish(0, *(event(ACME, n) for n in range(4)))
    records = await feed.records(0)
    zombie = await feed.writer(0, owner="zombie")
    await zombie.apply(0, records[:2])
    heir = await feed.writer(0, owner="heir")
    with pytest.raises(MovedError) as refusal:
        await zombie.apply(2, records[2:])
    assert refusal.value.answer is Answer.FENCED
    await heir.apply(1, records[1:])
    assert await feed.row(DAY) == {"activities_completed": 4, "calls_made": 4, "touches": 4}


async def test_who_comes_back_counts_on_from_what_the_other_one_wrote(feed: Feed) -> None:
    await feed.publish(0, *(event(ACME, n) for n in range(6)))
    records = await feed.records(0)
    first = await feed.writer(0, owner="first")
    await first.apply(0, records[:2])
    await (await feed.writer(0, owner="second")).apply(1, records[1:4])
    assert await first.claim(0) == 3
    await first.apply(3, records[3:])
    assert await feed.row(DAY) == {"activities_completed": 6, "calls_made": 6, "touches": 6}


async def test_a_batch_from_before_the_claim_is_refused_where_it_would_hide_the_last_record(feed: Feed) -> None:
    await feed.publish(0, *(event(ACME, n) for n in range(4)))
    records = await feed.records(0)
    writer = await feed.writer(0)
    await writer.apply(0, records[:2])
    assert await writer.claim(0) == 1
    with pytest.raises(MovedError):
        await writer.apply(2, records[2:])
    assert await writer.apply(1, records[1:]) == 2


async def test_tables_at_the_same_offset_of_another_log_are_read_anew(feed: Feed) -> None:
    await feed.publish(0, event(ACME, 1), event(ACME, 2))
    writer = await feed.apply(0)
    await feed.redis.delete(DAY)
    other = Mark(*map(int, (await feed.text("{1.p0}:mark")).split()))._replace(crc=1)
    await feed.redis.set("{1.p0}:mark", other.packed())
    await writer.claim(0)
    assert writer.shard.rows == {}


@pytest.mark.parametrize("earlier", [0, 1])
async def test_a_batch_from_before_the_claim_may_overlap(feed: Feed, earlier: int) -> None:
    await feed.publish(0, *(event(ACME, n) for n in range(4)))
    records = await feed.records(0)
    await (await feed.writer(0)).apply(0, records[:2])
    writer = await feed.writer(0)
    assert await writer.apply(earlier, records[earlier:]) == 2
    assert await feed.row(DAY) == {"activities_completed": 4, "calls_made": 4, "touches": 4}


@pytest.mark.parametrize("length", [1, 2, 5])
async def test_a_topic_that_was_made_anew_halts_its_partition(feed: Feed, length: int) -> None:
    await feed.publish(0, event(ACME, 1), event(ACME, 2))
    await feed.apply(0)
    await feed.publish(1, *(event(ACME, n) for n in range(10, 10 + length)))
    anew = await feed.records(1)
    writer = await feed.writer(0)
    # Where a log is shorter than the offset that was asked for, the consumer begins at its beginning.
    fetched = anew[1:] or anew
    with pytest.raises(HaltedError, match="the record at offset 1 is not the one that was applied last"):
        await writer.apply(1, fetched)
    assert await feed.row(DAY) == {"activities_completed": 2, "calls_made": 2, "touches": 2}


async def test_a_topic_that_is_made_anew_under_a_worker_halts_its_partition(feed: Feed) -> None:
    await feed.publish(0, event(ACME, 1), event(ACME, 2))
    writer = await feed.apply(0)
    with pytest.raises(HaltedError, match="made anew or truncated"):
        await writer.apply(2, await feed.records(0))


async def test_a_log_whose_beginning_is_gone_halts_its_partition(feed: Feed) -> None:
    writer = await feed.writer(0)
    with pytest.raises(HaltedError, match="applied up to offset 0, and the log begins at 5"):
        await writer.claim(5)


async def test_a_lost_mark_halts_its_partition(feed: Feed) -> None:
    writer = await feed.writer(0)
    await feed.redis.delete("{1.p0}:mark")
    with pytest.raises(HaltedError, match=re.escape("tables of partition 0 are gone from Redis")):
        await writer.claim(0)
