"""`crmpulse rebuild --partitions`: the events published again to a topic with another number of partitions, and tables made of it.

Workers, API and publishers go on meanwhile. The new topic follows what the live tables have applied, and the new tables follow
the new topic. When both have nearly caught up, what the new tables hold is compared with a recount of the old topic; then the
live tables are closed, the rest is published and folded, and one key tells all which tables and which topic hold. What comes to
the old topic after that is forwarded by the workers (``forwarding.py``), from the very offset up to which it was published again.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import msgspec
import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError
from redis.asyncio import Redis
from redis.exceptions import RedisError
from rich.progress import Progress

from aggregators.catalogue import digest, listed
from aggregators.record import decode_record, encode_record
from aggregators.tables import unescaped
from crmpulse.settings import CannotStartError, Settings
from events import partition_for
from streams import forwarding, layout, log, removal, topics, verify
from streams.building import Building
from streams.comparison import differing
from streams.connection import connect, kafka, require_no_eviction
from streams.following import close, follow, marks
from streams.forwards import Forwards
from streams.handover import hand_over
from streams.layout import Layout
from streams.lease import Lease
from streams.log import Log, LogError
from streams.mark import Mark
from streams.recount import Recount
from streams.republishing import Merged, Republishing
from streams.topics import LARGEST_EVENT_BYTES
from streams.verify import CHUNK_KEYS, progress_bar

said = structlog.get_logger("crmpulse.rebuild")


def rebuild(settings: Settings, partitions: int) -> list[str]:
    """Rebuild all tables for another number of partitions; return a line for each difference, none where it has switched.

    Raises CannotStartError where there is nothing to rebuild, another one runs, or log or Redis are not as they must be.
    """
    return asyncio.run(rebuilt(settings, partitions))


async def rebuilt(settings: Settings, partitions: int) -> list[str]:
    """As ``rebuild``, inside an event loop."""
    async with connect(settings) as redis:
        await require_no_eviction(redis)
        async with Lease(redis) as lease:
            live = await verify.live(redis, settings)
            if partitions == live.partitions:
                raise CannotStartError(f"The tables are for {partitions} partitions already.")
            new = await _new(lease, live, settings, partitions)
            await removal.remove_others(redis, lease)
            await topics.create_copy(settings, new.topic, partitions)
            try:
                async with removal.freeing(redis, new.layout):
                    differences = await _run(redis, settings, lease, live, new)
            except BaseException:
                await _forget(redis, settings, new)
                raise
            if differences:
                await _forget(redis, settings, new)
            await removal.end(redis, lease, switched=not differences)
            return differences


async def _new(lease: Lease, live: Layout, settings: Settings, partitions: int) -> Layout:
    number = await lease.number(live.layout)
    topic = live.events_topic(settings)
    former = tuple(dict.fromkeys((*live.former, topic)))
    return Layout(number, partitions, digest(), listed(settings.enable), f"{settings.events_topic}.{number}", former)


async def _run(redis: Redis, settings: Settings, lease: Lease, live: Layout, new: Layout) -> list[str]:
    producer = AIOKafkaProducer(
        **kafka(settings), acks="all", compression_type="lz4", max_request_size=2 * LARGEST_EVENT_BYTES
    )
    try:
        async with log.consumer(settings) as source, log.consumer(settings) as reader, producer:
            with progress_bar() as progress:
                return await Repartition(
                    redis, settings, lease, (live, new), (source, reader, producer), progress
                ).run()
    except LogError as error:
        raise CannotStartError(f"The tables cannot be made anew, because the log {error}.") from error


async def _forget(redis: Redis, settings: Settings, new: Layout) -> None:
    """Delete the topic of a layout that was not switched to; where nobody says whether it was, the topic stays."""
    with suppress(RedisError, KafkaError, OSError):
        holds = await layout.read(redis)
        if holds and holds.topic != new.topic:
            await topics.remove(settings, new.topic)


class Repartition:
    """One rebuild for another number of partitions, from the first record to the switch."""

    def __init__(
        self, redis: Redis, settings: Settings, lease: Lease, layouts: tuple[Layout, Layout],
        clients: tuple[AIOKafkaConsumer, AIOKafkaConsumer, AIOKafkaProducer], progress: Progress,
    ) -> None:  # fmt: skip
        self.redis, self.settings, self.lease, self.progress = redis, settings, lease, progress
        self.live, self.new = layouts
        source, self.reader, producer = clients
        self.source = Merged(source, self.live.events_topic(settings), self.live.partitions)
        self.republishing = Republishing(self.source, producer, self.new.topic, self.new.partitions)
        logs = [Log(self.reader, self.new.topic, number) for number in range(self.new.partitions)]
        self.buildings = [Building(one, self.new, redis, settings) for one in logs]

    async def run(self) -> list[str]:
        """Publish again, build, compare, switch; return the differences, which keep it from switching."""
        said.info(
            "rebuilding",
            layout=self.live.layout,
            new=self.new.layout,
            partitions=self.new.partitions,
            topic=self.new.topic,
        )
        await self.source.open()
        for building in self.buildings:
            await building.begin()
        applied = await self._catch_up("publishing again")
        if differences := [line async for line in self._differences(applied)]:
            said.error(
                "the new tables are not what the log says", differences=len(differences), next="nothing switched"
            )
            return differences
        await self._catch_up("catching up")
        await self._switch()
        return []

    async def _catch_up(self, what: str) -> list[Mark]:
        """Publish and fold until nearly as far as the live tables; return how far that is of the old topic."""

        async def fold(upto: Sequence[Mark]) -> None:
            task = self.progress.add_task(what, total=_behind(upto, self.source.next))
            await self._upto(upto, lambda records: self.progress.advance(task, records))

        return await follow(partial(marks, self.redis, self.live), fold)

    async def _upto(self, marks: Sequence[Mark], tell: verify.Tell = lambda records: None) -> None:
        if any(mark.next < at for mark, at in zip(marks, self.source.next, strict=True)):
            raise CannotStartError("Redis went back while the tables were rebuilt: start the rebuild again.")
        await self.republishing.upto(marks, tell)
        for building, end in zip(self.buildings, self.republishing.ends, strict=True):
            await building.fold(end)

    async def _differences(self, marks: Sequence[Mark]) -> AsyncIterator[str]:
        """What an independent fold of the old topic, in memory, has otherwise: so what was not published again shows, too."""
        forwards, expected = Forwards(), 0
        logs = [Log(self.reader, self.source.tps[n].topic, n) for n in range(self.live.partitions)]
        task = self.progress.add_task("recounting", total=sum(mark.next for mark in marks))
        for one, mark in zip(logs, marks, strict=True):
            recount = Recount(
                one, self.live.shard(one.tp.partition), self.live, self.settings, forwards,
                lambda n: self.progress.advance(task, n),
            )  # fmt: skip
            await one.open()
            await recount.upto(mark)
            names = [name for name in recount.names() if verify.is_of_an_organisation(name, recount.prefix)]
            expected += len(names)
            async for line in self._compared(recount, names):
                yield line
        kept = sum([await self._kept(prefix) for prefix in self.new.shards()])
        if kept != expected:
            yield f"{self.new.topic}: {kept} keys are made of it, {expected} of {self.source.tps[0].topic}"
        for one in logs:
            for line in await verify.forgotten(forwards, one):
                yield line

    async def _compared(self, recount: Recount, names: Sequence[str]) -> AsyncIterator[str]:
        for prefix, moved in self._by_home(recount.prefix, names).items():
            for start in range(0, len(moved), CHUNK_KEYS):
                chunk = dict(moved[start : start + CHUNK_KEYS])
                _, values = await verify.read(self.redis, prefix, [*chunk])
                for name, before in chunk.items():
                    for line in differing(*(_known(before, one) for one in (values[name], recount.value(before)))):
                        yield f"{name}{line}"

    def _by_home(self, prefix: str, names: Sequence[str]) -> Mapping[str, list[tuple[str, str]]]:
        """The names of keys under the new prefix of their organisation, each with the one under the old."""
        found: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for name in names:
            rest = name.removeprefix(f"{prefix}:")
            home = self.new.shard(partition_for(unescaped(rest.partition(":")[0]), self.new.partitions))
            found[home].append((f"{home}:{rest}", name))
        return found

    async def _kept(self, prefix: str) -> int:
        keys = {key.decode(errors="replace") async for key in self.redis.scan_iter(match=f"{prefix}:*", count=5000)}
        return sum(verify.is_of_an_organisation(key, prefix) for key in keys)

    async def _switch(self) -> None:
        """Close the live tables, bring the new topic and tables to where they stand, and have those hold from now on."""
        began = time.monotonic()
        await self.lease.hold()
        closed = await close(self.redis, self.live, self.lease.name)
        await self._upto(closed)
        await topics.stamp(self.settings, self.new.topic)
        await hand_over(self.redis, self.live, self.new)
        await forwarding.hand_over(self.redis, self.live, self.new)
        await forwarding.begin(self.redis, self.new, self.source.tps[0].topic, [mark.next for mark in closed])
        await self.lease.switch(self.new)
        seconds = round(time.monotonic() - began, 2)
        said.info(
            "switched", layout=self.new.layout, topic=self.new.topic, partitions=self.new.partitions,
            records=sum(self.republishing.ends), closed_seconds=seconds,
        )  # fmt: skip


def _known(name: str, value: Any) -> Any:
    """What a key says. When a record was appended is by the log's own progress, and that of partitions that became one is one."""
    if name.split(":")[2] != "r" or not isinstance(value, bytes):
        return value
    with suppress(msgspec.MsgspecError):
        return encode_record(msgspec.structs.replace(decode_record(value), appended_ms=0))
    return value


def _behind(marks: Sequence[Mark], at: Sequence[int]) -> int:
    return sum(mark.next - offset for mark, offset in zip(marks, at, strict=True))
