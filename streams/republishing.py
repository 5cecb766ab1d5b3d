"""All events of a topic published again to one with another number of partitions, in the order in which they were appended.

Each event keeps its value, its headers and the time at which it was appended, so that what is counted is the same; what cannot be
used may be cut. It goes to the partition of its organisation, and headers say where it was published and where it is copied from, in
place of what they said of places between. A record on another partition than its organisation's is left out where it was applied:
whoever applied it has forwarded it first, and its copy goes.
"""

import asyncio
import heapq
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.structs import ConsumerRecord, RecordMetadata

from events import Invalid, partition_for
from streams.log import BATCH_RECORDS, PATIENCE_MS, LogError
from streams.mark import Mark
from streams.records import changes, headers_of_copy, publishable
from streams.topics import LARGEST_EVENT_BYTES

CHUNK = 5_000


class Merged:
    """All partitions of a topic, read once, in the order of append times; ``next`` are the offsets after the last records given."""

    def __init__(self, reader: AIOKafkaConsumer, topic: str, partitions: int) -> None:
        self.reader = reader
        self.tps = [TopicPartition(topic, number) for number in range(partitions)]
        self.next = [0] * partitions
        self._highest_ms = [0] * partitions
        self._ahead: list[deque[ConsumerRecord]] = [deque() for _ in self.tps]

    async def open(self) -> None:
        """Have the reader read all of it. Raises LogError where a beginning is gone."""
        self.reader.assign(self.tps)
        for tp, first in (await self.reader.beginning_offsets(self.tps)).items():
            if first > 0:
                raise LogError(f"of partition {tp.partition} begins at offset {first}: what was before is lost")
            self.reader.seek(tp, 0)

    async def upto(self, ends: Sequence[int]) -> AsyncIterator[list[tuple[int, ConsumerRecord]]]:
        """Yield the records before some offsets, each with the highest append time of its partition by then (ms)."""
        heap: list[tuple[int, int]] = []
        for number in range(len(self.tps)):
            await self._push(heap, number, ends[number])
        chunk: list[tuple[int, ConsumerRecord]] = []
        while heap:
            at_ms, number = heapq.heappop(heap)
            record = self._ahead[number].popleft()
            self.next[number], self._highest_ms[number] = record.offset + 1, at_ms
            chunk.append((at_ms, record))
            if len(chunk) == CHUNK:
                yield chunk
                chunk = []
            await self._push(heap, number, ends[number])
        if chunk:
            yield chunk

    async def _push(self, heap: list[tuple[int, int]], number: int, end: int) -> None:
        """Put the next record of a partition into the order, if it is to be given."""
        if self.next[number] >= end:
            return
        if not self._ahead[number]:
            tp = self.tps[number]
            found = await self.reader.getmany(tp, timeout_ms=PATIENCE_MS, max_records=BATCH_RECORDS)
            self._ahead[number].extend(found.get(tp, ()))
        if not self._ahead[number]:
            raise LogError(
                f"of partition {number} ends at offset {self.next[number]}, and has been applied up to {end}"
            )
        record = self._ahead[number][0]
        if record.offset < end:
            heapq.heappush(heap, (max(self._highest_ms[number], record.timestamp), number))


class Republishing:
    """Publishes the records of one topic to another; ``ends`` are the offsets after the last ones by its partition."""

    def __init__(self, source: Merged, producer: AIOKafkaProducer, topic: str, partitions: int) -> None:
        self.source, self.producer, self.topic = source, producer, topic
        self.ends = [0] * partitions

    async def upto(self, marks: Sequence[Mark], tell: Callable[[int], object] = lambda records: None) -> None:
        """Publish what was applied up to some marks; return once all of it is acknowledged. Raises LogError, KafkaError."""
        async for chunk in self.source.upto([mark.next for mark in marks]):
            found = changes([record for _, record in chunk])
            sent = []
            for (at_ms, record), change in zip(chunk, found, strict=True):
                org = "" if isinstance(change, Invalid) else change.org
                if org and partition_for(org, len(self.source.tps)) != record.partition:
                    continue
                sent.append(await send(self.producer, self.topic, len(self.ends), record, org, at_ms))
            for told in await asyncio.gather(*sent):
                self.ends[told.partition] = max(self.ends[told.partition], told.offset + 1)
            tell(len(chunk))


async def send(
    producer: AIOKafkaProducer, topic: str, partitions: int, record: ConsumerRecord, org: str, at_ms: int | None = None
) -> "asyncio.Future[RecordMetadata]":
    """Publish a record to the partition of its organisation, one that cannot be used (``org`` is empty) to any."""
    partition = partition_for(org, partitions) if org else record.partition % partitions
    copy = replace(record, key=org.encode() or record.key, headers=headers_of_copy(record))
    copy = publishable(copy, LARGEST_EVENT_BYTES)
    future: asyncio.Future[RecordMetadata] = await producer.send(
        topic, copy.value, copy.key, partition, at_ms, [*copy.headers]
    )
    return future
