"""Waiting until the tables include a position of the log."""

import asyncio
import re
import time
from typing import Any, NamedTuple

from redis.asyncio import Redis

from aggregators.tables import LAYOUT
from api.problems import Problem
from api.query.errors import ImpossibleError, Mistake
from crmpulse.settings import Settings
from events import partition_for
from streams import layout
from streams.forwarding import positions_key
from streams.layout import Layout, generation
from streams.mark import mark

POLL_SECONDS = 0.005
WAIT_SECONDS = 10.0


class Position(NamedTuple):
    """Where an event lies in the log, as text `<partition>:<offset>`.

    In a topic that a rebuild made, its ``generation`` follows after another colon.
    """

    partition: int
    offset: int
    generation: int = 0

    def __str__(self) -> str:
        return ":".join(map(str, self if self.generation else self[:2]))


def position(text: str) -> Position:
    """Read a position; ImpossibleError where it is none."""
    if not re.fullmatch("[0-9]{1,9}:[0-9]{1,18}(:[0-9]{1,9})?", text):
        raise ImpossibleError(Mistake("after", f"{text[:64]!r} is not a position, such as 7:1234"))
    return Position(*map(int, text.split(":")))


async def agreed(redis: Redis, settings: Settings) -> Layout:
    """Return the layout of the tables; where nothing was ever applied, the one that there will be."""
    return await layout.read(redis) or Layout(LAYOUT, settings.partitions)


class Marks:
    """How far the tables are. However many wait for a partition, its mark is read once at a time."""

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self.redis = redis
        self.settings = settings
        self.waiting: dict[int, dict[asyncio.Future[bool], int]] = {}
        self.polling: asyncio.Task[None] | None = None

    async def include(self, org: str, wanted: Position) -> None:
        """Return once the tables include a position of an organisation.

        Raises ImpossibleError where the position is another organisation's, a 504 problem after 10 s, RedisError.
        """
        found = await agreed(self.redis, self.settings)
        own = partition_for(org, found.partitions)
        if wanted.generation != found.generation:
            wanted = await self._forwarded(wanted, found, own)
        if wanted.partition != own:
            raise ImpossibleError(
                Mistake("after", f"the events of {org} are in partition {own}, not {wanted.partition}")
            )
        applied = mark(await self.redis.get(f"{found.shard(own)}:mark"))
        if not (applied and applied.next > wanted.offset) and not await self._reached(wanted):
            detail = f"The tables did not include the position {wanted} within {WAIT_SECONDS:g} s; ask again."
            raise Problem(504, "not-yet", detail)

    async def _forwarded(self, wanted: Position, found: Layout, own: int) -> Position:
        """Where a position of a former topic is in the one of the tables, once it is there: the last that was forwarded."""
        topic = next((t for t in found.former if generation(t, self.settings) == wanted.generation), "")
        if not topic:
            raise ImpossibleError(Mistake("after", f"{wanted} is in no topic that the tables are or were made of"))
        key = positions_key(found.generation, topic)
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            read: list[Any] = await self.redis.hmget(key, [str(wanted.partition), f">{own}"])
            at, end = (int(one or 0) for one in read)
            if at > wanted.offset:
                return Position(own, max(0, end - 1), found.generation)
            if time.monotonic() > deadline:
                detail = f"The position {wanted} was not forwarded within {WAIT_SECONDS:g} s; ask again."
                raise Problem(504, "not-yet", detail)
            await asyncio.sleep(POLL_SECONDS)

    async def _reached(self, wanted: Position) -> bool:
        """Wait for a mark to be past an offset. By ``wait``: a timeout that cancels can get lost in a client's command."""
        reached: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        waiters = self.waiting.setdefault(wanted.partition, {})
        waiters[reached] = wanted.offset
        if self.polling is None or self.polling.done():
            self.polling = asyncio.create_task(self._poll())
        try:
            done, _ = await asyncio.wait({reached}, timeout=WAIT_SECONDS)
            return bool(done) and reached.result()
        finally:
            waiters.pop(reached, None)

    async def _poll(self) -> None:
        """Read the marks that are waited for until nobody waits."""
        try:
            while numbers := [number for number, waiters in self.waiting.items() if waiters]:
                found = await agreed(self.redis, self.settings)  # a rebuild may replace the tables meanwhile
                keys = [f"{found.shard(number)}:mark" for number in numbers]
                for number, packed in zip(numbers, await self.redis.mget(keys), strict=True):
                    applied = mark(packed)
                    for reached, offset in self.waiting[number].items():
                        if applied and applied.next > offset and not reached.done():
                            reached.set_result(True)
                await asyncio.sleep(POLL_SECONDS)
        except Exception as error:
            for reached in [each for waiters in self.waiting.values() for each in waiters if not each.done()]:
                reached.set_exception(error)
