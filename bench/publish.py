"""Topics for the measurements, filled before anything is timed."""

from collections.abc import Iterable

import msgspec
from confluent_kafka import Producer

from bench.mix import Event
from crmpulse.settings import Settings
from events import partition_for
from streams.topics import ensure

PARTITIONS = 4
CONFIG = {"linger.ms": 50, "batch.size": 1 << 20, "compression.type": "lz4", "acks": "all"}


def create(kafka: str, topic: str) -> None:
    """Create the topics of a worker that reads ``topic``."""
    ensure(Settings(kafka=kafka, events_topic=topic, partitions=PARTITIONS))


def publish(kafka: str, topic: str, events: Iterable[Event]) -> None:
    """Publish events, each to its organisation's partition; return once all are acknowledged."""
    producer = Producer({"bootstrap.servers": kafka, **CONFIG})
    failed: list[object] = []
    for event in events:
        org = event["orgid"]
        while True:
            try:
                producer.produce(
                    topic,
                    msgspec.json.encode(event),
                    org,
                    partition_for(org, PARTITIONS),
                    on_delivery=lambda error, _: failed.append(error) if error else None,
                )
                break
            except BufferError:
                producer.poll(0.1)
    if producer.flush(60) or failed:
        raise RuntimeError(f"{topic} is not whole: {failed[:1]}")
