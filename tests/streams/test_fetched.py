from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import READ_UNCOMMITTED, PartitionRecords
from aiokafka.structs import ConsumerRecord

from streams.fetched import Fetched
from streams.verify import differences
from tests.feed import HOME, Feed, Name, Named, encoder, event, publish_named

ACME = HOME[0]
CODECS = pytest.mark.parametrize("codec", range(5), ids=["none", "gzip", "snappy", "lz4", "zstd"])
GOOD = Named(b"good", ("größe".encode(), b"x"))
BAD = Named(b"bad \xff", (b"caf\xe9", "größe".encode(), "gr\u00f6\u00dfe\u20ac".encode() + b"\xff\xfe"))
MENDED = ("caf?", "größe", "gr????e?????")


def fetch(*batches: Iterable[Named], codec: int = 0) -> bytes:
    """Batches as they are fetched, one after the other from offset 0 on."""
    raw, offset = b"", 0
    for batch in batches:
        records = list(batch)
        built = encoder(codec, records).build()
        struct.pack_into(">q", built, 0, offset)
        raw, offset = raw + bytes(built), offset + len(records)
    return raw


def read(raw: bytes, start: int = 0) -> PartitionRecords:
    """What aiokafka makes of a fetch at an offset."""
    return PartitionRecords(TopicPartition("t", 0), Fetched(raw), [], start, None, None, True, READ_UNCOMMITTED)


def told(records: Iterable[ConsumerRecord]) -> list[tuple[int, bytes | None, tuple[str, ...]]]:
    return [(record.offset, record.value, tuple(name for name, _ in record.headers)) for record in records]


def expected(*records: Named, start: int = 0) -> list[tuple[int, bytes | None, tuple[str, ...]]]:
    names = {GOOD: ("größe", "x"), BAD: MENDED}
    return [(offset, one.value, names.get(one, ())) for offset, one in enumerate(records, start)]


@CODECS
def test_a_name_that_is_no_text_is_told_with_question_marks_and_all_around_it_as_it_is(codec: int) -> None:
    batches: Sequence[Sequence[Named]] = [GOOD, Named(b"")], [GOOD, BAD, GOOD, BAD, Named(b"z" * 9_000)], [BAD], [GOOD]
    every = [record for batch in batches for record in batch]
    assert told(read(fetch(*batches, codec=codec))) == expected(*every)


@CODECS
@pytest.mark.parametrize("start", range(5))
def test_a_fetch_in_the_middle_of_a_batch_gives_what_is_from_there_on(codec: int, start: int) -> None:
    records = (GOOD, BAD, GOOD, BAD, GOOD)
    assert told(read(fetch(records, codec=codec), start)) == expected(*records[start:], start=start)


def test_what_is_read_says_how_far_a_fetch_got_record_by_record() -> None:
    reading = read(fetch([GOOD, BAD], [BAD, GOOD]))
    assert [(record.offset, reading.next_fetch_offset) for record in reading] == [(n, n + 1) for n in range(4)]


@pytest.mark.parametrize(("key", "value"), [(b"k", b"v"), (b"", b""), (None, None)])
def test_all_but_the_name_is_as_it_came(key: bytes | None, value: bytes | None) -> None:
    builder = encoder(0, [])
    builder.append(0, 7, key, value, [(Name(b"\xff"), value), ("x", b"1")])
    [one] = read(bytes(builder.build()))
    assert (one.key, one.value, one.timestamp, one.headers) == (key, value, 7, (("?", value), ("x", b"1")))


async def test_records_with_such_names_count_and_are_dead_letters_like_any_others(feed: Feed) -> None:
    records = [Named(event(ACME, n), (b"caf\xe9",) if n % 2 else ()) for n in range(4)]
    await publish_named(feed.producer, feed.settings.events_topic, 0, 4, [*records, Named(b"poison", (b"\xff",))])
    await feed.apply(0)
    assert (await feed.row("{1.p0}:acme:u:u1:d:20260105"))["calls_made"] == 4
    [letter] = await feed.records(0, feed.settings.dead_letters_topic)
    assert (letter.value, letter.headers[0]) == (b"poison", ("?", b"1"))
    assert await differences(feed.settings) == []
