from __future__ import annotations

from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.structs import ConsumerRecord

from streams.log import Log, LogError


class Reader:
    """A consumer of a log with these offsets, which fetches three records at a time."""

    def __init__(self, *offsets: int, first: int = 0) -> None:
        self.offsets = offsets
        self.first = first
        self.position = 0

    def assign(self, _: object) -> None: ...

    async def beginning_offsets(self, tps: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(tps, self.first)

    def seek(self, _: object, offset: int) -> None:
        self.position = offset

    def highwater(self, _: object) -> int:
        return self.offsets[-1] + 1

    async def getmany(self, tp: TopicPartition, **_: Any) -> dict[TopicPartition, list[ConsumerRecord]]:
        found = [offset for offset in self.offsets if offset >= self.position][:3]
        self.position = found[-1] + 1 if found else self.position
        return {tp: [ConsumerRecord("t", 0, at, 0, 1, None, b"", 0, 0, 0, ()) for at in found]} if found else {}


async def read(log: Log, end: int) -> list[list[int]]:
    return [[record.offset for record in records] async for records in log.upto(end)]


async def opened(reader: Reader) -> Log:
    log = Log(reader, "t", 0)
    await log.open()
    return log


async def test_a_log_is_read_up_to_any_later_offset_and_on_from_there() -> None:
    log = await opened(Reader(0, 1, 2, 3, 4, 5, 6))
    assert await read(log, 2) == [[0, 1]]
    assert await read(log, 2) == []
    assert await read(log, 5) == [[2], [3, 4]]
    assert log.next == 5
    assert [[r.offset for r in records] async for records in log.rest()] == [[5], [6]]


async def test_offsets_may_be_missing() -> None:
    log = await opened(Reader(1, 5, 9, 12))
    assert await read(log, 8) == [[1, 5]]
    assert await read(log, 10) == [[9]]


async def test_after_being_opened_anew_it_goes_on_where_it_was() -> None:
    log = await opened(Reader(0, 1, 2, 3))
    await read(log, 2)
    await log.open()
    assert await read(log, 4) == [[2, 3]]


async def test_a_log_that_ends_too_early_is_told() -> None:
    log = await opened(Reader(0, 1))
    with pytest.raises(LogError, match="ends at offset 2, and has been applied up to 5"):
        await read(log, 5)


async def test_a_log_whose_beginning_is_gone_is_told() -> None:
    with pytest.raises(LogError, match="begins at offset 3"):
        await opened(Reader(3, first=3))
