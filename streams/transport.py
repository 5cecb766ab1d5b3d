"""Kafka through Faust, a fetched batch at a time.

Faust hands an agent one message after the other; here each fetch of the events topic is one Faust message whose value is all
of its records. And where Faust would resume at Kafka's committed offsets, it resumes where the tables stand.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import NamedTuple

from aiokafka.structs import ConsumerRecord
from faust.transport.drivers import TRANSPORTS, aiokafka
from faust.types import TP, ConsumerMessage

SCHEME = "crmpulse"
"""The scheme of broker URLs that choose this transport."""


class Batch(NamedTuple):
    """The records of one fetch of a partition. ``start`` is the offset it was to begin at: where the fetch before it ended."""

    tp: TP
    start: int
    records: list[ConsumerRecord]


class Consumer(aiokafka.Consumer):
    """Faust's consumer, with batches as messages and the tables' word on where to resume."""

    resume: Callable[[frozenset[TP]], Awaitable[Mapping[TP, int]]]
    """Takes the assigned partitions, returns the offsets at which to read on."""

    def on_init(self) -> None:
        """Set up as Faust does, and the account of what was fetched."""
        super().on_init()
        self._fetched_to: dict[TP, int] = {}
        self._seeks: dict[TP, int] = defaultdict(int)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:  # noqa: ASYNC109 - Faust's name
        """Fetch once and yield a message per partition, its value a ``Batch``."""
        seeks = dict(self._seeks)
        records, active = await self._wait_next_records(timeout)
        generation = self.app.consumer_generation_id
        if records is None or self.should_stop or not self._flows(generation):
            return
        # What was fetched before a seek is not what was to come next: it is read again from where the seek went.
        fresh = [(tp, found) for tp, found in records.items() if found and seeks.get(tp, 0) == self._seeks[tp]]
        for tp, batch in [(tp, self._batch(tp, found)) for tp, found in fresh]:
            if not self._flows(generation):
                return
            if active is None or tp in active or tp in self._buffered_partitions:
                message = self._to_message(tp, batch.records[-1])
                message.key, message.value = None, batch  # type: ignore[assignment]
                yield tp, message

    def _flows(self, generation: int) -> bool:
        return self.flow_active and generation == self.app.consumer_generation_id

    def _batch(self, tp: TP, records: list[ConsumerRecord]) -> Batch:
        start = self._fetched_to.get(tp, records[0].offset)
        self._fetched_to[tp] = records[-1].offset + 1
        return Batch(TP(tp.topic, tp.partition), start, records)

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Read on where the tables stand, whatever Kafka's committed offsets say. Every re-seek of Faust comes through here."""
        offsets = await type(self).resume(frozenset(TP(tp.topic, tp.partition) for tp in self.assignment()))
        await self.read_from(offsets)
        return offsets

    async def read_from(self, offsets: Mapping[TP, int]) -> None:
        """Seek partitions, and forget what was fetched beyond."""
        for tp, offset in offsets.items():
            self._seeks[tp] += 1
            self._fetched_to[tp] = offset
        await self._thread.seek_wait(offsets)
        for tp, offset in offsets.items():
            self._seeks[tp] += 1
            self._fetched_to[tp] = offset

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Leave it to the watchdog to tell whether anything moves."""

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Take gaps between offsets as they come: the tables know what was applied."""

    def _new_offset(self, tp: TP) -> int | None:
        """Commit to Kafka the last batch handled: for lag displays only."""
        acked = self._acked[tp]
        if not acked:
            return None
        offset: int = max(acked) + 1
        acked.clear()
        self._acked_index[tp].clear()
        return offset


class Transport(aiokafka.Transport):
    """Faust's Kafka transport with this module's consumer."""

    Consumer = Consumer


def register(resume: Callable[[frozenset[TP]], Awaitable[Mapping[TP, int]]]) -> None:
    """Make ``crmpulse://`` broker URLs use this transport, which resumes where ``resume`` says."""
    Consumer.resume = staticmethod(resume)
    TRANSPORTS.aliases[SCHEME] = f"{__name__}:Transport"
