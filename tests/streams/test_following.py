from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator

import pytest

from streams import lease, rebuild
from streams.commit import Store
from streams.lease import Lease
from streams.rebuild import rebuilt
from streams.verify import differences
from tests.applying import Worker
from tests.feed import HOME, Feed, event

ACME, *_ = HOME
DAY = "{2.p0}:acme:u:u1:d:20260105"


@pytest.fixture
async def worker(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Worker]:
    """A worker that has applied four of six calls."""
    monkeypatch.setattr(random, "uniform", lambda *_: 0.0)
    await feed.publish(0, *(event(ACME, n) for n in range(6)))
    made = Worker(feed)
    await made.applier.open()
    await made.assign()
    await made.applier.apply(await made.batch(0, 4))
    yield made
    await made.applier.close()


async def test_a_worker_goes_on_in_the_new_tables_at_the_very_offset(worker: Worker) -> None:
    await rebuilt(worker.feed.settings)
    await worker.applier.apply(await worker.batch(4, 6))
    assert worker.consumer.seeks[-1] == {worker.tp: 3}
    await worker.applier.apply(await worker.batch(3, 6))
    assert (await worker.feed.row(DAY))["calls_made"] == 6
    assert await differences(worker.feed.settings) == []


async def test_a_worker_to_which_nothing_comes_follows_too(worker: Worker) -> None:
    await rebuilt(worker.feed.settings)
    await worker.applier.follow()
    assert worker.applier.held[0].prefix == "{2.p0}"
    assert worker.consumer.seeks[-1] == {worker.tp: 3}


async def test_a_worker_waits_for_as_long_as_the_tables_are_closed(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_over, applying = rebuild.__dict__["hand_over"], list[asyncio.Task[None]]()

    async def handing_over(*args: object) -> None:
        applying.append(asyncio.create_task(worker.applier.apply(await worker.batch(4, 6))))
        await asyncio.sleep(0.3)
        assert not applying[0].done()
        await hand_over(*args)

    monkeypatch.setattr(rebuild, "hand_over", handing_over)
    await rebuilt(worker.feed.settings)
    await applying[0]
    assert worker.applier.held[0].prefix == "{2.p0}"
    await worker.applier.apply(await worker.batch(3, 6))
    assert (await worker.feed.row(DAY))["calls_made"] == 6


async def test_tables_that_a_rebuild_closed_that_died_are_opened_again(worker: Worker) -> None:
    async with Lease(worker.feed.redis) as died:
        await Store(worker.feed.redis, "").close("{1.p0}", died.name)
        applying = asyncio.create_task(worker.applier.apply(await worker.batch(4, 6)))
        await asyncio.sleep(0.3)
        assert not applying.done()
        await worker.feed.redis.delete(lease.KEY)
        await applying
    await worker.applier.apply(await worker.batch(3, 6))
    assert (await worker.feed.row(DAY.replace("{2", "{1")))["calls_made"] == 6
    assert await differences(worker.feed.settings) == []


async def test_a_worker_that_starts_later_begins_with_the_new_tables(worker: Worker) -> None:
    await rebuilt(worker.feed.settings)
    late = Worker(worker.feed)
    await late.applier.open()
    assert await late.assign() == 3
    await late.applier.apply(await late.batch(3, 6))
    await late.applier.close()
    assert (await worker.feed.row(DAY))["calls_made"] == 6
