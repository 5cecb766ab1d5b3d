"""How long the log is, as the broker tells it with a fetch.

A fetch's high watermark is right with every broker; what they say when asked for the latest offset is not. One fetch a
second at most, from where the tables stand, so that it brings next to nothing.
"""

import asyncio
import time
from collections.abc import Mapping
from typing import NamedTuple

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, KafkaTimeoutError, UnknownTopicOrPartitionError

from crmpulse.settings import Settings
from streams.connection import kafka

FRESH_SECONDS = 1.0
ANSWER_SECONDS = 3.0
CLOSE_SECONDS = 2.0
POLL_MS = 20

log = structlog.get_logger("crmpulse.api")


class Ends(NamedTuple):
    """The offset that the next record of each partition will have, and the number of dead letters; None is not known."""

    events: dict[int, int | None]
    dead_letters: int | None

    @property
    def known(self) -> bool:
        """Tell whether the broker answered for every partition."""
        return bool(self.events) and None not in self.events.values()


class Log:
    """Asks the broker for the ends of the log's partitions."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.topic = settings.events_topic
        self.consumer: AIOKafkaConsumer | None = None
        self.lock = asyncio.Lock()
        self.asked_at = -FRESH_SECONDS
        self.told = Ends({}, None)

    async def close(self) -> None:
        """Let go of the broker."""
        if self.consumer:
            stopping = asyncio.create_task(self.consumer.stop())
            await asyncio.wait({stopping}, timeout=CLOSE_SECONDS)  # it raises CancelledError where the broker is away

    async def ends(self, applied: Mapping[int, int], topic: str = "") -> Ends:
        """Return the ends as they are, or were a second ago; ``applied`` are offsets near them. Never raises.

        ``topic`` is that of the events, the last one that was named where it is not known.
        """
        async with self.lock:
            if topic not in ("", self.topic):
                await self.close()
                self.consumer, self.topic, self.asked_at = None, topic, -FRESH_SECONDS
            if time.monotonic() - self.asked_at >= FRESH_SECONDS:
                self.told = await self._asked(applied)
                self.asked_at = time.monotonic()
            return self.told

    async def _asked(self, applied: Mapping[int, int]) -> Ends:
        try:
            self.consumer = self.consumer or await self._connected()
            found = await self._fetched(self.consumer, applied)
        except (KafkaError, OSError) as error:  # a TimeoutError is an OSError
            log.warning("the broker does not tell the ends of the log", error=f"{type(error).__name__}: {error}")
            return Ends({}, None)
        events = {tp.partition: end for tp, end in found.items() if tp.topic == self.topic}
        letters = [end for tp, end in found.items() if tp.topic == self.settings.dead_letters_topic]
        return Ends(dict(sorted(events.items())), None if None in letters else sum(end or 0 for end in letters))

    async def _connected(self) -> AIOKafkaConsumer:
        consumer = AIOKafkaConsumer(
            **kafka(self.settings),
            enable_auto_commit=False,
            auto_offset_reset="latest",
            fetch_max_wait_ms=POLL_MS,
            max_partition_fetch_bytes=1024,
            request_timeout_ms=int(ANSWER_SECONDS * 1000),
        )
        topics = {self.topic, self.settings.dead_letters_topic}
        try:
            await consumer.start()
            # Asking for one by its name may create it, as it should not be.
            if missing := topics - await consumer.topics():
                raise UnknownTopicOrPartitionError(f"no {' and '.join(missing)}: run crmpulse topics")
            consumer.subscribe(topics)
            deadline = time.monotonic() + ANSWER_SECONDS
            while not consumer.assignment():  # without a group it gets all partitions once it knows of them
                await consumer.getmany(timeout_ms=POLL_MS)
                if time.monotonic() > deadline:
                    raise KafkaTimeoutError
        except BaseException:
            await consumer.stop()
            raise
        return consumer

    async def _fetched(
        self, consumer: AIOKafkaConsumer, applied: Mapping[int, int]
    ) -> Mapping[TopicPartition, int | None]:
        """The high watermarks as of now, None of partitions whose broker does not answer."""
        waiting, start_ms = set(consumer.assignment()), time.time() * 1000
        deadline = start_ms + ANSWER_SECONDS * 1000
        for tp in waiting:
            if tp.topic == self.topic:
                consumer.seek(tp, applied.get(tp.partition, 0))
        consumer.resume(*waiting)
        try:
            while waiting and time.time() * 1000 < deadline:
                await consumer.getmany(timeout_ms=POLL_MS)
                waiting = {tp for tp in waiting if (consumer.last_poll_timestamp(tp) or 0) < start_ms}
        finally:
            consumer.pause(*consumer.assignment())
        return {tp: None if tp in waiting else consumer.highwater(tp) for tp in consumer.assignment()}
