from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError
from aiokafka.structs import ConsumerRecord
from faust.transport.drivers.aiokafka import Consumer as Faust
from faust.types import TP

from streams.transport import Batch, Consumer

ONE, TWO = TopicPartition("events", 1), TopicPartition("events", 2)


class Log:
    """What stands in for the thread with the Kafka client: a log of ten records a partition, fetched four at a time."""

    def __init__(self) -> None:
        self.position = {ONE: 0, TWO: 0}
        self.while_fetching: list[Any] = []
        self.control_records = 0

    def assignment(self) -> set[TopicPartition]:
        return set(self.position)

    async def seek_wait(self, offsets: Mapping[TopicPartition, int]) -> None:
        if offsets.keys() - self.position.keys():
            raise IllegalStateError
        self.position |= offsets

    async def getmany(self, _: object, __: float) -> dict[TopicPartition, list[ConsumerRecord]]:
        found = {tp: [record(tp, n) for n in range(at, min(at + 4, 10))] for tp, at in self.position.items()}
        self.position = {tp: min(at + 4, 10) for tp, at in self.position.items()}
        if self.while_fetching:
            self.while_fetching.pop(0)()
        return found

    def highwater(self, tp: TP) -> int | None:
        assert tp in self.position
        return 10 + self.control_records

    async def where(self, tp: TopicPartition) -> int:
        """The position, beyond control records once all others have been fetched."""
        if tp not in self.position:
            raise IllegalStateError
        at = self.position[tp]
        return at + self.control_records if at == 10 else at


def record(tp: TopicPartition, offset: int) -> ConsumerRecord:
    return ConsumerRecord(tp.topic, tp.partition, offset, 0, 1, None, b"", 0, 0, 0, ())


class Bare(Consumer):
    """Our consumer without a Faust application around it."""

    should_stop = False

    def __init__(self, log: Log) -> None:
        self._thread = log  # type: ignore[assignment]
        self.script = log
        self._read_offset = {}
        self.flow_active = True
        self._active_partitions = {TP(*ONE), TP(*TWO)}
        self.on_init()

    async def position(self, tp: TP) -> int | None:
        return await self.script.where(TopicPartition(*tp))

    async def _wait_next_records(self, timeout: float) -> Any:  # noqa: ASYNC109 - Faust's name
        return await self._getmany(None, timeout), None

    def _to_message(self, tp: TP, record: ConsumerRecord) -> Any:
        return SimpleNamespace(tp=tp, offset=record.offset)


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def consumer(log: Log) -> Consumer:
    """Our consumer on such a log, with both partitions to be read from offset 0."""
    made = Bare(log)
    made.read_from({TP(*ONE): 0, TP(*TWO): 0})
    return made


async def fetch(consumer: Consumer, most: int = 2) -> list[Batch]:
    """The batches of one fetch, given up after so many."""
    async with aclosing(cast(AsyncGenerator[tuple[TP, Any], None], consumer.getmany(1.0))) as fetching:
        batches: list[Batch] = []
        async for _, message in fetching:
            batches.append(message.value)
            if len(batches) == most:
                break
        return batches


def told(batches: list[Batch]) -> list[tuple[int, int, list[int]]]:
    """Partition, start and offsets of each batch."""
    return [(batch.tp.partition, batch.start, [r.offset for r in batch.records]) for batch in batches]


async def test_nothing_is_fetched_while_every_agent_is_busy(consumer: Consumer, log: Log) -> None:
    consumer._active_partitions = set()
    assert await fetch(consumer) == []
    assert log.position == {ONE: 0, TWO: 0}


async def test_each_fetch_is_a_batch_a_partition_and_begins_where_the_last_one_ended(consumer: Consumer) -> None:
    assert told(await fetch(consumer)) == [(1, 0, [0, 1, 2, 3]), (2, 0, [0, 1, 2, 3])]
    assert told(await fetch(consumer)) == [(1, 4, [4, 5, 6, 7]), (2, 4, [4, 5, 6, 7])]
    assert told(await fetch(consumer)) == [(1, 8, [8, 9]), (2, 8, [8, 9])]
    assert await fetch(consumer) == []


async def test_a_partition_is_read_from_where_it_is_told_to(consumer: Consumer) -> None:
    await fetch(consumer)
    consumer.read_from({TP(*TWO): 1})
    assert told(await fetch(consumer)) == [(1, 4, [4, 5, 6, 7]), (2, 1, [1, 2, 3, 4])]


async def test_what_was_fetched_before_is_not_current_any_more(consumer: Consumer) -> None:
    one, two = await fetch(consumer)
    consumer.read_from({TP(*TWO): 0})
    assert (consumer.is_current(one), consumer.is_current(two)) == (True, False)
    assert all(consumer.is_current(batch) for batch in await fetch(consumer))


async def test_a_seek_during_a_fetch_loses_nothing(consumer: Consumer, log: Log) -> None:
    log.while_fetching = [lambda: consumer.read_from({TP(*ONE): 0})]
    assert told(await fetch(consumer)) == [(2, 0, [0, 1, 2, 3])]
    assert told(await fetch(consumer)) == [(1, 0, [0, 1, 2, 3]), (2, 4, [4, 5, 6, 7])]


async def test_a_seek_between_the_batches_of_a_fetch_loses_nothing(consumer: Consumer) -> None:
    batches: list[Any] = []
    async for _, message in consumer.getmany(1.0):
        batches.append(message.value)
        consumer.read_from({TP(*TWO): 2})
    assert told(batches) == [(1, 0, [0, 1, 2, 3])]
    assert told(await fetch(consumer)) == [(1, 4, [4, 5, 6, 7]), (2, 2, [2, 3, 4, 5])]


async def test_what_is_fetched_while_the_flow_stops_is_fetched_again(consumer: Consumer, log: Log) -> None:
    log.while_fetching = [lambda: setattr(consumer, "flow_active", False)]
    assert await fetch(consumer) == []
    consumer.flow_active = True
    assert told(await fetch(consumer)) == [(1, 0, [0, 1, 2, 3]), (2, 0, [0, 1, 2, 3])]


async def test_what_a_fetch_has_left_is_fetched_again(consumer: Consumer) -> None:
    assert told(await fetch(consumer, most=1)) == [(1, 0, [0, 1, 2, 3])]
    assert told(await fetch(consumer)) == [(1, 4, [4, 5, 6, 7]), (2, 0, [0, 1, 2, 3])]


async def test_what_nobody_claimed_is_not_handed_out(consumer: Consumer, monkeypatch: pytest.MonkeyPatch) -> None:
    async def resume(_: object) -> dict[TP, int]:
        return {TP(*ONE): 3}

    monkeypatch.setattr(Consumer, "resume", staticmethod(resume), raising=False)
    assert await consumer.seek_to_committed() == {TP(*ONE): 3}
    assert told(await fetch(consumer)) == [(1, 3, [3, 4, 5, 6])]


async def test_a_partition_that_went_away_during_a_seek_is_left_to_the_next_assignment(
    consumer: Consumer, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "assignment", lambda: {ONE, TWO})
    del log.position[TWO]
    assert await fetch(consumer) == []
    log.position[TWO] = 7
    assert told(await fetch(consumer)) == [(1, 0, [0, 1, 2, 3]), (2, 0, [0, 1, 2, 3])]


async def test_what_is_read_again_is_not_dropped_as_read(consumer: Consumer) -> None:
    await fetch(consumer)
    consumer._read_offset[TP(*ONE)] = 3
    consumer.read_from({TP(*ONE): 0})
    await fetch(consumer)
    assert consumer._read_offset[TP(*ONE)] is None


async def test_who_is_left_without_partitions_is_told_so(
    consumer: Consumer, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[frozenset[TP]] = []

    async def resume(tps: frozenset[TP]) -> dict[TP, int]:
        told.append(tps)
        return {}

    async def assigned(*_: object) -> None:
        """As Faust does, which asks where to resume later, where there is anything."""

    monkeypatch.setattr(Consumer, "resume", staticmethod(resume), raising=False)
    monkeypatch.setattr(Faust, "on_partitions_assigned", assigned)
    await consumer.on_partitions_assigned({TP(*ONE), TP(*TWO)})
    assert told == []
    log.position.clear()
    await consumer.on_partitions_assigned(set())
    assert told == [frozenset()]


@pytest.mark.parametrize("control_records", [0, 2])
async def test_the_end_is_that_of_what_can_be_applied(consumer: Consumer, log: Log, control_records: int) -> None:
    log.control_records = control_records
    ends = [await consumer.end(TP(*ONE))]
    for _ in range(3):
        await fetch(consumer)
        ends.append(await consumer.end(TP(*ONE)))
    assert ends == [10 + control_records] * 3 + [10]


@pytest.mark.parametrize("control_records", [0, 2])
async def test_all_of_a_log_is_there_when_what_can_be_applied_has_been(
    consumer: Consumer, log: Log, control_records: int
) -> None:
    log.control_records = control_records
    for _ in range(3):
        assert not await consumer.has_all(TP(*ONE), 4)
        await fetch(consumer)
    assert not await consumer.has_all(TP(*ONE), 9)
    assert await consumer.has_all(TP(*ONE), 10)


async def test_nobody_knows_whether_all_is_there_before_a_fetch_or_of_a_partition_that_went_away(
    consumer: Consumer, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not await consumer.has_all(TP("t", 7), 100)
    monkeypatch.setattr(log, "highwater", lambda _: None)
    assert not await consumer.has_all(TP(*ONE), 100)


@pytest.mark.parametrize("fault", [AssertionError, AttributeError], ids=["before it is asked for", "meanwhile"])
async def test_the_end_of_a_partition_that_was_taken_away_is_not_known(
    consumer: Consumer, log: Log, fault: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def highwater(_: object) -> int:
        raise fault  # as aiokafka does

    monkeypatch.setattr(log, "highwater", highwater)
    del log.position[ONE]
    assert consumer.highwater(TP(*ONE)) is None
    assert await consumer.end(TP(*ONE)) == 0
    assert not await consumer.has_all(TP(*ONE), 10)


async def test_the_end_of_a_partition_that_went_away_is_what_was_last_heard(
    consumer: Consumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(_: object) -> int:
        raise IllegalStateError

    monkeypatch.setattr(consumer, "position", gone)
    assert await consumer.end(TP(*ONE)) == 10
