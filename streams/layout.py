"""What all workers and the API agree on: the layout of the tables and the number of partitions they were made for."""

import time

import msgspec
from redis.asyncio import Redis

from aggregators.catalogue import digest, listed
from aggregators.tables import LAYOUT, begun, shard
from crmpulse.settings import CannotStartError
from streams.commit import Mark

KEY = "crmpulse:layout"


class Layout(msgspec.Struct, frozen=True):
    """The layout that holds."""

    layout: int
    partitions: int
    kpis: str = ""
    """Which KPIs of one's own they count, as ``aggregators.catalogue.digest`` tells."""
    enabled: str = ""
    """Which of all KPIs they count, as ``aggregators.catalogue.listed`` tells."""

    def shard(self, partition: int) -> str:
        """Return the prefix of all keys of a partition."""
        return shard(partition, self.layout)

    def shards(self) -> list[str]:
        """Return the prefixes of all partitions."""
        return [self.shard(number) for number in range(self.partitions)]


async def read(redis: Redis) -> Layout | None:
    """Return the layout that holds, None where nothing was ever applied."""
    found = await redis.get(KEY)
    return msgspec.json.decode(found, type=Layout) if found else None


async def agree(redis: Redis, partitions: int, enable: str = "") -> Layout:
    """Return the layout of the tables; the first worker ever begins every partition at offset 0.

    Raises CannotStartError where the topic has another number of partitions.
    """
    if await read(redis) is None:
        first = Layout(LAYOUT, partitions, digest(), listed(enable))
        for prefix in first.shards():
            await redis.set(begun(prefix), int(time.time() * 1000), nx=True)
            await redis.set(f"{prefix}:mark", Mark(0).packed(), nx=True)
        await redis.set(KEY, msgspec.json.encode(first), nx=True)
    agreed = await read(redis)
    if agreed is None or agreed.partitions != partitions:
        raise CannotStartError(
            f"the tables in Redis are for {agreed and agreed.partitions} partitions, and the events topic has {partitions}: "
            "an organisation would be counted in another place. Use the topic that they were made from, or empty Redis."
        )
    require_kpis(agreed, enable)
    return agreed


class OtherKpisError(CannotStartError):
    """The tables count other KPIs than this process does."""


def require_kpis(found: Layout, enable: str = "") -> None:
    """Raise OtherKpisError where the tables count other KPIs than are enabled, or others of one's own than there are."""
    require_enabled(found, enable)
    if found.kpis != digest():
        raise OtherKpisError(
            "the tables in Redis count other KPIs of one's own than the file of CRMPULSE_KPIS has now: use the file that they were "
            "made with, or have `crmpulse rebuild` make them anew with this one."
        )


def require_enabled(found: Layout, enable: str) -> None:
    """Raise OtherKpisError where the tables count other KPIs than are enabled."""
    if found.enabled != listed(enable):
        raise OtherKpisError(
            f"the tables in Redis were made with CRMPULSE_ENABLE={found.enabled!r}, and here it is {enable!r}: what the one leaves out "
            "would be missing in every number. Use the same, or have `crmpulse rebuild` make them anew with this one."
        )
