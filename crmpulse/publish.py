"""Publishing events: each to its organisation's partition, acknowledged by every replica.

Nothing is made idempotent at the broker: a repeated event changes nothing, and not every broker can.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from itertools import groupby, islice

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder

from crmpulse.cloudevent import Event
from crmpulse.settings import Settings
from events.partition import partition_for
from streams import topics
from streams.connection import kafka
from streams.records import HISTORY

CHUNK_EVENTS = 1000
BATCH_BYTES = 900_000
TURNS_PER_SECOND = 10

Headers = list[tuple[str, bytes]]

encode = msgspec.json.Encoder().encode


def producer(settings: Settings) -> AIOKafkaProducer:
    """One that `publish` can use, to be started and stopped by `async with`."""
    return AIOKafkaProducer(**kafka(settings), acks="all", compression_type="lz4", max_batch_size=BATCH_BYTES)


async def publish(
    producer: AIOKafkaProducer, topic: str, events: Iterable[Event], rate: float = 0
) -> AsyncIterator[int]:
    """Publish history, at most `rate` a second unless it is 0; yields how many more have been acknowledged.

    It is marked as such, so that nothing of it is news to anybody.
    """
    [partitions] = await topics.required(producer.client, topic)
    clock = asyncio.get_running_loop().time
    start, done = clock(), 0
    for chunk in _chunks(
        iter(events), min(CHUNK_EVENTS, max(1, int(rate / TURNS_PER_SECOND))) if rate else CHUNK_EVENTS
    ):
        await _send(producer, topic, partitions, chunk, [(HISTORY, b"")])
        done += len(chunk)
        yield len(chunk)
        if rate:
            await asyncio.sleep(start + done / rate - clock())


async def play(producer: AIOKafkaProducer, topic: str, timed: Iterable[tuple[float, Event]]) -> None:
    """Publish each event as it happens, so many seconds after the one before it, catching up where it fell behind."""
    [partitions] = await topics.required(producer.client, topic)
    clock = asyncio.get_running_loop().time
    due = clock()
    for delay_s, event in timed:
        due += delay_s
        await asyncio.sleep(due - clock())
        await _send(producer, topic, partitions, [event], [])


async def _send(producer: AIOKafkaProducer, topic: str, partitions: int, events: list[Event], headers: Headers) -> None:
    def partition(event: Event) -> int:
        return partition_for(event["orgid"], partitions)

    sent = [
        await producer.send_batch(batch, topic, partition=number)
        for number, own in groupby(sorted(events, key=partition), key=partition)
        for batch in _batches(producer, own, headers)
    ]
    await asyncio.gather(*sent)


def _batches(producer: AIOKafkaProducer, events: Iterable[Event], headers: Headers) -> Iterator[BatchBuilder]:
    batch = producer.create_batch()
    for event in events:
        record = {"timestamp": None, "key": event["orgid"].encode(), "value": encode(event), "headers": headers}
        if batch.append(**record) is None:
            yield batch
            batch = producer.create_batch()
            batch.append(**record)
    yield batch


def _chunks(events: Iterator[Event], size: int) -> Iterator[list[Event]]:
    while chunk := list(islice(events, size)):
        yield chunk
