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
PATIENCE_SECONDS = 60
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


def publish(kafka: str, topic: str, events: Iterable[Event]) -> int:
    """Publish events, each to its organisation's partition; return how many, once all are acknowledged."""
    publisher = Publisher(kafka, topic)
    for event in events:
        publisher.send(event)
    return publisher.finish()


class Publisher:
    """Sends events to their organisations' partitions."""

    def __init__(self, kafka: str, topic: str) -> None:
        self.topic, self.sent = topic, 0
        self._producer = Producer({"bootstrap.servers": kafka, **CONFIG})
        self._failed: list[object] = []

    def send(self, event: Event) -> None:
        """Hand an event over; it waits only where too many are on their way."""
        org, value = event["orgid"], msgspec.json.encode(event)
        while True:
            try:
                partition = partition_for(org, PARTITIONS)
                self._producer.produce(self.topic, value, org, partition, on_delivery=self._delivered)
                break
            except BufferError:
                self._producer.poll(0.1)
        self.sent += 1

    def finish(self) -> int:
        """Return how many were sent, once all are acknowledged."""
        if self._producer.flush(PATIENCE_SECONDS) or self._failed:
            raise RuntimeError(f"{self.topic} is not whole: {self._failed[:1]}")
        return self.sent

    def _delivered(self, error: object, _: object) -> None:
        if error:
            self._failed.append(error)
