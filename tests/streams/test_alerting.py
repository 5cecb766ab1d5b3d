"""What a worker does for alerts goes on whatever one partition, Redis or the broker does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka.errors import KafkaConnectionError
from redis.exceptions import ConnectionError as RedisConnectionError

from crmpulse.settings import Settings
from streams import alerting
from streams.alerting import Alerting, Watched
from tests.workers import until


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOOK_SECONDS", "GOALS_SECONDS", "REST_SECONDS"):
        monkeypatch.setattr(alerting, name, 0)


def partition(number: int) -> SimpleNamespace:
    return SimpleNamespace(number=number, prefix=f"{{1.p{number}}}", store=SimpleNamespace(redis=Client(), owner="a"))


class Client:
    """A Redis that is not asked for anything."""

    def register_script(self, _: str) -> None:
        """Know a script."""


class Work:
    """An applier's partitions, and what is done for each of them."""

    def __init__(self) -> None:
        self.applier = SimpleNamespace(held={n: partition(n) for n in range(3)}, halted={1: "why"}, producer=None)
        self.alerting = Alerting(Settings(), cast(Any, self.applier), cast(Any, None))
        self.seen: list[int] = []
        self.failing: list[Exception] = []

    async def step(self, each: Watched) -> None:
        self.seen.append(each.alerts.partition.number)
        if self.failing:
            raise self.failing.pop()

    async def run(self, count: int, step: Callable[[Watched], Awaitable[None]] | None = None) -> None:
        """Work until so many steps were made."""
        working = asyncio.create_task(self.alerting._every(0, step or self.step))

        async def enough() -> bool:
            return len(self.seen) >= count

        try:
            await until(enough, 10, f"make {count} steps")
            assert not working.done()
        finally:
            working.cancel()


async def test_partitions_take_turns_but_for_those_that_halted() -> None:
    work = Work()
    await work.run(4)
    assert work.seen[:4] == [0, 2, 0, 2]


@pytest.mark.parametrize(
    "fault", [RedisConnectionError(), KafkaConnectionError(), TimeoutError(), ValueError("a mistake")]
)
async def test_what_fails_is_tried_again_and_stops_no_other_partition(fault: Exception) -> None:
    work = Work()
    work.failing = [fault, fault]
    await work.run(4)
    assert work.seen[:4] == [0, 2, 0, 2]


async def test_a_fault_is_told_once_until_it_is_over(capsys: pytest.CaptureFixture[str]) -> None:
    work = Work()
    work.applier.held = {0: partition(0)}
    work.failing = [RedisConnectionError(), RedisConnectionError(), RedisConnectionError()]
    await work.run(4)
    work.failing = [RedisConnectionError()]
    await work.run(len(work.seen) + 2)
    assert capsys.readouterr().out.count("cannot tell alerts") == 2


async def test_a_partition_that_came_back_is_looked_at_anew() -> None:
    work = Work()
    first, again = cast(Any, partition(0)), cast(Any, partition(0))
    known = work.alerting._of(first)
    assert work.alerting._of(first) is known
    assert work.alerting._of(again) is not known


async def test_a_partition_that_was_given_away_is_kept_in_memory_no_more() -> None:
    work = Work()
    await work.run(2)
    assert set(work.alerting.watched) == {0, 2}
    del work.applier.held[0]
    work.seen.clear()
    await work.run(2)
    assert set(work.alerting.watched) == {2}


@pytest.mark.parametrize("name", ["look", "publish", "ask"])
async def test_a_worker_that_holds_nothing_waits(name: str) -> None:
    work = Work()
    work.applier.held = {}
    working = asyncio.create_task(getattr(work.alerting, name)())
    for _ in range(10):
        await asyncio.sleep(0)
    assert not working.done()
    working.cancel()
