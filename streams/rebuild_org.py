"""`crmpulse rebuild --org`: the tables of one organisation folded anew from the log, and put in place in one step.

They are folded in memory, beside the live ones. When they have nearly caught up, the partition is closed, so that nothing of
it changes; the last records are folded; and one script writes whatever is otherwise in Redis, that of the other
organisations in the partition being left as it is. Reads go on all the while, and see all of it before or all of it after.
"""

import asyncio
import time
from collections.abc import Iterable, Sequence
from typing import Any

import structlog
from redis.asyncio import Redis

from aggregators import tables
from aggregators.shard import Writes
from aggregators.tables import org_keys
from crmpulse.settings import CannotStartError, Settings
from events import partition_for
from streams import layout, log, verify
from streams.commit import Answer, Store, literal
from streams.comparison import differing
from streams.connection import connect, require_no_eviction
from streams.following import follow
from streams.forwards import Forwards
from streams.lease import Lease, LostError
from streams.log import Log, LogError
from streams.mark import Mark
from streams.recount import Recount
from streams.verify import CHUNK_KEYS, progress_bar

said = structlog.get_logger("crmpulse.rebuild")


def rebuild(settings: Settings, org: str) -> list[str]:
    """Rebuild the tables of an organisation; return a line for each difference from the log that is left, none where all is well.

    Raises CannotStartError where there is nothing to rebuild, another one runs, or log or Redis are not as they must be.
    """
    return asyncio.run(rebuilt(settings, org))


async def rebuilt(settings: Settings, org: str) -> list[str]:
    """As ``rebuild``, inside an event loop."""
    async with connect(settings) as redis:
        await require_no_eviction(redis)
        async with Lease(redis) as lease, log.consumer(settings) as reader:
            live = await verify.live(redis, settings)
            layout.require_kpis(live, settings.enable)
            number = partition_for(org, live.partitions)
            prefix = live.shard(number)
            with progress_bar() as progress:
                task = progress.add_task("rebuilding", total=(await _mark(redis, prefix)).next)
                again = Recount(
                    Log(reader, live.events_topic(settings), number),
                    prefix, live, settings, Forwards(), lambda n: progress.advance(task, n), org,
                )  # fmt: skip
                try:
                    return await RebuildOrg(redis, lease, again, org).run()
                except LogError as error:
                    raise CannotStartError(f"The tables cannot be made anew, because the log {error}.") from error


class RebuildOrg:
    """One rebuild of an organisation's tables; ``recount`` folds them."""

    def __init__(self, redis: Redis, lease: Lease, recount: Recount, org: str) -> None:
        self.redis, self.lease, self.recount, self.org = redis, lease, recount, org
        self.prefix = recount.prefix
        self.keys = org_keys(self.prefix, org)

    async def run(self) -> list[str]:
        """Fold, close, replace what differs, compare, open; return what differs still."""
        await self.recount.log.open()
        await follow(self._marks, lambda upto: self.recount.upto(upto[0]))
        began = time.monotonic()
        store = Store(self.redis, f"rebuilt {self.lease.name}")
        await self.lease.hold()
        mark = await store.close(self.prefix, self.lease.name) or _gone(self.prefix)
        await self.recount.upto(mark)
        names = await self._names()
        if not names:
            raise CannotStartError(f"There is no organisation {self.org!r}, neither in the log nor in the tables.")
        replaced = await self._differing(names)
        answer, _ = await store.commit(self.prefix, mark, mark, self._writes(replaced, mark))
        if answer is not Answer.OK:
            raise LostError
        left = await self._differing(names)
        await store.open(self.prefix)
        seconds = round(time.monotonic() - began, 2)
        said.info("rebuilt", org=self.org, keys=len(names), replaced=len(replaced), closed_seconds=seconds)
        return [line for name, kept in left.items() for line in _lines(name, kept, self.recount.value(name))]

    async def _marks(self) -> list[Mark]:
        return [await _mark(self.redis, self.prefix)]

    async def _names(self) -> list[str]:
        """The keys of all tables of the organisation, those that are there and those that should be."""
        start = f"{self.keys.prefix}:"
        kept = {key.decode() async for key in self.redis.scan_iter(match=f"{literal(start)}*", count=5000)}
        own = (name for name in kept | self.recount.names() if name.startswith(start))
        return sorted(name for name in own if verify.is_counted(name, self.prefix))

    async def _differing(self, names: Sequence[str]) -> dict[str, Any]:
        """Those keys that are not as recounted, with what they hold."""
        found: dict[str, Any] = {}
        for start in range(0, len(names), CHUNK_KEYS):
            chunk = names[start : start + CHUNK_KEYS]
            _, values = await verify.read(self.redis, self.prefix, chunk)
            found |= {name: values[name] for name in chunk if _lines(name, values[name], self.recount.value(name))}
        return found

    def _writes(self, names: Iterable[str], mark: Mark) -> Writes:
        """What makes keys as recounted. The version is one that no reader knows, so that none goes by what it remembers."""
        writes, again = Writes(), self.recount.tables
        for name in names:
            if name in again.values:
                writes.put[name] = again.values[name]
                continue
            writes.delete.append(name)
            if name in again.sets:
                writes.zadd[name] = again.sets[name]
            elif name in again.hashes:
                writes.hset[name] = again.hashes[name]
        if (orgs := tables.orgs(self.prefix)) in again.sets:
            writes.zadd[orgs] = again.sets[orgs]
        writes.put[self.keys.version] = f"{mark.next}.{self.lease.name} {max(0, mark.next - 1)}".encode()
        return writes


def _gone(prefix: str) -> Mark:
    raise CannotStartError(
        f"The tables of the partition {prefix} are gone: run crmpulse rebuild for all organisations."
    )


def _lines(name: str, kept: Any, recounted: Any) -> list[str]:
    return [f"{name}{told}" for told in differing(kept, recounted)]


async def _mark(redis: Redis, prefix: str) -> Mark:
    return await Store(redis, "").mark(prefix) or _gone(prefix)
