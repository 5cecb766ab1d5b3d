"""The writers of all partitions that a worker holds, and what it does when one of them cannot go on."""

import asyncio
import os
import random
import signal
import traceback
import uuid
from collections import Counter
from collections.abc import Mapping
from typing import Any, cast

import faust
import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from faust.types import TP
from redis.exceptions import RedisError

from crmpulse.settings import Settings
from streams import layout, lease, metrics, topics
from streams.commit import CLOSED, Answer, ClosedError, MovedError, Store
from streams.connection import connect, kafka, require_no_eviction
from streams.forwarding import Forwarding
from streams.layout import Layout, OtherTablesError
from streams.mark import mark
from streams.partition import HaltedError, Partition
from streams.progress import Progress
from streams.topics import LARGEST_LETTER_BYTES
from streams.transport import Batch, Consumer

log = structlog.get_logger("crmpulse.worker")

RETRY_SECONDS = (0.2, 0.5, 1.0, 2.0)
MISTAKES = 3
"""How often a batch is tried again that fails for no fault of broker or Redis."""
CACHED = 300_000
"""So many records, and as many rows, are remembered of all partitions together: about 1 GB."""
FAULTS = (RedisError, KafkaError, OSError, asyncio.TimeoutError)


class Applier:
    """Applies the batches of the partitions that this worker holds. ``open`` before use, ``close`` after."""

    layout: Layout

    def __init__(self, settings: Settings, app: faust.App) -> None:
        self.settings = settings
        self.app = app
        self.progress = Progress()
        self.redis = connect(settings)
        self.owner = uuid.uuid4().hex
        self.producer: AIOKafkaProducer | None = None
        self.held: dict[int, Partition] = {}
        self.halted: dict[int, str] = {}
        self.doubted: set[int] = set()
        """Partitions of which the last look told that they are not those of the tables."""
        self.is_idle = False
        """Whether no partitions are assigned to this worker, and it has said so."""
        self.has_moved = False
        """Whether the tables are made of another topic now, so that this worker has to start anew."""
        self.mistakes: Counter[int] = Counter()

    async def open(self) -> None:
        """Connect, and agree with the other workers on the layout of the tables."""
        await require_no_eviction(self.redis)
        producer = AIOKafkaProducer(
            **kafka(self.settings),
            acks="all",
            compression_type="lz4",
            max_request_size=LARGEST_LETTER_BYTES,
        )
        await producer.start()
        self.producer = producer
        needed = self.settings.events_topic, self.settings.dead_letters_topic, self.settings.alerts_topic
        found, *_ = await topics.required(producer.client, *needed)
        self.layout = await layout.agree(self.redis, found, self.settings.enable)

    @property
    def consumer(self) -> Consumer:
        """Return the application's consumer, which is ours."""
        return cast(Consumer, self.app.consumer)

    async def close(self) -> None:
        """Let go of what was connected."""
        if self.producer:
            await self.producer.stop()
        await self.redis.aclose()

    async def resume(self, tps: frozenset[TP]) -> Mapping[TP, int]:
        """Claim the assigned partitions, and return the offsets at which to read on."""
        assigned = {tp.partition for tp in tps}
        self.held = {number: partition for number, partition in self.held.items() if number in assigned}
        self.halted = {number: why for number, why in self.halted.items() if number in assigned}
        metrics.HALTED.set(len(self.halted))
        self.progress.hold(assigned)
        if not assigned and not self.is_idle:
            log.info("no partitions", next="waiting for some")
        self.is_idle = not assigned
        return await self._claimed(tps)

    async def _claimed(self, tps: frozenset[TP]) -> Mapping[TP, int]:
        """The offsets to read on from, however long Redis takes to be there."""
        attempt = 0
        while True:
            tps &= self.consumer.assignment()  # a rebalance may have come while this waited
            try:
                earliest = await self.consumer.earliest_offsets(*tps) if tps else {}
                return {tp: await self._claim(tp.partition, earliest[tp]) for tp in sorted(tps)}
            except FAULTS as fault:
                await self._pause("cannot claim partitions", fault, attempt)
                attempt += 1

    async def _claim(self, number: int, earliest: int) -> int:
        ended = ""
        while TP(self.settings.events_topic, number) in self.consumer.assignment():
            partition = self._holding(number)
            try:
                self._require_here(number)
                async with partition.lock:
                    offset = await partition.claim(earliest, ended)
            except ClosedError as closed:
                ended = await self._wait(closed)
            except HaltedError as halted:
                if not await self._follow_layout():
                    self._halt(number, halted)
                    return earliest
            else:
                self._starts(partition)
                return offset
        return earliest

    def _starts(self, partition: Partition) -> None:
        self.halted.pop(partition.number, None)
        metrics.HALTED.set(len(self.halted))
        self.progress.starts(partition.number, partition.next)
        log.info("claimed", partition=partition.number, offset=partition.next, layout=partition.layout)

    def _require_here(self, number: int) -> None:
        """Raise HaltedError where the tables were rebuilt of another topic, or with other KPIs than this worker counts."""
        if self.has_moved:
            raise HaltedError(f"the events are in {self.layout.topic} now: this worker starts anew")
        self._require_partitions(number)
        try:
            layout.require_kpis(self.layout, self.settings.enable)
        except OtherTablesError as error:
            raise HaltedError(str(error)) from None

    def _require_partitions(self, number: int) -> None:
        """Raise HaltedError where the topic was made anew so that a partition, or one to forward to, is not that of the tables."""
        tables, topic = self.layout.partitions, self.consumer.topic_partitions(self.settings.events_topic)
        if topic and (topic < tables or number >= tables):
            raise HaltedError(layout.other_partitions(tables, topic))

    def _look_at_partitions(self, number: int) -> None:
        """Raise HaltedError where it is so at two looks: a broker that is new may tell less for a moment."""
        doubted = number in self.doubted
        self.doubted.discard(number)
        try:
            if not self.has_moved:
                self._require_partitions(number)
        except HaltedError:
            if doubted:
                raise
            self.doubted.add(number)

    def _holding(self, number: int) -> Partition:
        """The writer of a partition's tables, a new one where they were rebuilt."""
        known = self.held.get(number)
        if known is None or known.layout != self.layout.layout:
            store, partitions = Store(self.redis, self.owner), self.layout.partitions
            known = Partition(number, partitions, self.settings, store, self.producer, self.layout.layout)
            self.held[number] = known
        return known

    async def _wait(self, closed: ClosedError) -> str:
        """Wait for a rebuild that closed the tables; the owner that keeps them closed where it ended without switching."""
        if await self._follow_layout():
            return ""
        if await lease.holder(self.redis) != closed.rebuild:
            # It lets go after it switched.
            return "" if await self._follow_layout() else closed.owner
        self.progress.excused()
        await asyncio.sleep(RETRY_SECONDS[0])
        return ""

    async def _follow_layout(self) -> bool:
        """Go by the layout that holds now; tell whether it is another one than before."""
        found = await layout.read(self.redis)
        if found is None or found == self.layout:
            return False
        log.info("the tables were rebuilt", before=self.layout.layout, layout=found.layout, partitions=found.partitions)
        if found.topic != self.layout.topic and not self.has_moved:
            self.has_moved = True
            os.kill(os.getpid(), signal.SIGTERM)  # in order, and then it starts anew
        self.layout = found
        return True

    async def apply(self, batch: Batch) -> None:
        """Apply a batch. Whatever goes wrong, the partition is read again from where the tables stand."""
        number = batch.tp.partition
        partition = self.held.get(number)
        if partition is None or number in self.halted or not self.consumer.is_current(batch):
            return
        context = {"partition": number, "offset": batch.start}
        try:
            async with partition.lock:
                partition.shard.cached = self._room(partition)
                # Transactions leave gaps, and so does a log that lost its beginning.
                if batch.records[0].offset > batch.start:
                    partition.goes_on_from((await self.consumer.earliest_offsets(batch.tp))[batch.tp])
                with metrics.BATCH_SECONDS.time():
                    records = await partition.apply(batch.start, batch.records)
        except HaltedError as halted:
            self._halt(number, halted)
        except MovedError as moved:
            log.warning("the tables moved", answer=moved.answer.value, **context)
            await self._read_again(batch.tp, fenced=moved.answer is Answer.FENCED)
        except FAULTS as fault:
            await self._pause("cannot apply a batch", fault, **context)
            await self._read_again(batch.tp)
        except Exception as mistake:
            await self._mistaken(batch.tp, mistake)
        else:
            self.mistakes.pop(number, None)
            self.progress.applied(number, partition.next, records)

    def _room(self, partition: Partition) -> int:
        """How much of a partition may be remembered: what the others leave, or its share where they were there before."""
        others = [each.shard for each in self.held.values() if each is not partition]
        return max(CACHED - sum(max(len(s.records), len(s.rows)) for s in others), CACHED // (len(others) + 1))

    async def follow(self) -> None:
        """Look after the partitions to which nothing comes: their tables may go back or away, and their log may be shorter."""
        try:
            await self._follow_layout()
            old = [number for number, each in self.held.items() if each.layout != self.layout.layout]
            if old and not self.has_moved:  # also of halted ones the new tables may be well
                for number in old:
                    await self._read_again(TP(self.settings.events_topic, number))
                return
            idle = {n: p.mark for n, p in self.held.items() if p.mark and n not in self.halted and not p.lock.locked()}
            tables = [self.held[number].prefix for number in idle]
            found: list[Any] = await asyncio.gather(
                *(self.redis.mget([f"{each}:mark", f"{each}:owner"]) for each in tables)
            )
        except FAULTS:
            return  # who applies or claims something will say so
        for (number, at), (packed, owner) in zip(idle.items(), found, strict=True):
            tp, partition = TP(self.settings.events_topic, number), self.held.get(number)
            if partition is None or partition.mark != at or tp not in self.consumer.assignment():
                continue
            try:
                self._look_at_partitions(number)
                end = self.consumer.highwater(tp)
                partition.reaches(at.next if end is None else end)
            except HaltedError as halted:
                self._halt(number, halted)
                continue
            if mark(packed) != at or (owner or b"").startswith(CLOSED):
                log.warning("the tables moved", answer="while nothing was applied", partition=number)
                await self._read_again(tp)

    async def forward(self) -> None:
        """Forward what comes to topics that the tables were made of before, while no other worker does."""
        assert self.producer
        await Forwarding(self.settings, self.redis, self.producer, self.layout).run()

    async def _mistaken(self, tp: TP, mistake: Exception) -> None:
        """Try again, and then leave the partition: raised in the agent, this would end the work on all of them."""
        self.mistakes[tp.partition] += 1
        place = traceback.extract_tb(mistake.__traceback__)[-1]
        what = (
            f"{type(mistake).__name__} at {place.filename}:{place.lineno}"  # its message may have values of a customer
        )
        if self.mistakes[tp.partition] > MISTAKES:
            self._halt(tp.partition, HaltedError(f"a mistake in crmpulse itself, please report it: {what}"))
            return
        log.error("cannot apply a batch", error=what, next="trying again", partition=tp.partition)
        await self._read_again(tp)

    async def _read_again(self, tp: TP, *, fenced: bool = False) -> None:
        if fenced:
            # Who wrote last may be the rightful owner: only who is still assigned after a while claims again.
            await asyncio.sleep(random.uniform(0.5, 1.5))
        if tp in self.consumer.assignment():
            self.consumer.read_from(await self._claimed(frozenset({tp})))

    async def _pause(self, what: str, fault: BaseException, attempt: int = 0, **context: int) -> None:
        self.progress.excused()
        log.warning(what, error=f"{type(fault).__name__}: {fault}", next="trying again", **context)
        await asyncio.sleep(RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)])

    def _halt(self, number: int, halted: HaltedError) -> None:
        self.halted[number] = str(halted)
        self.progress.release(number)
        metrics.HALTED.set(len(self.halted))
        log.error("partition halted", partition=number, reason=str(halted))
