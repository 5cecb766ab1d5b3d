"""Topics for the measurements, filled before anything is timed."""

import time
from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

import msgspec
from confluent_kafka import Producer

from bench.mix import Event, Shape, mix
from bench.totals import Totals, happened
from crmpulse.settings import Settings
from events import partition_for
from streams.topics import ensure

PARTITIONS = 4
CONFIG = {"linger.ms": 50, "batch.size": 1 << 20, "compression.type": "lz4", "acks": "all"}
MONTH = 500_000
"""Events of a topic's whole span; a topic with fewer holds those of its first days, so that hours stay as full."""


class Topic(NamedTuple):
    """A filled topic: how many events it holds, and what there is to count in them."""

    name: str
    events: int
    totals: Totals


def filled(kafka: str, count: int, of: int, shape: Shape) -> Topic:
    """Make a topic with the first ``count`` of ``of`` events."""
    topic = Topic(f"bench-{count}-{time.time_ns()}", count, Totals({}, {}))
    create(kafka, topic.name)
    publish(kafka, topic.name, happened(islice(mix(of, shape), count), topic.totals))
    return topic


def empty(kafka: str) -> Topic:
    """Make a topic without events."""
    topic = Topic(f"bench-live-{time.time_ns()}", 0, Totals({}, {}))
    create(kafka, topic.name)
    return topic


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
