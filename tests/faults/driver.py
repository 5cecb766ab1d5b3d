"""The one driver of all scenarios: load, break, wait for the log's end, compare."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

from tests.faults.scenarios import Scenario, Size
from tests.faults.world import World, world
from tests.services import Kafka


class Outcome(NamedTuple):
    """What came of a scenario; `wrong` is empty where Redis equals the recount."""

    scenario: str
    told: str
    events: int
    times: int
    workers_ended: int
    slowest_seconds: float
    seconds: float
    wrong: list[str]


async def run(
    scenario: Scenario, size: Size, here: World, *, back_seconds: float = 1, away_seconds: float = 3
) -> Outcome:
    """Do it so often while so many events are applied."""
    began = time.monotonic()
    async with here.open() as open_world:
        open_world.back_seconds, open_world.away_seconds = back_seconds, away_seconds
        for _ in range(size.times):
            at = await open_world.applied()
            end = await open_world.publish(size.events // size.times)
            await open_world.reach(open_world.random.randrange(at, end))
            await scenario.deed(open_world)
            await open_world.moves()
        wrong = await open_world.is_exact()
    return Outcome(
        scenario.name, scenario.told, size.events, size.times, here.restarts, round(here.slowest_seconds, 1),
        round(time.monotonic() - began, 1), wrong,
    )  # fmt: skip


def begin(scenario: Scenario, kafka: Kafka, folder: Path, seed: int):  # type: ignore[no-untyped-def]
    """Return the world of a scenario, to be entered."""
    return world(
        kafka, folder, seed, workers=scenario.workers, partitions=scenario.partitions, poison=scenario.poison,
        old=scenario.old_redis,
    )  # fmt: skip
