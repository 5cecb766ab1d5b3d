from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator

import msgspec
import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from streams import applier
from streams.commit import ClosedError, Store
from streams.lease import Lease
from streams.mark import Mark
from streams.metrics import HALTED
from streams.partition import HaltedError
from streams.verify import differences
from tests.applying import Worker
from tests.feed import HOME, PARTITIONS, Feed, event

ACME, *_ = HOME
DAY = "{1.p0}:acme:u:u1:d:20260105"
SIX_CALLS = {"activities_completed": 6, "calls_made": 6, "touches": 6}


@pytest.fixture
async def worker(feed: Feed) -> AsyncIterator[Worker]:
    """A worker that has claimed the partition."""
    await feed.publish(0, *(event(ACME, n) for n in range(6)))
    made = Worker(feed)
    await made.applier.open()
    await made.assign()
    yield made
    await made.applier.close()


async def test_batches_are_applied_one_after_the_other(worker: Worker) -> None:
    for start, end in ((0, 2), (2, 5), (5, 6)):
        await worker.applier.apply(await worker.batch(start, end))
    assert await worker.feed.row(DAY) == SIX_CALLS
    assert worker.applier.progress.next == {0: 6}


async def test_a_batch_from_before_a_seek_is_left_alone(worker: Worker) -> None:
    batch = await worker.batch(0, 6)
    await worker.assign()
    await worker.applier.apply(batch)
    assert await worker.feed.row(DAY) == {}


async def test_a_rebalance_waits_for_the_batch_in_flight_and_reads_on_after_it(worker: Worker) -> None:
    applying = asyncio.create_task(worker.applier.apply(await worker.batch(0, 4)))
    await asyncio.sleep(0)
    assert await worker.assign() == 3
    await applying
    await worker.applier.apply(await worker.batch(3, 6))
    assert worker.applier.halted == {}
    assert await worker.feed.row(DAY) == SIX_CALLS


async def test_what_the_other_one_wrote_in_between_is_read_and_counted_on(worker: Worker) -> None:
    await worker.applier.apply(await worker.batch(0, 2))
    await (await worker.feed.writer(0, owner="other")).apply(1, (await worker.feed.records(0))[1:4])
    assert await worker.assign() == 3
    await worker.applier.apply(await worker.batch(3, 6))
    assert await worker.feed.row(DAY) == SIX_CALLS
    assert await differences(worker.feed.settings) == []


async def test_who_is_fenced_and_still_assigned_claims_again(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "uniform", lambda *_: 0.0)
    await worker.feed.writer(0, owner="other")
    await worker.applier.apply(await worker.batch(0, 6))
    assert await worker.feed.row(DAY) == {}
    assert worker.consumer.seeks[-1] == {worker.tp: 0}
    await worker.applier.apply(await worker.batch(0, 6))
    assert await worker.feed.row(DAY) == SIX_CALLS


async def test_who_is_fenced_and_not_assigned_any_more_leaves_it_at_that(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random, "uniform", lambda *_: 0.0)
    await worker.feed.writer(0, owner="other")
    batch = await worker.batch(0, 6)
    worker.consumer.assigned = set()
    await worker.applier.apply(batch)
    assert len(worker.consumer.seeks) == 1
    assert (await worker.feed.text("{1.p0}:owner")).startswith("other.")


async def test_who_waits_for_redis_claims_nothing_that_was_given_away_meanwhile(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def another_has_it(*_: object, **__: object) -> None:
        worker.consumer.assigned = set()
        monkeypatch.undo()
        await worker.feed.writer(0, owner="other")

    async def away(*_: object) -> None:
        raise RedisConnectionError

    monkeypatch.setattr(worker.consumer, "earliest_offsets", away)
    monkeypatch.setattr(worker.applier, "_pause", another_has_it)
    assert await worker.applier.resume(frozenset({worker.tp})) == {}
    assert (await worker.feed.text("{1.p0}:owner")).startswith("other.")


async def test_who_waits_for_a_rebuild_claims_nothing_that_was_given_away_meanwhile(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ended(closed: ClosedError) -> str:
        worker.consumer.assigned = set()
        return closed.owner

    monkeypatch.setattr(worker.applier, "_wait", ended)
    await Store(worker.feed.redis, "").close("{1.p0}", "rebuild")
    await worker.assign()
    assert await worker.feed.text("{1.p0}:owner") == "closed rebuild"


@pytest.mark.parametrize("partitions", [1, PARTITIONS - 1])
async def test_a_topic_that_was_made_anew_with_fewer_partitions_halts_those_of_the_tables(
    worker: Worker, partitions: int
) -> None:
    await worker.applier.apply(await worker.batch(0, 6))
    for worker.consumer.partitions in (partitions, None, partitions):
        await worker.applier.follow()
        assert worker.applier.halted == {}
    await worker.applier.follow()
    why = f"tables in Redis are for {PARTITIONS} partitions, and the events topic has {partitions}"
    assert why in worker.applier.halted[0]
    await worker.assign()
    assert why in worker.applier.halted[0]
    worker.consumer.partitions = PARTITIONS
    await worker.assign()
    assert worker.applier.halted == {}


async def test_of_a_topic_with_more_partitions_than_before_those_go_on_that_were_there(worker: Worker) -> None:
    worker.consumer.partitions = PARTITIONS + 1
    more = worker.tp._replace(partition=PARTITIONS)
    worker.consumer.assigned.add(more)
    await worker.assign()
    assert f"and the events topic has {PARTITIONS + 1}" in worker.applier.halted.pop(PARTITIONS)
    assert worker.applier.halted == {}


async def test_a_gap_is_read_again_from_where_the_tables_stand(worker: Worker) -> None:
    await worker.applier.apply(await worker.batch(0, 2))
    await worker.applier.apply(await worker.batch(4, 6))
    assert worker.consumer.seeks[-1] == {worker.tp: 1}
    await worker.applier.apply(await worker.batch(1, 6))
    assert await worker.feed.row(DAY) == SIX_CALLS


async def test_tables_that_went_back_while_nothing_came_are_brought_up_again(worker: Worker) -> None:
    await worker.applier.apply(await worker.batch(0, 2))
    before = {key: await worker.feed.redis.dump(key) or b"" async for key in worker.feed.redis.scan_iter("{1.p0}*")}
    await worker.applier.apply(await worker.batch(2, 6))
    await worker.applier.follow()
    assert len(worker.consumer.seeks) == 1
    await worker.feed.redis.delete(*[key async for key in worker.feed.redis.scan_iter("{1.p0}*")])
    for key, value in before.items():
        await worker.feed.redis.restore(key, 0, value)
    await worker.applier.follow()
    assert worker.consumer.seeks[-1] == {worker.tp: 1}
    await worker.applier.apply(await worker.batch(1, 6))
    assert await worker.feed.row(DAY) == SIX_CALLS


async def test_tables_that_went_away_while_nothing_came_halt_their_partition(worker: Worker) -> None:
    await worker.applier.apply(await worker.batch(0, 6))
    await worker.feed.redis.flushall()
    await worker.applier.follow()
    assert "gone from Redis" in worker.applier.halted[0]


async def test_a_log_that_lost_what_comes_next_halts_its_partition(worker: Worker) -> None:
    await worker.applier.apply(await worker.batch(0, 2))
    worker.consumer.earliest = 4
    late = (await worker.batch(4, 6))._replace(start=2)
    await worker.applier.apply(late)
    assert "applied up to offset 2, and the log begins at 4" in worker.applier.halted[0]
    assert (await worker.feed.row(DAY))["calls_made"] == 2


async def test_a_log_that_ends_before_what_was_applied_halts_its_partition(worker: Worker) -> None:
    await worker.applier.apply(await worker.batch(0, 4))
    for worker.consumer.end in (None, 4, 3):
        await worker.applier.follow()
        assert worker.applier.halted == {}
    await worker.assign()
    for worker.consumer.end in (None, 4):
        await worker.applier.follow()
        assert worker.applier.halted == {}
    worker.consumer.end = 3
    await worker.applier.follow()
    assert worker.applier.halted == {}
    await worker.applier.follow()
    assert "not the one that was applied last" in worker.applier.halted[0]


async def test_a_gap_that_transactions_leave_holds_nothing_up(worker: Worker) -> None:
    await worker.applier.apply(await worker.batch(0, 2))
    await worker.applier.apply((await worker.batch(3, 6))._replace(start=2))
    assert (await worker.feed.row(DAY))["calls_made"] == 5


async def test_a_halted_partition_is_left_alone_until_it_is_claimed_again_and_fits(worker: Worker) -> None:
    await worker.applier.apply(await worker.batch(0, 2))
    true = await worker.feed.text("{1.p0}:mark")
    await worker.feed.redis.set("{1.p0}:mark", "2 0 0 0")
    await worker.applier.apply(await worker.batch(await worker.assign(), 6))
    assert "not the one that was applied last" in worker.applier.halted[0]
    assert worker.applier.progress.held == set()
    await worker.applier.apply(await worker.batch(1, 6))
    await worker.feed.redis.set("{1.p0}:mark", true)
    await worker.applier.apply(await worker.batch(await worker.assign(), 6))
    assert worker.applier.halted == {}
    assert await worker.feed.row(DAY) == SIX_CALLS


async def test_a_halted_partition_goes_on_with_tables_that_were_made_anew(worker: Worker) -> None:
    await worker.applier.apply(await worker.batch(0, 2))
    await worker.feed.redis.set("{1.p0}:mark", "2 0 0 0")
    await worker.applier.apply(await worker.batch(await worker.assign(), 6))
    await worker.applier.follow()
    assert worker.applier.halted
    async with Lease(worker.feed.redis) as lease:
        new = msgspec.structs.replace(worker.applier.layout, layout=2)
        for prefix in new.shards():
            await worker.feed.redis.set(f"{prefix}:mark", Mark(0).packed())
        await lease.switch(new)
    await worker.applier._follow_layout()  # as another partition does that waits for it
    await worker.applier.follow()
    assert worker.applier.halted == {}
    assert worker.applier.progress.held == {0}
    await worker.applier.apply(await worker.batch(0, 6))
    assert await worker.feed.row(DAY.replace("{1.", "{2.")) == SIX_CALLS


async def test_a_halted_partition_that_another_worker_has_is_halted_here_no_more(worker: Worker) -> None:
    worker.applier._halt(0, HaltedError("why"))
    await worker.applier.resume(frozenset())
    assert worker.applier.halted == {}
    assert HALTED._value.get() == 0


async def test_a_partition_has_the_room_that_others_leave_and_its_share_at_least(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applier, "CACHED", 100)
    worker.consumer.assigned = {worker.tp._replace(partition=number) for number in range(2)}
    await worker.assign()
    shard, other = (worker.applier.held[number].shard for number in range(2))
    for others, room in ((0, 100), (30, 70), (90, 50)):
        other.rows = {f"{number}": {} for number in range(others)}
        await worker.applier.apply(await worker.batch(0, 6))
        assert shard.cached == room


async def test_a_partition_that_was_given_away_is_forgotten(worker: Worker) -> None:
    batch = await worker.batch(0, 6)
    worker.consumer.assigned = set()
    await worker.applier.resume(frozenset())
    await worker.applier.apply(batch)
    assert worker.applier.held == {}
    assert await worker.feed.row(DAY) == {}


async def test_a_worker_without_partitions_says_so_once(worker: Worker, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        await worker.applier.resume(frozenset())
    assert worker.applier.progress.held == set()
    assert capsys.readouterr().out.count("no partitions") == 1
    await worker.assign()
    await worker.applier.resume(frozenset())
    assert capsys.readouterr().out.count("no partitions") == 1
