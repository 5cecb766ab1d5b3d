"""Reading one partition of the events topic, outside the group of the workers."""

from collections.abc import AsyncIterator

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from crmpulse.settings import Settings
from streams.connection import kafka

PATIENCE_MS = 10_000
BATCH_RECORDS = 10_000


class LogError(Exception):
    """The log does not hold what was applied; the message says which part."""


def consumer(settings: Settings) -> AIOKafkaConsumer:
    """Return a consumer of no group; start and stop it with ``async with``."""
    return AIOKafkaConsumer(
        **kafka(settings),
        enable_auto_commit=False,
        auto_offset_reset="none",
        fetch_max_wait_ms=50,  # what is asked next waits for the answer
        max_partition_fetch_bytes=8 << 20,
    )


class Log:
    """One partition from its beginning on, read once; ``next`` is the offset after the last record given out."""

    def __init__(self, reader: AIOKafkaConsumer, topic: str, partition: int) -> None:
        self.reader = reader
        self.tp = TopicPartition(topic, partition)
        self.next = 0
        self._ahead: list[ConsumerRecord] = []

    async def open(self) -> None:
        """Have the reader read this partition, and no other. Raises LogError where the log's beginning is gone."""
        self.reader.assign([self.tp])
        self._ahead = []
        first: int = (await self.reader.beginning_offsets([self.tp]))[self.tp]
        if first > 0:
            raise LogError(f"begins at offset {first}: what was before cannot be recounted")
        self.reader.seek(self.tp, self.next)

    async def upto(self, end: int) -> AsyncIterator[list[ConsumerRecord]]:
        """Yield the records between ``next`` and ``end``. Raises LogError where there are none."""
        while self.next < end:
            records = self._ahead or await self._fetched(PATIENCE_MS)
            if not records:
                raise LogError(f"ends at offset {self.next}, and has been applied up to {end}")
            given = [record for record in records if record.offset < end]
            self._ahead = records[len(given) :]
            self.next = given[-1].offset + 1 if given else end
            if given:
                yield given

    async def rest(self) -> AsyncIterator[list[ConsumerRecord]]:
        """Yield what is left up to the log's end."""
        # The end is the one that fetches tell: the embedded broker answers another one when it is asked.
        while records := self._ahead or await self._fetched(PATIENCE_MS // 5):
            self._ahead = []
            self.next = records[-1].offset + 1
            yield records
            if self.next >= (self.reader.highwater(self.tp) or 0):
                break

    async def _fetched(self, timeout_ms: int) -> list[ConsumerRecord]:
        found = await self.reader.getmany(self.tp, timeout_ms=timeout_ms, max_records=BATCH_RECORDS)
        records: list[ConsumerRecord] = found.get(self.tp, [])
        return records
