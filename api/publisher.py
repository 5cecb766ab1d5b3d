"""The API's producer: there or not, and events that are in the log once `publish` returns."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, UnknownTopicOrPartitionError

from api.current import Current
from api.positions import Position
from api.problems import Problem
from crmpulse.settings import Settings
from events import partition_for
from streams.connection import kafka

ACKNOWLEDGE_SECONDS = 10.0
RETRY_SECONDS = 1.0
CLOSE_SECONDS = 2.0
REQUEST_BYTES = 2 << 20
BATCH_BYTES = 256 << 10
AWAY = {"Retry-After": "2"}

log = structlog.get_logger("crmpulse.api")


class Publisher:
    """Publishes to the topic that the tables are made of. Connects by itself, also when the broker comes later than the API."""

    def __init__(self, settings: Settings, current: Current) -> None:
        self.settings = settings
        self.current = current
        self.producer: AIOKafkaProducer | None = None
        self.closing = asyncio.Event()
        self.connecting = asyncio.create_task(self._connect())

    async def close(self) -> None:
        """Let go of the broker."""
        self.closing.set()
        with suppress(TimeoutError):
            await asyncio.wait_for(self.connecting, CLOSE_SECONDS)
        if self.producer:
            with suppress(KafkaError, TimeoutError):
                await asyncio.wait_for(self.producer.stop(), CLOSE_SECONDS)

    async def publish(self, org: str, values: Sequence[bytes]) -> Position:
        """Publish events of an organisation, in order; return the position of the last once all are acknowledged.

        Raises a 503 problem where the broker is away: some may be published, and publishing them again changes nothing.
        """
        try:
            async with asyncio.timeout(ACKNOWLEDGE_SECONDS):
                return await self._publish(org, values)
        except MessageSizeTooLargeError:
            raise Problem(413, "too-large", "An event is larger than the broker takes.") from None
        except (KafkaError, TimeoutError, OSError) as error:
            log.warning("events not acknowledged", error=f"{type(error).__name__}: {error}")
            detail = "The broker does not acknowledge; send the same again, what is there twice counts once."
            raise Problem(503, "unavailable", detail, AWAY) from None

    async def _publish(self, org: str, values: Sequence[bytes]) -> Position:
        if self.producer is None:
            raise KafkaError("not connected yet")
        found = await self.current.layout()
        topic = found.events_topic(self.settings)
        partition = partition_for(org, len(await self.producer.partitions_for(topic)))
        key = org.encode()
        sent = [await self.producer.send(topic, value, key, partition) for value in values]
        return Position(partition, (await asyncio.gather(*sent))[-1].offset, found.generation)

    async def _connect(self) -> None:
        topic = self.settings.events_topic
        while not self.closing.is_set():
            producer = AIOKafkaProducer(
                **kafka(self.settings),
                acks="all",
                compression_type="zstd",  # as quick as lz4, and any text of 1 MiB becomes smaller than what brokers take
                max_batch_size=BATCH_BYTES,
                max_request_size=REQUEST_BYTES,
                request_timeout_ms=int(ACKNOWLEDGE_SECONDS * 1000),
            )
            try:
                await producer.start()
                if topic not in (await producer.client.fetch_all_metadata()).topics():  # by name it might be created
                    raise UnknownTopicOrPartitionError(f"no {topic}: run crmpulse topics")
                self.producer = producer
                return
            except (KafkaError, OSError) as error:
                log.warning("the broker is away", error=f"{type(error).__name__}: {error}", next="trying again")
            finally:
                if self.producer is not producer:
                    await producer.stop()
            with suppress(TimeoutError):
                await asyncio.wait_for(self.closing.wait(), RETRY_SECONDS)
