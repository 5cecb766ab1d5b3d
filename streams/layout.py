"""What all workers and the API agree on: the layout of the tables and the number of partitions they were made for."""

import time

import msgspec
from redis.asyncio import Redis

from aggregators.tables import LAYOUT, begun, shard
from crmpulse.settings import CannotStartError
from streams.commit import Mark

KEY = "crmpulse:layout"


class Layout(msgspec.Struct):
    """The layout that holds."""

    layout: int
    partitions: int


async def read(redis: Redis) -> Layout | None:
    """Return the layout that holds, None where nothing was ever applied."""
    found = await redis.get(KEY)
    return msgspec.json.decode(found, type=Layout) if found else None


async def agree(redis: Redis, partitions: int) -> int:
    """Return the number of partitions that the tables are for; the first worker ever begins every partition at offset 0.

    Raises CannotStartError where the topic has another number.
    """
    if await read(redis) is None:
        for number in range(partitions):
            await redis.set(begun(shard(number)), int(time.time() * 1000), nx=True)
            await redis.set(f"{shard(number)}:mark", Mark(0).packed(), nx=True)
        await redis.set(KEY, msgspec.json.encode(Layout(LAYOUT, partitions)), nx=True)
    agreed = await read(redis)
    if agreed is None or agreed.partitions != partitions:
        raise CannotStartError(
            f"the tables in Redis are for {agreed and agreed.partitions} partitions, and the events topic has {partitions}: "
            "an organisation would be counted in another place. Use the topic that they were made from, or empty Redis."
        )
    return agreed.partitions
