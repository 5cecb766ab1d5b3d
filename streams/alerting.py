"""What a worker does for alerts beside applying batches: it looks, publishes, and asks for goals, each in its own turn."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import structlog
from faust.types import TP

from crmpulse.settings import Settings
from streams.alerts import Alerts
from streams.alerts_goals import Goals, Standings
from streams.applier import FAULTS, Applier
from streams.commit import MovedError
from streams.partition import Partition, clock_ms

log = structlog.get_logger("crmpulse.alerts")

LOOK_SECONDS = 0.1
GOALS_SECONDS = 1.0
REST_SECONDS = 1.0


class Watched(NamedTuple):
    """A partition's alerts and goals."""

    alerts: Alerts
    goals: Goals


class Alerting:
    """Watches the partitions that an applier holds."""

    def __init__(self, settings: Settings, applier: Applier, standings: Standings) -> None:
        self.settings = settings
        self.applier = applier
        self.standings = standings
        self.watched: dict[int, Watched] = {}
        self.failing: set[int] = set()

    async def look(self) -> None:
        """Look at what is due, for ever."""
        await self._every(LOOK_SECONDS, lambda each: each.alerts.tick(clock_ms()))

    async def publish(self) -> None:
        """Publish what fired and resolved, for ever."""
        await self._every(LOOK_SECONDS, self._publish)

    async def ask(self) -> None:
        """Ask how goals stand, for ever."""
        await self._every(GOALS_SECONDS, lambda each: each.goals.tick(clock_ms))

    async def _publish(self, each: Watched) -> None:
        if self.applier.producer:
            await each.alerts.publish(self.applier.producer, self.settings.alerts_topic)

    async def _every(self, seconds: float, step: Callable[[Watched], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(seconds)
            for number in self.watched.keys() - self.applier.held.keys():
                del self.watched[number]  # with all that is in memory of its tables
                self.failing.discard(number)
            held = [each for number, each in self.applier.held.items() if number not in self.applier.halted]
            await asyncio.gather(*(self._safely(each, step) for each in held))

    async def _safely(self, partition: Partition, step: Callable[[Watched], Awaitable[None]]) -> None:
        """Do it for one partition; what goes wrong there is tried again, and stops no other one."""
        try:
            await step(self._of(partition))
            self.failing.discard(partition.number)
        except MovedError:
            await asyncio.sleep(REST_SECONDS)  # who applies finds out, and claims them again
        except FAULTS as fault:
            if partition.number not in self.failing:  # said once, until it works again
                self.failing.add(partition.number)
                log.warning("cannot tell alerts", error=f"{type(fault).__name__}: {fault}", partition=partition.number)
            await asyncio.sleep(REST_SECONDS)
        except Exception as mistake:
            place = traceback.extract_tb(mistake.__traceback__)[-1]
            what = f"{type(mistake).__name__} at {place.filename}:{place.lineno}"
            log.error("cannot tell alerts", error=what, next="trying again", partition=partition.number)
            await asyncio.sleep(REST_SECONDS)

    def _of(self, partition: Partition) -> Watched:
        known = self.watched.get(partition.number)
        if known is None or known.alerts.partition is not partition:
            alerts = Alerts(partition, self._has_all)
            known = self.watched[partition.number] = Watched(alerts, Goals(alerts, self.standings))
        return known

    async def _has_all(self, number: int, next_offset: int) -> bool:
        return await self.applier.consumer.has_all(TP(self.settings.events_topic, number), next_offset)
