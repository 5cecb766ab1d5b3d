"""`crmpulse rebuild`: all tables made anew from the log, beside the live ones, compared with a recount, and switched to in one step.

Workers and the API go on meanwhile. The new tables follow the live ones; when they have nearly caught up, all live ones are
closed, so that they stand still; the new ones take the last records and the ledger of alerts; and one key tells workers and
API which ones hold. Workers that find tables closed wait for that key, and go on at the very offset. A rebuild that dies
leaves the live tables as they are, and the next one removes what it left.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from functools import partial

import msgspec
import structlog
from redis.asyncio import Redis
from rich.progress import Progress

from aggregators.catalogue import digest, listed
from aggregators.tables import FORM
from crmpulse.settings import CannotStartError, Settings
from streams import log, removal, verify
from streams.building import Building
from streams.connection import connect, require_no_eviction
from streams.following import close, follow, marks
from streams.forwards import Forwards
from streams.handover import hand_over
from streams.layout import Layout
from streams.lease import Lease
from streams.log import Log, LogError
from streams.mark import Mark
from streams.recount import Recount
from streams.verify import compared, progress_bar

said = structlog.get_logger("crmpulse.rebuild")


def rebuild(settings: Settings) -> list[str]:
    """Rebuild all tables; return a line for each difference from a recount, none where it has switched.

    Raises CannotStartError where there is nothing to rebuild, another one runs, or log or Redis are not as they must be.
    """
    return asyncio.run(rebuilt(settings))


async def rebuilt(settings: Settings) -> list[str]:
    """As ``rebuild``, inside an event loop."""
    async with connect(settings) as redis:
        await require_no_eviction(redis)
        async with Lease(redis) as lease, log.consumer(settings) as reader:
            live = await verify.live(redis, settings)
            new = msgspec.structs.replace(
                live, layout=await lease.number(live.layout), kpis=digest(), enabled=listed(settings.enable), form=FORM
            )
            await removal.remove_others(redis, lease)
            logs = [Log(reader, live.events_topic(settings), number) for number in range(live.partitions)]
            buildings = [Building(one, new, redis, settings) for one in logs]
            try:
                async with removal.freeing(redis, new.layout):
                    with progress_bar() as progress:
                        differences = await Rebuild(redis, settings, lease, live, new, buildings, progress).run()
            except LogError as error:
                raise CannotStartError(f"The tables cannot be made anew, because the log {error}.") from error
            await removal.end(redis, lease, switched=not differences)
            return differences


class Rebuild:
    """One rebuild, from the first record to the switch."""

    def __init__(
        self, redis: Redis, settings: Settings, lease: Lease, live: Layout, new: Layout, buildings: Sequence[Building],
        progress: Progress,
    ) -> None:  # fmt: skip
        self.redis, self.settings, self.lease = redis, settings, lease
        self.live, self.new, self.buildings, self.progress = live, new, buildings, progress

    async def run(self) -> list[str]:
        """Build, compare, switch; return the differences, which keep it from switching."""
        said.info("rebuilding", layout=self.live.layout, new=self.new.layout, partitions=self.new.partitions)
        for building in self.buildings:
            await building.begin()
        await self._catch_up("rebuilding")
        if differences := [line async for line in self._differences()]:
            said.error(
                "the new tables are not what the log says", differences=len(differences), next="nothing switched"
            )
            return differences
        await self._catch_up("catching up")
        await self._switch()
        return []

    async def _catch_up(self, what: str) -> None:
        """Fold until the new tables are nearly as far as the live ones."""

        async def fold(upto: Sequence[Mark]) -> None:
            behind = sum(mark.next - one.mark.next for mark, one in zip(upto, self.buildings, strict=True))
            task = self.progress.add_task(what, total=behind)
            for mark, one in zip(upto, self.buildings, strict=True):
                await one.upto(mark, lambda records: self.progress.advance(task, records))

        await follow(partial(marks, self.redis, self.live), fold)

    async def _differences(self) -> AsyncIterator[str]:
        """What an independent fold of the log, in memory, has otherwise."""
        task = self.progress.add_task("recounting", total=sum(one.mark.next for one in self.buildings))
        for one in self.buildings:
            again = Log(one.log.reader, one.log.tp.topic, one.log.tp.partition)
            recount = Recount(
                again, one.prefix, self.new, self.settings, Forwards(), lambda n: self.progress.advance(task, n)
            )
            async for line in compared(self.redis, recount):
                yield line

    async def _switch(self) -> None:
        """Close the live tables, bring the new ones to where they stand, and have those hold from now on."""
        began = time.monotonic()
        await self.lease.hold()
        closed = await close(self.redis, self.live, self.lease.name)
        for mark, one in zip(closed, self.buildings, strict=True):
            await one.upto(mark)
        await hand_over(self.redis, self.live, self.new)
        await self.lease.switch(self.new)
        seconds = round(time.monotonic() - began, 2)
        said.info("switched", layout=self.new.layout, records=sum(mark.next for mark in closed), closed_seconds=seconds)
