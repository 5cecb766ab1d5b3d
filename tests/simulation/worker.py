"""A worker as it runs, with the network and the log of the simulation around it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from types import SimpleNamespace
from typing import Any, cast

from faust.types import TP

from crmpulse.settings import Settings
from streams.applier import Applier
from streams.layout import Layout
from tests.simulation.kafka import EVENTS, Consumer, Log, Producer
from tests.simulation.memory import Memory
from tests.simulation.network import Network, RemoteRedis


class Worker:
    """One applier and its consumer; at most a batch, a rebalance and a look after the tables are under way at a time."""

    def __init__(self, name: str, settings: Settings, network: Network, server: Memory, log: Log) -> None:
        self.name = name
        self.network = network
        self.is_paused = False
        self.consumer = Consumer(log)
        self.applier = Applier(settings, cast(Any, SimpleNamespace(consumer=self.consumer)))
        self.applier.redis = cast(Any, RemoteRedis(network, name, server))
        self.applier.owner = name
        self.applier.producer = cast(Any, Producer(network, name, log))
        self.applier.layout = Layout(1, settings.partitions)
        self.tasks: dict[str, asyncio.Task[None]] = {}

    def is_busy(self, with_what: str) -> bool:
        """Whether something is under way."""
        return with_what in self.tasks

    def holds(self, partition: int) -> bool:
        """Whether it believes to hold a partition."""
        return TP(EVENTS, partition) in self.consumer.assigned

    def is_running(self) -> bool:
        """Whether it goes on by itself, without waiting for a reply."""
        self.tasks = {what: task for what, task in self.tasks.items() if not task.done() or task.result()}
        return bool(self.tasks) and not self.network.of(self.name)

    def _begin(self, what: str, doing: Coroutine[Any, Any, None]) -> None:
        self.tasks[what] = self.network.loop.create_task(doing)

    def fetch(self, partition: int, most: int) -> None:
        """Fetch a batch ahead."""
        self.consumer.fetch(TP(EVENTS, partition), most)

    def apply(self) -> None:
        """Begin with the next batch."""
        if self.consumer.batches and not self.is_busy("batch"):
            self._begin("batch", self.applier.apply(self.consumer.batches.pop(0)))

    def follow(self) -> None:
        """Look after the tables."""
        if not self.is_busy("look"):
            self._begin("look", self.applier.follow())

    def assign(self, partitions: set[int]) -> None:
        """Have it hold these partitions from now on."""
        self.consumer.assigned = frozenset(TP(EVENTS, number) for number in partitions)
        self._begin("rebalance", self._resume())

    async def _resume(self) -> None:
        offsets = await self.applier.resume(self.consumer.assigned)
        self.consumer.unknown.clear()
        self.consumer.next.clear()
        self.consumer.read_from(offsets)

    def end(self) -> None:
        """Crash."""
        for task in self.tasks.values():
            task.cancel()
        self.network.abandon(self.name)
