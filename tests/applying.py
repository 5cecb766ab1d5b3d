"""An applier as a worker has it, with a consumer that is told what is assigned."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

from faust.types import TP

from streams.applier import Applier
from streams.transport import Batch
from tests.feed import Feed


class Consumer:
    """What an applier asks of the consumer; `seeks` has where it was told to read on."""

    def __init__(self, topic: str) -> None:
        self.tp = TP(topic, 0)
        self.assigned = {self.tp}
        self.seeks: list[Mapping[TP, int]] = []
        self.earliest = 0
        self.end: int | None = None
        self.partitions: int | None = None

    def topic_partitions(self, _: str) -> int | None:
        return self.partitions

    def assignment(self) -> set[TP]:
        return self.assigned

    async def earliest_offsets(self, *tps: TP) -> dict[TP, int]:
        return dict.fromkeys(tps, self.earliest)

    def highwater(self, tp: TP) -> int | None:
        return self.end

    def read_from(self, offsets: Mapping[TP, int]) -> None:
        self.seeks.append(offsets)

    def is_current(self, batch: Batch) -> bool:
        return batch.seek == len(self.seeks)


class Worker:
    """An applier and its consumer, on partition 0 with six calls in it."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self.consumer = Consumer(feed.settings.events_topic)
        self.tp = self.consumer.tp
        self.applier = Applier(feed.settings, cast(Any, SimpleNamespace(consumer=self.consumer)))

    async def assign(self) -> int:
        """Claim the partition as after a rebalance; return where to read on."""
        offsets = await self.applier.resume(frozenset(self.consumer.assigned))
        self.consumer.read_from(offsets)
        return offsets[self.tp]

    async def batch(self, start: int, end: int) -> Batch:
        """Records as they would be fetched now."""
        return Batch(self.tp, start, (await self.feed.records(0))[start:end], len(self.consumer.seeks))
