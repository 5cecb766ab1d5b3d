from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import READ_COMMITTED, READ_UNCOMMITTED, PartitionRecords
from aiokafka.errors import CorruptRecordException
from aiokafka.record import memory_records
from aiokafka.record.default_records import DefaultRecordBatch, _DefaultRecordBatchPy
from aiokafka.record.legacy_records import LegacyRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import calc_crc32c
from aiokafka.structs import ConsumerRecord

from streams.fetched import Fetched
from streams.verify import differences
from tests.feed import HOME, Feed, Name, Named, encoder, event, publish_named

ACME = HOME[0]
CODECS = pytest.mark.parametrize("codec", range(5), ids=["none", "gzip", "snappy", "lz4", "zstd"])
GOOD = Named(b"good", ("größe".encode(), b"x"))
BAD = Named(b"bad \xff", (b"caf\xe9", "größe".encode(), "gr\u00f6\u00dfe\u20ac".encode() + b"\xff\xfe"))
MENDED = ("caf?", "größe", "gr????e?????")

NONE, GZIP, SNAPPY, LZ4 = range(4)
OFFSET, ATTRIBUTES, LAST, PRODUCER, COUNT = 0, 5, 6, 9, 12
"""Which fields of a batch's header these are."""
OF_TRANSACTION = {ATTRIBUTES: 0x10, PRODUCER: 7}
ABORTED = [(7, 0)]
"""As a broker tells of a transaction of that producer, from offset 0 on, which a marker ends."""


def fetch(*batches: Iterable[Named], codec: int = NONE) -> bytes:
    """Batches as they are fetched, one after the other from offset 0 on."""
    raw, offset = b"", 0
    for each in batches:
        records = list(each)
        raw, offset = raw + batch(records, {OFFSET: offset}, codec), offset + len(records)
    return raw


def batch(records: Iterable[Named], fields: Mapping[int, int], codec: int = NONE) -> bytes:
    """A batch with some fields of its header as they are told."""
    return stamped(encoder(codec, records).build(), fields)


def marker(offset: int, kind: int) -> bytes:
    """The control batch that ends a transaction: it is aborted (0) or committed (1)."""
    builder = encoder(NONE, [])
    builder.append(0, 1, struct.pack(">HH", 0, kind), bytes(6), [])
    return stamped(builder.build(), {OFFSET: offset, ATTRIBUTES: 0x30, PRODUCER: 7})


def stamped(built: bytearray, fields: Mapping[int, int]) -> bytes:
    form = _DefaultRecordBatchPy.HEADER_STRUCT
    form.pack_into(built, 0, *(fields.get(n, value) for n, value in enumerate(form.unpack_from(built))))
    told = bytes(built[_DefaultRecordBatchPy.ATTRIBUTES_OFFSET :])
    struct.pack_into(">I", built, _DefaultRecordBatchPy.CRC_OFFSET, calc_crc32c(told))
    return bytes(built)


def legacy(magic: Literal[0, 1], offset: int, *values: bytes | None, codec: int = NONE) -> bytes:
    """Records in a format of before Kafka 0.11; compressed ones are one record, which has the offset of the last."""
    builder = LegacyRecordBatchBuilder(magic, codec, 1 << 20)
    first = 0 if magic and codec else offset
    for number, value in enumerate(values):
        assert builder.append(first + number, 5, b"k", value)
    built = builder.build()
    if codec:
        struct.pack_into(">q", built, 0, offset + len(values) - 1)
    return bytes(built)


def read(
    raw: bytes, start: int = 0, by: type = Fetched, aborted: Sequence[tuple[int, int]] | None = None
) -> PartitionRecords:
    """What aiokafka makes of a fetch at an offset; where it is told which transactions were aborted, of what is committed."""
    level = READ_UNCOMMITTED if aborted is None else READ_COMMITTED
    return PartitionRecords(TopicPartition("t", 0), by(raw), aborted, start, None, None, True, level)


def told(records: Iterable[ConsumerRecord]) -> list[tuple[int, bytes | None, tuple[str, ...]]]:
    return [(record.offset, record.value, tuple(name for name, _ in record.headers)) for record in records]


def expected(*records: Named, start: int = 0) -> list[tuple[int, bytes | None, tuple[str, ...]]]:
    names = {GOOD: ("größe", "x"), BAD: MENDED}
    return [(offset, one.value, names.get(one, ())) for offset, one in enumerate(records, start)]


@CODECS
@pytest.mark.parametrize("reader", [DefaultRecordBatch, _DefaultRecordBatchPy])
def test_a_name_that_is_no_text_is_told_with_question_marks_and_all_around_it_as_it_is(
    codec: int, reader: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_records, "DefaultRecordBatch", reader)
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


def test_a_batch_that_is_wrong_otherwise_is_refused_as_aiokafka_does() -> None:
    wrong = batch([GOOD, GOOD], {COUNT: 3})
    with pytest.raises(CorruptRecordException) as own:
        [*read(wrong, by=MemoryRecords)]
    with pytest.raises(CorruptRecordException) as ours:
        [*read(wrong)]
    assert str(ours.value) == str(own.value)


def test_what_is_committed_is_read_beyond_what_was_aborted() -> None:
    raw = batch([BAD, GOOD], OF_TRANSACTION) + marker(2, 0) + batch([BAD, GOOD], {**OF_TRANSACTION, OFFSET: 3})
    reading = read(raw + marker(5, 1), aborted=ABORTED)
    assert told(reading) == expected(BAD, GOOD, start=3)
    assert reading.next_fetch_offset == 6


PLAIN = batch([GOOD, GOOD], {})
OLD = (b"a", None, b"")
FETCHES: dict[str, tuple[bytes, list[int], int]] = {
    "v0": (legacy(0, 0, *OLD), [0, 1, 2], 3),
    "v0, gzip": (legacy(0, 4, *OLD, codec=GZIP), [4, 5, 6], 7),
    "v0, snappy": (legacy(0, 4, *OLD, codec=SNAPPY), [4, 5, 6], 7),
    "v1": (legacy(1, 4, *OLD), [4, 5, 6], 7),
    "v1, gzip": (legacy(1, 4, *OLD, codec=GZIP), [4, 5, 6], 7),
    "v1, snappy": (legacy(1, 4, *OLD, codec=SNAPPY), [4, 5, 6], 7),
    "v1, lz4": (legacy(1, 4, *OLD, codec=LZ4), [4, 5, 6], 7),
    "control": (PLAIN + marker(2, 0) + batch([GOOD], {OFFSET: 3, **OF_TRANSACTION}) + marker(4, 1), [0, 1, 3], 5),
    "emptied": (PLAIN + batch([], {OFFSET: 2, LAST: 4}) + batch([GOOD], {OFFSET: 7}), [0, 1, 7], 8),
    "emptied at the end": (PLAIN + batch([], {OFFSET: 2, LAST: 4}), [0, 1], 7),
    "cut off": (PLAIN + batch([GOOD], {OFFSET: 2})[:-1], [0, 1], 2),
    "cut off in its header": (PLAIN + batch([GOOD], {OFFSET: 2})[:11], [0, 1], 2),
    "cut off at once": (PLAIN[:-1], [], 0),
}  # fmt: skip


@pytest.mark.parametrize("aborted", [None, [], ABORTED], ids=["all", "committed", "aborted"])
@pytest.mark.parametrize(("raw", "offsets", "end"), FETCHES.values(), ids=FETCHES)
def test_what_has_no_bad_name_is_read_as_aiokafka_reads_it(
    raw: bytes, offsets: list[int], end: int, aborted: Sequence[tuple[int, int]] | None
) -> None:
    ours, own = (read(raw, by=reader, aborted=aborted) for reader in (Fetched, MemoryRecords))
    found = [*ours]
    assert found == [*own]
    assert ([record.offset for record in found], ours.next_fetch_offset) == (offsets, own.next_fetch_offset)
    assert own.next_fetch_offset == end
    # A fetcher asks these, too: where bytes hold no whole batch, one is too large.
    for reader in (Fetched, MemoryRecords):
        assert (reader(raw).has_next(), reader(raw).size_in_bytes()) == (bool(offsets), len(raw))


def test_batches_of_several_formats_in_one_fetch_are_read_as_each_by_itself() -> None:
    """Which aiokafka's own reader in C does not: it takes all for what the first is."""
    batches = [
        legacy(0, 0, b"a"), legacy(1, 1, b"b", b"c", codec=GZIP), legacy(0, 3, b"d", codec=GZIP), legacy(1, 4, b"e"),
        batch([GOOD], {OFFSET: 5}, LZ4), legacy(1, 6, b"f"), batch([GOOD], {OFFSET: 7}),
    ]  # fmt: skip
    own = [record for each in batches for record in read(each, by=MemoryRecords)]
    assert [record.offset for record in own] == [*range(8)]
    assert [*read(b"".join(batches))] == own


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
