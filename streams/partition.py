"""The writer of one partition: from a fetched batch to a commit."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.structs import ConsumerRecord

from aggregators import ages
from aggregators.catalogue import enabled, plan
from aggregators.fold import Arrival
from aggregators.freshness import KPI as FRESHNESS
from aggregators.shard import Shard, Writes
from aggregators.tables import LAYOUT
from aggregators.tables import shard as shard_prefix
from crmpulse.settings import Settings
from events import Invalid, partition_for
from streams import metrics
from streams.commit import Answer, At, ClosedError, MovedError, Store
from streams.mark import Mark
from streams.outbox import Forward, Letter, publish
from streams.records import changes, is_history

HOUR_MS = 3_600_000


class HaltedError(Exception):
    """The log is not the one that was applied; the message says how, and what to do."""


class Partition:
    """One partition of the events topic, as its only writer."""

    def __init__(
        self, number: int, partitions: int, settings: Settings, store: Store, producer: AIOKafkaProducer,
        layout: int = LAYOUT,
    ) -> None:  # fmt: skip
        self.number = number
        self.partitions = partitions
        self.settings = settings
        self.ages = FRESHNESS in enabled(settings.enable)
        """Whether the ledger of freshness is kept."""
        self.clock_ms: Callable[[], int] = clock_ms
        self.fresh_ms = settings.alert_fresh_hours * HOUR_MS
        self.store = store
        self.producer = producer
        self.layout = layout
        self.prefix = shard_prefix(number, layout)
        self.mark: Mark | None = None
        self.shard = self._empty()
        self.checked = self.is_short = False
        self.begun_ms = 0
        self.due_ms = 0
        """The instant from which on there may be something to look at for alerts."""
        self.goals_due_ms = 0
        """The same for goals."""
        self.lock = asyncio.Lock()
        """Held by who claims or applies: a rebalance does not wait for the batch in flight."""

    @property
    def next(self) -> int:
        """Return the offset that is to be applied next, 0 where it is not known."""
        return self.mark.next if self.mark else 0

    def _empty(self) -> Shard:
        return Shard(self.prefix, plan(self.settings.enable), final_days=self.settings.final_days)

    async def claim(self, earliest: int, closed: str = "") -> int:
        """Become the writer; return the offset to read from: the last one applied, to see that it is still the same.

        Raises HaltedError where the tables or the beginning of the log are gone, ClosedError where a rebuild replaces the
        tables, unless it is one that has ended: ``closed``.
        """
        try:
            answer, stored = await self.store.claim(self.prefix, self.mark, closed)
        except ClosedError:
            self.mark = None  # whoever closed them may change them: what is remembered is worth nothing
            raise
        if stored is None:
            raise HaltedError(
                f"the tables of partition {self.number} are gone from Redis while others are there: restore them, or empty "
                "Redis so that all of them are built anew from the log"
            )
        self._require(stored, earliest)
        if answer is not Answer.OK or stored != self.mark:
            self.shard = self._empty()
        self.begun_ms = await self.store.begun_ms(self.prefix)
        self.due_ms = self.goals_due_ms = 0
        self.mark = stored
        self.checked, self.is_short = stored.next == 0, False
        return max(0, stored.next - 1)

    def goes_on_from(self, earliest: int) -> None:
        """Raise HaltedError where the log begins after what is to be applied next."""
        if self.mark:
            self._require(self.mark, earliest)

    def reaches(self, end: int) -> None:
        """Raise HaltedError where the log ends, twice told, before the last record applied, which a claim looks for."""
        if self.mark and not self.checked and end < self.mark.next:
            if self.is_short:
                raise self._another(self.mark)
            self.is_short = True  # a leader that is new may tell less for a moment

    def _another(self, applied: Mark) -> HaltedError:
        return HaltedError(
            f"partition {self.number}: the record at offset {applied.next - 1} is not the one that was applied last; the "
            "topic was made anew or truncated. Restore it, or empty Redis so that the tables are built anew from the log"
        )

    def _require(self, applied: Mark, earliest: int) -> None:
        if earliest > applied.next:
            raise HaltedError(
                f"partition {self.number} has been applied up to offset {applied.next}, and the log begins at {earliest}: "
                "what is between them is lost, and would be missing in every number; restore the log"
            )

    async def apply(self, start: int, records: Sequence[ConsumerRecord]) -> int:
        """Fold and commit a batch that was fetched from ``start`` on; return how many records were new.

        Raises MovedError where the tables stand elsewhere, HaltedError where the log is another one.
        """
        before = self.mark
        if before is None or start > before.next or (start == before.next and not self.checked):
            raise MovedError(Answer.MOVED)
        self._check(before, start, records)
        fresh = [r for r in records if r.offset >= before.next]
        if not fresh:
            return 0
        highest_ms = before.highest_ms
        arrivals: list[Arrival] = []
        letters: list[Letter] = []
        forwards: list[Forward] = []
        for record, found in zip(fresh, changes(fresh), strict=True):
            highest_ms = max(highest_ms, record.timestamp)
            if isinstance(found, Invalid):
                letters.append(Letter(record, found))
            elif (home := partition_for(found.org, self.partitions)) != self.number:
                forwards.append(Forward(record, found.org, home))
            else:
                arrivals.append(Arrival(found, highest_ms, record.offset, self._news_ms(record, highest_ms)))
        self.mark = None  # until the commit has an answer, nobody knows where the tables stand
        at = At(self.prefix, before)
        writes = await self.store.driven(self.shard.apply(arrivals, fresh[-1].offset), at)
        by_offset = {record.offset: record for record in fresh}
        letters += [Letter(by_offset[arrival.offset], invalid) for arrival, invalid in writes.rejected]
        await publish(self.producer, self.settings.dead_letters_topic, letters, forwards)
        if self.ages:
            await self._note_ages(writes, letters, at)
        with metrics.COMMIT_SECONDS.time():
            answer, stored = await self.store.commit(self.prefix, before, before.after(fresh[-1], highest_ms), writes)
        if answer is not Answer.OK:
            raise MovedError(answer)
        self.mark = stored
        if writes.causes:
            self.due_ms = 0
        self.goals_due_ms = 0
        metrics.APPLIED.inc(len(fresh))
        metrics.FORWARDED.inc(len(forwards))
        for letter in letters:
            metrics.DEAD_LETTERS.labels(metrics.reason(letter.invalid)).inc()
        return len(fresh)

    def _news_ms(self, record: ConsumerRecord, appended_ms: int) -> int:
        """Since when a cause is news that a record makes known: what was so before the tables were begun never is."""
        if appended_ms < self.begun_ms:
            return self.begun_ms
        return appended_ms if record.headers and is_history(record) else appended_ms - self.fresh_ms

    async def _note_ages(self, writes: Writes, letters: Sequence[Letter], at: At) -> None:
        """Have a batch that is about to be committed write how old its events are.

        A dead letter counts for the organisation that the key of the record names, where this partition has anything of that.
        """
        keys = Counter(
            letter.record.key.decode(errors="replace")
            for letter in letters
            if letter.record.key and not (is_history(letter.record) or letter.record.timestamp < self.begun_ms)
        )
        known = await self.store.driven(self.shard.known([*(writes.applied.keys() | keys.keys())]), at)
        dead = {org: times for org, times in keys.items() if org in known}
        ages.enter(writes, self.prefix, known, dead, self.clock_ms())

    def _check(self, before: Mark, start: int, records: Sequence[ConsumerRecord]) -> None:
        """See that the log goes on, and once after a claim that the last record applied still stands in it."""
        last = next((r for r in records if r.offset >= before.next - 1), None)
        # A log that ends before ``start`` is read from its beginning.
        if records[0].offset < start or (last and not self.checked and not before.fits(last)):
            raise self._another(before)
        self.checked |= last is not None


def clock_ms() -> int:
    """Return the present instant in milliseconds."""
    return time.time_ns() // 1_000_000
