"""Kafka through Faust, a fetched batch at a time.

Faust hands an agent one message after the other; here each fetch of the events topic is one Faust message whose value is all
of its records. And where Faust would resume at Kafka's committed offsets, it resumes where the tables stand.
"""

import asyncio
import math
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import NamedTuple

import faust
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import IllegalStateError
from aiokafka.structs import ConsumerRecord
from faust.transport.drivers import TRANSPORTS, aiokafka
from faust.types import TP, ConsumerMessage

from crmpulse.settings import Settings
from streams import connection

SCHEME = "crmpulse"
"""The scheme of broker URLs that choose this transport."""

FETCH_WAIT_MS = 25
"""How long a broker may keep a fetch that finds nothing. Until it answers, aiokafka sends it no other, also not for partitions
that have gone on since; Faust's 1.5 s would be seen in every number."""


class Batch(NamedTuple):
    """The records of one fetch of a partition: all there are from ``start`` on, as long as nobody has sought since ``seek``."""

    tp: TP
    start: int
    records: list[ConsumerRecord]
    seek: int


POLL_SECONDS = 0.025
"""How long to wait for records before looking again whether a partition whose agent was busy can take more. Faust's second would
be seen, too; and what comes meanwhile is fetched as one batch."""


class ConsumerThread(aiokafka.AIOKafkaConsumerThread):
    """Faust's thread of the Kafka client, with fetches that wait no longer than a number may be late.

    Nor does it leave the group where nothing is fetched for long: it would not come back, as Faust fetches nothing before it did.
    Who has no partitions fetches nothing, and whether anything moves is for the watchdog to tell.
    """

    def _create_worker_consumer(self, transport: aiokafka.Transport) -> AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS  # Faust has no setting for it
        consumer._max_poll_interval_ms = math.inf  # and its setting for this is finite
        return consumer


class Consumer(aiokafka.Consumer):
    """Faust's consumer, with batches as messages and the tables' word on where to resume.

    Only ``getmany`` moves the position of a partition, so that nothing is fetched between a seek and what it is for.
    """

    resume: Callable[[frozenset[TP]], Awaitable[Mapping[TP, int]]]
    """Takes the assigned partitions, returns the offsets at which to read on."""

    def on_init(self) -> None:
        """Set up as Faust does, and the account of what was handed out."""
        super().on_init()
        self._next: dict[TP, int] = {}
        self._pending: dict[TP, int] = {}
        self._seeks: Counter[TP] = Counter()

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:  # noqa: ASYNC109 - Faust's name
        """Fetch once and yield a message per partition, its value a ``Batch``."""
        if self.flow_active and not self._get_active_partitions():
            await asyncio.sleep(POLL_SECONDS)
            return
        fetched, _ = await self._wait_next_records(min(timeout, POLL_SECONDS))
        known = self._next.keys() - self._pending.keys()
        records = {tp: found for tp, found in (fetched or {}).items() if found and tp in known}
        # What was fetched and is not handed out, for whatever reason, is fetched again.
        self._pending |= {tp: self._next[tp] for tp in records}
        seeks = dict(self._seeks)
        for tp, found in records.items():
            if self.flow_active and not self.should_stop and seeks[tp] == self._seeks[tp]:
                batch = Batch(TP(tp.topic, tp.partition), self._pending.pop(tp), found, seeks[tp])
                self._next[tp] = found[-1].offset + 1
                self._read_offset[tp] = None  # else Faust drops what is read again
                message = self._to_message(tp, found[-1])
                message.key, message.value = None, batch  # type: ignore[assignment]
                yield tp, message

    async def _getmany(
        self,
        active_partitions: set[TP] | None,
        timeout: float,  # noqa: ASYNC109 - Faust's name
    ) -> Mapping[TP, list[ConsumerRecord]]:
        seeks = {tp: offset for tp, offset in self._pending.items() if tp in self.assignment()}
        try:
            if seeks:
                await self._thread.seek_wait(seeks)
        except IllegalStateError:  # the assignment has changed, and seeks of all of it follow
            return {}
        self._pending = {tp: offset for tp, offset in self._pending.items() if seeks.get(tp) != offset}
        found: Mapping[TP, list[ConsumerRecord]] = await super()._getmany(active_partitions, timeout)
        return found

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """As Faust's, which seeks nothing where nothing is assigned, so that nobody would know of it."""
        await super().on_partitions_assigned(assigned, generation_id)
        if not assigned:
            await self.seek_to_committed()

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Read on where the tables stand, whatever Kafka's committed offsets say. Every re-seek of Faust comes through here."""
        offsets = await type(self).resume(frozenset(TP(tp.topic, tp.partition) for tp in self.assignment()))
        self._next.clear()
        self._pending.clear()
        self.read_from(offsets)
        return offsets

    def read_from(self, offsets: Mapping[TP, int]) -> None:
        """Have the next fetch begin at these offsets; batches fetched before are not current any more."""
        self._next |= offsets
        self._pending |= offsets
        self._seeks.update(offsets.keys())

    def is_current(self, batch: Batch) -> bool:
        """Tell whether nobody has sought since the batch was fetched."""
        return self._seeks[batch.tp] == batch.seek

    def highwater(self, tp: TP) -> int | None:  # type: ignore[override]
        """Return where the log of a partition ends, as far as the last fetch told; None where none did or it was taken away."""
        try:
            return super().highwater(tp)
        except (AssertionError, AttributeError):  # the client's thread may have been given others at any instant
            return None

    def topic_partitions(self, topic: str) -> int | None:
        """Return how many partitions a topic has, as every member of the group knows; Faust's tells only who leads it."""
        try:
            found = self._thread._ensure_consumer().partitions_for_topic(topic)
        except KeyError:  # the client's thread may forget the topic at any instant
            return None
        return len(found) if found else None

    async def end(self, tp: TP) -> int:
        """Return the offset up to which there is something to apply, as the last fetch told, else where the first begins."""
        highwater = self.highwater(tp) or 0
        try:
            position = await asyncio.wait_for(self.position(tp), 1.0)
        except (TimeoutError, IllegalStateError):
            return highwater
        # What transactions leave at the end of a log takes offsets, and is never handed out.
        return highwater if position is None or position < highwater else self._next.get(tp, 0)

    async def has_all(self, tp: TP, next_offset: int) -> bool:
        """Tell whether the log ends at an offset, as far as the last fetch told; before there was one nobody knows."""
        end = self.highwater(tp)
        return end is not None and (next_offset >= end or next_offset >= await self.end(tp))

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


def credentials(settings: Settings) -> faust.SASLCredentials | faust.SSLCredentials | None:
    """Return in Faust's terms how its clients log in; None where they need not."""
    options = connection.kafka(settings)
    if settings.kafka_user:
        return faust.SASLCredentials(
            username=options["sasl_plain_username"],
            password=options["sasl_plain_password"],
            mechanism=options["sasl_mechanism"],
            ssl_context=options["ssl_context"],
        )
    return faust.SSLCredentials(options["ssl_context"]) if options["ssl_context"] else None


def register(resume: Callable[[frozenset[TP]], Awaitable[Mapping[TP, int]]]) -> None:
    """Make ``crmpulse://`` broker URLs use this transport, which resumes where ``resume`` says."""
    Consumer.resume = staticmethod(resume)
    TRANSPORTS.aliases[SCHEME] = f"{__name__}:Transport"
