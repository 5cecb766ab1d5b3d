"""What all workers and the API agree on: the layout of the tables and the number of partitions they were made for."""

import time
from typing import Any

import msgspec
from redis.asyncio import Redis

from aggregators.catalogue import digest, listed
from aggregators.tables import FORM, LAYOUT, begun, shard
from crmpulse.settings import CannotStartError, Settings
from streams.mark import Mark

KEY = "crmpulse:layout"


class Layout(msgspec.Struct, frozen=True):
    """The layout that holds."""

    layout: int
    partitions: int
    kpis: str = ""
    """Which KPIs of one's own they count, as ``aggregators.catalogue.digest`` tells."""
    enabled: str = ""
    """Which of all KPIs they count, as ``aggregators.catalogue.listed`` tells."""
    topic: str = ""
    """The topic that they are made of; empty: the one of the settings."""
    former: tuple[str, ...] = ()
    """Topics that events came from before, and may come from still: workers forward them (``forwarding.py``)."""
    form: int = FORM
    """The form of the tables, as ``aggregators.tables.FORM`` tells."""

    @property
    def generation(self) -> int:
        """Return by what positions in the topic are told from those in others: 0 in the one of the settings."""
        return int(self.topic.rpartition(".")[2]) if self.topic else 0

    def events_topic(self, settings: Settings) -> str:
        """Return the topic that they are made of."""
        return self.topic or settings.events_topic

    def shard(self, partition: int) -> str:
        """Return the prefix of all keys of a partition."""
        return shard(partition, self.layout)

    def shards(self) -> list[str]:
        """Return the prefixes of all partitions."""
        return [self.shard(number) for number in range(self.partitions)]


def generation(topic: str, settings: Settings) -> int:
    """Return the generation of a topic that the tables are or were made of."""
    return 0 if topic == settings.events_topic else int(topic.rpartition(".")[2])


async def read(redis: Redis) -> Layout | None:
    """Return the layout that holds, None where nothing was ever applied."""
    found: Any = await redis.get(KEY)
    return decoded(found) if found else None


def decoded(found: bytes) -> Layout:
    """Return a layout as it is kept."""
    return msgspec.convert({"form": 1, **msgspec.json.decode(found)}, Layout)  # the first form had no number yet


async def located(redis: Redis, settings: Settings) -> Settings:
    """Return settings with the topic that the tables are made of, and a group of its own where that is another one."""
    found = await read(redis)
    if found is None or not found.topic:
        return settings
    return settings.model_copy(update={"events_topic": found.topic, "group": f"{settings.group}.{found.generation}"})


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
        raise CannotStartError(other_partitions(agreed.partitions if agreed else 0, partitions))
    require_kpis(agreed, enable)
    return agreed


def other_partitions(tables: int, topic: int) -> str:
    """Return what is wrong where tables are for another number of partitions than the topic has."""
    return (
        f"the tables in Redis are for {tables} partitions, and the events topic has {topic}: an organisation would be counted in "
        "another place. Use the topic that they were made from, or empty Redis."
    )


class OtherTablesError(CannotStartError):
    """The tables are not those that this process writes or reads: they have another form, or count other KPIs."""


def require_kpis(found: Layout, enable: str = "") -> None:
    """Raise OtherTablesError as ``require_same``, and where the tables count other KPIs of one's own than there are."""
    require_same(found, enable)
    if found.kpis != digest():
        raise OtherTablesError(
            "the tables in Redis count other KPIs of one's own than the file of CRMPULSE_KPIS has now: use the file that they were "
            "made with, or have `crmpulse rebuild` make them anew with this one."
        )


def require_same(found: Layout, enable: str) -> None:
    """Raise OtherTablesError where the tables have another form, or count other KPIs than are enabled."""
    if found.form != FORM:
        raise OtherTablesError(
            f"the tables in Redis have form {found.form}, and this version of crmpulse keeps form {FORM}: use the version that they "
            "were made with, or have `crmpulse rebuild` of this one make them anew."
        )
    if found.enabled != listed(enable):
        raise OtherTablesError(
            f"the tables in Redis were made with CRMPULSE_ENABLE={found.enabled!r}, and here it is {enable!r}: what the one leaves out "
            "would be missing in every number. Use the same, or have `crmpulse rebuild` make them anew with this one."
        )
