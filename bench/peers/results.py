"""What peers left in topics: the last value of each key."""

import json
import struct
from collections.abc import Callable, Iterator
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from bench.totals import MEASURES, Totals

_ROW = struct.Struct(f">{len(MEASURES)}q")
_PATIENCE_SECONDS = 30.0


def of_jvm(kafka: str, group: str) -> Totals:
    """Read the two topics that Kafka Streams and Flink keep rows and deals in."""
    rows = latest(kafka, f"{group}-rows-changelog", lambda value: list(_ROW.unpack(value)))
    return Totals(rows, latest(kafka, f"{group}-deals-changelog", _deal))


def of_quix(kafka: str, group: str, topic: str) -> Totals:
    """Read the changelog of the store of Quix Streams: keys are ``<message key>|"row/…"`` or ``"deal/…"``."""
    found = latest(kafka, f"changelog__{group}--{topic}--default", json.loads)
    parts: dict[str, dict[str, Any]] = {"row": {}, "deal": {}}
    for key, value in found.items():
        kind, _, name = json.loads(key.partition("|")[2]).partition("/")
        parts[kind][name] = value
    return Totals(parts["row"], parts["deal"])


def latest(kafka: str, topic: str, read: Callable[[bytes], Any]) -> dict[str, Any]:
    """Return the last committed value of each key of a topic."""
    consumer = Consumer({"bootstrap.servers": kafka, "group.id": "bench-results", "enable.partition.eof": False})
    found: dict[str, Any] = {}
    try:
        for number in consumer.list_topics(topic, timeout=_PATIENCE_SECONDS).topics[topic].partitions:
            found |= {key: read(value) for key, value in _messages(consumer, TopicPartition(topic, number))}
    finally:
        consumer.close()
    return found


def _messages(consumer: Consumer, partition: TopicPartition) -> Iterator[tuple[str, bytes]]:
    start, end = consumer.get_watermark_offsets(partition, timeout=_PATIENCE_SECONDS)
    if start == end:
        return
    consumer.assign([TopicPartition(partition.topic, partition.partition, start)])
    while consumer.position([partition])[0].offset < end:
        for message in consumer.consume(10_000, timeout=0.2):
            key, value = message.key(), message.value()
            if not message.error() and key is not None and value is not None:
                yield key.decode(), value
    consumer.unassign()


def _deal(value: bytes) -> list[Any]:
    status, stage, units = value.decode().split("/")
    return [status, stage, int(units)]
