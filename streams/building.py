"""New tables of one partition beside the live ones, folded from the log as far as those are.

They are written by the same script as a worker's, in batches, with a position of their own. What cannot be used or belongs to
another partition was published by the worker that applied it, so nothing is published here.
"""

import uuid
from collections.abc import Callable, Sequence

from aiokafka.structs import ConsumerRecord
from redis.asyncio import Redis

from aggregators.catalogue import plan
from aggregators.shard import Shard, Writes
from aggregators.tables import history
from crmpulse.settings import CannotStartError, Settings
from streams.commit import Answer, Store
from streams.forwards import Forwards
from streams.layout import Layout
from streams.log import Log, LogError
from streams.mark import Mark
from streams.recount import Arrivals

CACHED = 20_000
"""Records that are remembered of each partition; there may be many partitions."""


class Building:
    """The new tables of one partition; ``mark`` is how far they are."""

    def __init__(self, log: Log, layout: Layout, redis: Redis, settings: Settings) -> None:
        self.log = log
        self.prefix = layout.shard(log.tp.partition)
        self.store = Store(redis, uuid.uuid4().hex)
        self.batch_records = settings.batch_records
        self.mark = Mark(0)
        self._shard = Shard(self.prefix, plan(settings.enable), final_days=settings.final_days, cached=CACHED)
        self._arrivals = Arrivals(layout.partitions, Forwards())

    async def begin(self) -> None:
        """Begin them, empty."""
        await self.store.redis.set(f"{self.prefix}:mark", self.mark.packed())
        await self.store.claim(self.prefix, self.mark)

    async def upto(self, live: Mark, tell: Callable[[int], object] = lambda records: None) -> None:
        """Fold on to where the live tables are; ``tell`` hears of how many records. Raises LogError, CannotStartError."""
        if live.next < self.mark.next:
            raise CannotStartError("Redis went back while the tables were rebuilt: start the rebuild again.")
        await self.fold(live.next, tell)
        if self.mark != live:
            raise LogError(f"has another record before offset {live.next} than the one that was applied")

    async def fold(self, end: int, tell: Callable[[int], object] = lambda records: None) -> None:
        """Fold on to an offset."""
        if end == self.mark.next:
            return
        await self.log.open()
        async for records in self.log.upto(end):
            for start in range(0, len(records), self.batch_records):
                await self._apply(records[start : start + self.batch_records])
            tell(len(records))

    async def _apply(self, records: Sequence[ConsumerRecord]) -> None:
        writes = await self.store.driven(self._shard.apply(self._arrivals.of(records), records[-1].offset))
        after = self.mark.after(records[-1], self._arrivals.highest_ms)
        answer, _ = await self.store.commit(self.prefix, self.mark, after, _tables_only(writes, self.prefix))
        if answer is not Answer.OK:
            raise CannotStartError("Redis lost what was rebuilt, or went back: start the rebuild again.")
        self.mark = after


def _tables_only(writes: Writes, prefix: str) -> Writes:
    """Without what the ledger of alerts goes by, which is handed over as it is."""
    writes.causes = {}
    writes.zadd.pop(history(prefix), None)
    return writes
