"""What a worker publishes: dead letters, and records that came to a partition which is not their organisation's."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.structs import ConsumerRecord

from events import Invalid
from streams.records import came_from, headers_of_copy, publishable
from streams.topics import LARGEST_LETTER_BYTES


class Letter(NamedTuple):
    """A record that could not be used, and why."""

    record: ConsumerRecord
    invalid: Invalid


class Forward(NamedTuple):
    """A record for another partition of its topic, and the organisation that it belongs to."""

    record: ConsumerRecord
    org: str
    partition: int


async def publish(
    producer: AIOKafkaProducer, topic: str, letters: Sequence[Letter], forwards: Sequence[Forward]
) -> None:
    """Publish dead letters to ``topic`` and forward records; return once the broker has acknowledged all of them."""
    sent = [await _send_letter(producer, topic, letter) for letter in letters]
    sent += [await _send_forward(producer, forward) for forward in forwards]
    await asyncio.gather(*sent)


async def _send_letter(producer: AIOKafkaProducer, topic: str, letter: Letter) -> "asyncio.Future[object]":
    origin, partition, offset = came_from(letter.record)
    record, invalid = publishable(letter.record, LARGEST_LETTER_BYTES), letter.invalid
    told = {"reason": invalid.reason, "path": invalid.path, "topic": origin, "partition": partition, "offset": offset}
    kept = [(name, value) for name, value in record.headers if name not in told]
    headers = [*kept, *((name, text.encode()) for name, text in told.items())]
    future: asyncio.Future[object] = await producer.send(topic, record.value, record.key, headers=headers)
    return future


async def _send_forward(producer: AIOKafkaProducer, forward: Forward) -> "asyncio.Future[object]":
    record, org, partition = forward
    future: asyncio.Future[object] = await producer.send(
        record.topic, record.value, org.encode(), partition=partition, headers=headers_of_copy(record)
    )
    return future
