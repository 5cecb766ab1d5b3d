from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from redis.asyncio import Redis as Client
from redis.exceptions import ConnectionError, RedisError

from aggregators.shard import Load, Writes
from api.query.engine import Engine
from crmpulse.settings import CannotStartError, Settings
from streams import cluster as module
from streams import commit
from streams.commit import Answer, Store
from streams.connection import connect, require_no_eviction
from streams.layout import Layout
from streams.lease import Lease
from streams.mark import Mark
from tests.cluster import RedisCluster, cluster
from tests.committing import committing
from tests.telling import Told

pytestmark = pytest.mark.kafka

P0, P1, P2 = "{1.p0}", "{1.p1}", "{1.p2}"
ROWS = [f"{P0}:acme:u:{number}:a" for number in range(20)]


@pytest.fixture(scope="module")
def nodes() -> Iterator[RedisCluster]:
    with cluster() as made:
        yield made


@pytest.fixture
async def redis(nodes: RedisCluster) -> AsyncIterator[Client]:
    """A client of the cluster, emptied."""
    async with connect(Settings(redis=nodes.addresses)) as client:
        for master in nodes.masters():
            nodes.ask(master, "flushall")
        yield client


async def test_values_of_any_slots_are_read_in_order(redis: Client) -> None:
    for number, prefix in enumerate((P0, P1, P2)):
        await redis.set(f"{prefix}:mark", number)
    assert await redis.mget([f"{P2}:mark", f"{P0}:mark", "{1.p3}:mark", f"{P1}:mark"]) == [b"2", b"0", None, b"1"]


async def test_a_node_that_may_drop_keys_is_refused(redis: Client, nodes: RedisCluster) -> None:
    await require_no_eviction(redis)
    master = nodes.masters()[-1]
    nodes.ask(master, "config", "set", "maxmemory-policy", "allkeys-lru")
    with pytest.raises(CannotStartError, match="maxmemory-policy is allkeys-lru"):
        await require_no_eviction(redis)
    nodes.ask(master, "config", "set", "maxmemory-policy", "noeviction")


async def test_a_transaction_finds_its_slot_where_it_has_moved_to(redis: Client, nodes: RedisCluster) -> None:
    await redis.set(f"{P1}:mark", 1)
    nodes.move(f"{P1}:mark")
    async with redis.pipeline(transaction=True) as pipe:
        pipe.mget(f"{P1}:mark", f"{P1}:owner")
        pipe.set(f"{P1}:owner", "a")
        assert await pipe.execute() == [[b"1", None], True]


async def test_nothing_is_read_or_written_in_a_slot_that_is_half_moved(redis: Client, nodes: RedisCluster) -> None:
    store = Store(redis, "a")
    await redis.set(f"{P0}:mark", "0 0 0 0")
    for row in ROWS:
        await redis.set(row, "{}")
    await store.claim(P0, None)
    with nodes.moving(ROWS[0]):
        with pytest.raises(RedisError):
            await store.answer(Load(ROWS))
        with pytest.raises(RedisError):
            await store.claim(P0, None)
        with pytest.raises(RedisError):
            await store.close(P0, "r")
    assert await store.answer(Load(ROWS)) == [b"{}"] * len(ROWS)
    assert await store.claim(P0, Mark(0)) == (Answer.OK, Mark(0))


@pytest.mark.parametrize(("guarded", "stands"), [(True, Mark(0)), (False, Mark(1))])
async def test_without_the_key_that_never_is_the_position_would_move_and_the_tables_not(
    guarded: bool, stands: Mark, redis: Client, nodes: RedisCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not guarded:
        monkeypatch.setattr(commit, "naming", lambda *keys: [*keys])
    store = Store(redis, "a")
    await redis.set(f"{P0}:mark", Mark(0).packed())
    await redis.zadd(f"{P0}:pending", {"a": 1})
    await redis.hset(f"{P0}:firing", "a", "1")
    await store.claim(P0, None)
    with nodes.moving(ROWS[0], share=0), pytest.raises(RedisError):
        await store.commit(P0, Mark(0), Mark(1), Writes(put={ROWS[0]: b"{}"}))
    assert (await store.mark(P0), await redis.get(ROWS[0])) == (stands, None)


async def test_all_keys_of_a_partition_are_found_or_it_is_said_that_they_moved(
    redis: Client, nodes: RedisCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    for row in ROWS:
        await redis.set(row, "{}")
    assert sorted([key.decode() async for key in redis.scan_iter(match=f"{P0}:acme:*", count=5)]) == sorted(ROWS)
    scanned = 0
    with pytest.raises(ConnectionError, match="moved"):
        async for _ in redis.scan_iter(match=f"{P0}:acme:*", count=5):
            scanned += 1
            if scanned == 1:
                nodes.move(ROWS[0])
    assert len([key async for key in redis.scan_iter(match="{*.p*}:*", count=5)]) == len(ROWS)


async def test_how_old_events_were_is_written_and_read(nodes: RedisCluster) -> None:
    async with committing(Settings(redis=nodes.addresses)) as tables:
        await tables.commit("01-05T10:00:02", "01-05T10:00 call.logged 1")
        told = Told(Engine(tables.redis, tables.settings), tables.org)
        assert await told.value("event_freshness", "by=source&stat=mean") == {"/tests": 2}


async def test_the_layout_is_switched_by_who_holds_the_lease(redis: Client) -> None:
    async with Lease(redis) as lease:
        assert await lease.number(1) == 2
        await lease.switch(Layout(2, 3))


async def test_a_cluster_that_is_away_is_a_fault_of_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TRIES", 1)
    redis = connect(Settings(redis="127.0.0.1:1,127.0.0.1:2"))
    with pytest.raises(ConnectionError):
        await redis.get(f"{P0}:mark")
    for transaction in (True, False):
        pipe = redis.pipeline(transaction=transaction)
        pipe.get(f"{P0}:mark")
        with pytest.raises(ConnectionError):
            await pipe.execute()
    await redis.aclose()
