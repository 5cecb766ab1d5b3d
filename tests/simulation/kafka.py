"""A log in memory, what publishes to it, and a consumer that reads it a batch at a time as the transport does."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from aiokafka.errors import KafkaTimeoutError
from aiokafka.structs import ConsumerRecord
from faust.types import TP

from streams.transport import Batch
from tests.simulation.network import Network

EVENTS, LETTERS = "events", "letters"
START_MS = 1_780_000_000_000


class Log:
    """The topics. `clock_ms` is when the next record is appended, `first` where each partition of the events begins."""

    def __init__(self, partitions: int) -> None:
        self.events: list[list[ConsumerRecord]] = [[] for _ in range(partitions)]
        self.first = [0] * partitions
        self.letters: list[dict[str, bytes]] = []
        self.clock_ms = START_MS

    def append(self, partition: int, value: bytes | None, headers: Iterable[tuple[str, bytes]] = ()) -> None:
        """Append a record to the events."""
        log = self.events[partition]
        self.clock_ms += 1000
        size = len(value or b"")
        log.append(
            ConsumerRecord(EVENTS, partition, len(log), self.clock_ms, 1, None, value, 0, 0, size, tuple(headers))
        )

    def letter(self, headers: Iterable[tuple[str, bytes]]) -> None:
        """Append a dead letter."""
        self.letters.append(dict(headers))

    def since(self, partition: int, start: int, most: int) -> list[ConsumerRecord]:
        """What a fetch at an offset returns; at one that the log has not, it is reset to the log's beginning."""
        log = self.events[partition]
        if not self.first[partition] <= start <= len(log):
            start = self.first[partition]
        return log[start : start + most]


class Producer:
    """What a worker publishes with."""

    def __init__(self, network: Network, caller: str, log: Log) -> None:
        self.network = network
        self.caller = caller
        self.log = log

    async def send(
        self,
        topic: str,
        value: bytes | None,
        key: bytes | None = None,
        partition: int = 0,
        headers: Iterable[tuple[str, bytes]] = (),
    ) -> asyncio.Future[Any]:
        """As the real one: it returns once the record is on its way."""
        to_events = topic == EVENTS

        def run() -> None:
            self.log.append(partition, value, headers) if to_events else self.log.letter(headers)

        return self.network.send(self.caller, run, KafkaTimeoutError())


class Consumer:
    """What an applier asks of the transport's consumer, which fetches ahead into `batches`."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.assigned: frozenset[TP] = frozenset()
        self.batches: list[Batch] = []
        self.next: dict[TP, int] = {}
        self.seeks: Counter[TP] = Counter()
        self.unknown: set[int] = set()
        """Partitions of a topic that was made anew: nothing of them is fetched before the group has noticed."""

    def assignment(self) -> frozenset[TP]:
        """As the transport's."""
        return self.assigned

    def topic_partitions(self, _: str) -> int:
        """As the transport's."""
        return len(self.log.events)

    async def earliest_offsets(self, *tps: TP) -> dict[TP, int]:
        """As the transport's."""
        return {tp: self.log.first[tp.partition] for tp in tps}

    def highwater(self, tp: TP) -> int | None:
        """As the transport's."""
        return None if tp.partition in self.unknown else len(self.log.events[tp.partition])

    def read_from(self, offsets: Mapping[TP, int]) -> None:
        """As the transport's."""
        self.next |= offsets
        self.seeks.update(offsets.keys())

    def is_current(self, batch: Batch) -> bool:
        """As the transport's."""
        return self.seeks[batch.tp] == batch.seek

    def fetch(self, tp: TP, most: int) -> None:
        """Fetch ahead."""
        if tp.partition in self.unknown or tp not in self.assigned or tp not in self.next:
            return
        if found := self.log.since(tp.partition, self.next[tp], most):
            self.batches.append(Batch(tp, self.next[tp], found, self.seeks[tp]))
            self.next[tp] = found[-1].offset + 1
