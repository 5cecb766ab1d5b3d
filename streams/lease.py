"""That one rebuild runs at a time, and that only the one that runs can switch to its tables.

The lease ends by itself where its holder died; the tables that it had closed are then opened again by the workers.
"""

import asyncio
import uuid
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import msgspec
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from crmpulse.settings import CannotStartError
from streams import layout
from streams.layout import Layout

KEY = f"{{{layout.KEY}}}:rebuild"
"""In the slot of the layout, so that one script compares this and sets that."""

NUMBER = f"{{{layout.KEY}}}:last"
LEASE_MS = 20_000

RENEW = """
local holder = redis.call('GET', KEYS[1])
if holder ~= ARGV[1] and (holder or ARGV[3] == '' or (redis.call('GET', KEYS[2]) or 'none') ~= ARGV[3]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
SWITCH = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[2], ARGV[2])
return 1
"""
END = "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('DEL', KEYS[1]) or 0"


log = structlog.get_logger("crmpulse.rebuild")


class LostError(CannotStartError):
    """The lease ended before the rebuild did: nothing was switched."""

    def __init__(self) -> None:
        super().__init__(
            f"Redis did not hear from the rebuild for {LEASE_MS // 1000} s, and the workers go on with the tables as they "
            "were: nothing is switched, start it again."
        )


async def holder(redis: Redis) -> str:
    """Return the rebuild that runs, empty where none does."""
    found: Any = await redis.get(KEY)
    return (found or b"").decode()


class Lease:
    """Held inside ``async with``; entering raises CannotStartError where another rebuild runs.

    One that ended is taken again where no rebuild has begun since, until tables are closed under it: workers open them when it
    has ended.
    """

    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        self.last = ""
        """The last number that a rebuild took, by which this one knows that none has begun since; empty: not to be taken again."""
        self.name = uuid.uuid4().hex
        self._renew, self._switch, self._end = (redis.register_script(script) for script in (RENEW, SWITCH, END))

    async def __aenter__(self) -> Self:
        if not await self.redis.set(KEY, self.name, nx=True, px=LEASE_MS):
            raise CannotStartError(
                f"Another rebuild runs: wait for it, or, where it was killed, {LEASE_MS // 1000} s for its lease to end."
            )
        last: Any = await self.redis.get(NUMBER)
        self.last = (last or b"none").decode()
        self._renewing = asyncio.create_task(self._renewed())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._renewing.cancel()
        with suppress(RedisError, OSError):
            await self._end(keys=[KEY], args=[self.name])

    async def number(self, current: int) -> int:
        """Return a number for a new layout that none ever had, so that a rebuild that died leaves nothing in its tables."""
        await self.redis.set(NUMBER, current, nx=True)
        number = int(await self.redis.incr(NUMBER))
        self.last = str(number)
        return number

    async def hold(self) -> None:
        """Hold it without a gap from now on, so that tables can be closed under it; LostError where another rebuild has it."""
        if not await self._renewed_once():
            raise LostError
        self.last = ""

    async def holds(self) -> Layout:
        """Return the layout that holds; LostError where the lease has ended, so that another rebuild may be switching."""
        found: list[Any] = await self.redis.mget(KEY, layout.KEY)
        if found[0] != self.name.encode():
            raise LostError
        return layout.decoded(found[1])

    async def switch(self, to: Layout) -> None:
        """Have all workers and the API go by another layout from now on; LostError where the lease has ended."""
        if not await self._switch(keys=[KEY, layout.KEY], args=[self.name, msgspec.json.encode(to)]):
            raise LostError

    async def _renewed(self) -> None:
        while True:
            await asyncio.sleep(LEASE_MS / 5000)
            with suppress(RedisError, OSError):
                if not await self._renewed_once():
                    log.warning("the lease of the rebuild has ended", next="it ends before it would switch")

    async def _renewed_once(self) -> bool:
        return bool(await self._renew(keys=[KEY, NUMBER], args=[self.name, LEASE_MS, self.last]))
