"""The one driver of all scenarios: load, break, wait for the log's end, compare."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

from tests.faults.scenarios import Scenario, Size
from tests.faults.world import World, world
from tests.services import Kafka


class Outcome(NamedTuple):
    """What came of a scenario; `wrong` is empty where Redis equals the recount of the log."""

    scenario: str
    told: str
    seed: int
    events: int
    times: int
    workers_ended: int
    slowest_seconds: float
    seconds: float
    wrong: list[str]


async def run(scenario: Scenario, size: Size, here: World, *, long: bool = False) -> Outcome:
    """Do it so often while so many events are applied."""
    began, ended, here.slowest_seconds = time.monotonic(), here.restarts, 0.0
    async with here.open(long=long) as opened:
        for _ in range(size.times):
            at = await opened.applied()
            end = await opened.publish(size.events // size.times)
            await opened.reach(opened.random.randrange(at, end))
            await scenario.deed(opened)
            await opened.moves()
        wrong = await opened.is_exact()
    return Outcome(
        scenario.name, scenario.told, here.seed, size.events, size.times, here.restarts - ended,
        round(here.slowest_seconds, 1), round(time.monotonic() - began, 1), wrong,
    )  # fmt: skip


def begin(scenario: Scenario, kafka: Kafka, folder: Path, seed: int) -> AbstractContextManager[World]:
    """Return the world of a scenario, to be entered."""
    return world(kafka, folder, seed, **scenario.world._asdict())
