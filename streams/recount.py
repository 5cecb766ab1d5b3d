"""The recount: the tables of a partition made again in memory, by a plain fold of its log."""

import asyncio
from collections.abc import Callable, Iterator, Sequence

from aiokafka.structs import ConsumerRecord

from aggregators.catalogue import plan
from aggregators.fold import Arrival
from aggregators.memory import Tables, run
from aggregators.shard import Shard
from crmpulse.settings import Settings
from events import Invalid, partition_for
from streams.forwards import Forwards
from streams.layout import Layout
from streams.log import Log, LogError
from streams.mark import Mark
from streams.records import changes

PIECE_RECORDS = 2_000
"""Folded without a pause. A fetch may have 100,000, and while they are folded nothing else runs: no lease is renewed."""


class Arrivals:
    """What belongs into a partition's tables of the records of its log; ``forwards`` hears of what belongs elsewhere.

    With ``org`` only what that organisation told.
    """

    def __init__(self, partitions: int, forwards: Forwards, org: str = "") -> None:
        self.partitions = partitions
        self.forwards = forwards
        self.highest_ms = 0
        self.org = org

    def of(self, records: Sequence[ConsumerRecord]) -> Iterator[Arrival]:
        """Yield what records say that can be used, in order."""
        for record, found in zip(records, changes(records), strict=True):
            self.highest_ms = max(self.highest_ms, record.timestamp)
            if isinstance(found, Invalid) or self.org not in ("", found.org):
                continue
            if (home := partition_for(found.org, self.partitions)) == record.partition:
                self.forwards.copy(record)
                yield Arrival(found, self.highest_ms, record.offset)
            else:
                self.forwards.original(record, home)


class Recount:
    """One partition's tables, or those of one ``org`` in it, folded up to any later mark.

    ``tell`` hears how many records were folded.
    """

    def __init__(
        self,
        log: Log,
        prefix: str,
        layout: Layout,
        settings: Settings,
        forwards: Forwards,
        tell: Callable[[int], object],
        org: str = "",
    ) -> None:
        self.log = log
        self.prefix = prefix
        self.tell = tell
        self.tables = Tables()
        self._arrivals = Arrivals(layout.partitions, forwards, org)
        self._shard = Shard(prefix, plan(settings.enable), final_days=settings.final_days)

    async def upto(self, mark: Mark) -> None:
        """Fold on to a mark. Raises LogError where the log is not the one that was applied up to there."""
        if mark.next < self.log.next:
            raise LogError(f"was applied up to offset {self.log.next}, and now up to {mark.next}: Redis went back")
        last = None
        async for records in self.log.upto(mark.next):
            await self._fold(records)
            last = records[-1]
        if last and not mark.fits(last):
            raise LogError(f"has another record before offset {mark.next} than the one that was applied")

    async def rest(self) -> None:
        """Fold all that the log has yet."""
        async for records in self.log.rest():
            await self._fold(records)

    def names(self) -> set[str]:
        """Return the keys of all tables."""
        return {*self.tables.values, *self.tables.sets, *self.tables.hashes}

    def value(self, key: str) -> bytes | dict[str, int] | dict[str, bytes] | None:
        """Return what a key should hold: a string, a sorted set or a hash."""
        tables = self.tables
        return tables.values.get(key) or tables.sets.get(key) or tables.hashes.get(key)

    async def _fold(self, records: list[ConsumerRecord]) -> None:
        for start in range(0, len(records), PIECE_RECORDS):
            piece = records[start : start + PIECE_RECORDS]
            self.tables.write(run(self._shard.apply(self._arrivals.of(piece), piece[-1].offset), self.tables))
            self.tell(len(piece))
            await asyncio.sleep(0)
