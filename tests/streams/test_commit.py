from __future__ import annotations

import pytest
from redis.asyncio import Redis as Client

from aggregators.linking import Stretch
from aggregators.shard import Load, LoadHashes, LoadSets, Request, Scan, Writes
from streams.commit import Answer, At, MovedError, Store
from streams.mark import Mark, mark

SHARD = "{1.p0}"
AT_10, AT_15, AT_20, AT_30 = (Mark(n, 1000 + n, 2000 + n, 3000 + n) for n in (10, 15, 20, 30))
OTHER_20 = AT_20._replace(crc=1)
ROW, OLD, SET, DIRECTORY = (f"{SHARD}:acme:{name}" for name in ("o:a", "r:deal/1", "i:deal.open:u:u1", "dir"))
HOURS, DAY = f"{SHARD}:acme:fresh:h:20260105", f"{SHARD}:acme:fresh:d:20260105"
WRITES = Writes(
    put={ROW: b'{"deals_open":1}'},
    delete=[OLD],
    zadd={SET: {"5:deal/2": 5}},
    zrem={SET: ["4:deal/1"]},
    hset={DIRECTORY: {"user/ü": b'{"name":"\xc3\xbc"}'}},
    added=[({HOURS: "1000 ", DAY: ""}, {"7 /ü": 2, "ms /ü": 9})],
)


@pytest.fixture
async def store(redis: Client) -> Store:
    """A store that owns a shard with some tables at offset 10."""
    await redis.mset({f"{SHARD}:mark": AT_10.packed(), f"{SHARD}:owner": "me", OLD: "[]"})
    await redis.zadd(SET, {"4:deal/1": 4})
    return Store(redis, owner="me")


async def everything(redis: Client) -> dict[bytes, bytes]:
    """Every key with its value, whatever its kind."""
    found = {key: await redis.dump(key) async for key in redis.scan_iter()}
    return {key: value for key, value in found.items() if value is not None}


async def test_a_commit_writes_mark_and_every_kind_of_table(store: Store) -> None:
    assert await store.commit(SHARD, AT_10, AT_20, WRITES) == (Answer.OK, AT_20)
    redis = store.redis
    assert mark(await redis.get(f"{SHARD}:mark")) == AT_20
    assert await redis.mget(ROW, OLD) == [b'{"deals_open":1}', None]
    assert await redis.zrange(SET, 0, -1, withscores=True) == [(b"5:deal/2", 5.0)]
    assert await redis.hgetall(DIRECTORY) == {b"user/\xc3\xbc": b'{"name":"\xc3\xbc"}'}
    assert await redis.hgetall(HOURS) == {"1000 7 /ü".encode(): b"2", "1000 ms /ü".encode(): b"9"}
    assert await redis.hgetall(DAY) == {"7 /ü".encode(): b"2", "ms /ü".encode(): b"9"}


async def test_more_keys_than_a_lua_stack_holds_are_written(store: Store) -> None:
    count = 20_001
    many = Writes(
        put={f"{SHARD}:k{n}": b"1" for n in range(count)},
        delete=[f"{SHARD}:gone{n}" for n in range(count)],
        zadd={SET: {f"{n}:x": n for n in range(count)}},
        zrem={SET: [f"{n}:y" for n in range(count)]},
        hset={DIRECTORY: {f"user/{n}": b"{}" for n in range(count)}},
    )
    assert (await store.commit(SHARD, AT_10, AT_20, many))[0] is Answer.OK
    assert await store.redis.get(f"{SHARD}:k{count - 1}") == b"1"
    assert await store.redis.zcard(SET) == count + 1
    assert await store.redis.hlen(DIRECTORY) == count


async def test_scores_and_counts_are_not_rounded(store: Store) -> None:
    biggest, count = 2**53 - 1, b'{"revenue_won":9223372036854775807}'
    await store.commit(SHARD, AT_10, AT_20, Writes(put={ROW: count}, zadd={SET: {"x": biggest}}))
    assert await store.redis.zscore(SET, "x") == biggest
    assert await store.redis.get(ROW) == count


async def test_what_is_added_to_hashes_adds_up(store: Store) -> None:
    added = [({DAY: ""}, {"7 /a": 2, "8 /a": 1})]
    await store.commit(SHARD, AT_10, AT_20, Writes(added=added))
    await store.commit(SHARD, AT_20, AT_30, Writes(added=added))
    assert await store.redis.hgetall(DAY) == {b"7 /a": b"4", b"8 /a": b"2"}


async def test_a_sum_that_becomes_too_large_stops_no_commit(store: Store) -> None:
    await store.redis.hset(DAY, "ms /a", 2**63 - 1)
    writes = Writes(put={ROW: b"{}"}, added=[({DAY: ""}, {"ms /a": 2**53, "7 /a": 1})])
    assert await store.commit(SHARD, AT_10, AT_20, writes) == (Answer.OK, AT_20)
    assert await store.redis.hgetall(DAY) == {b"ms /a": b"9223372036854775807", b"7 /a": b"1"}
    assert await store.redis.get(ROW) == b"{}"


async def test_publishers_beyond_what_a_hash_should_hold_are_one(store: Store) -> None:
    await store.redis.hset(HOURS, mapping={f"1000 7 /{n}": 1 for n in range(20_000)})
    await store.commit(SHARD, AT_10, AT_20, Writes(added=[({HOURS: "1000 "}, {"7 /0": 1, "7 /new": 2, "ms /b c": 3})]))
    await store.commit(SHARD, AT_20, AT_30, Writes(added=[({HOURS: "1100 "}, {"7 /new": 4})]))
    assert await store.redis.hlen(HOURS) == 20_003
    found = await store.redis.hmget(HOURS, "1000 7 /0", "1000 7 (other)", "1000 ms (other)", "1100 7 (other)")
    assert found == [b"2", b"2", b"3", b"4"]


@pytest.mark.parametrize(
    ("stored", "answer"),
    [
        (AT_15, Answer.OVERLAP), (OTHER_20, Answer.DUP), (AT_30, Answer.DUP), (Mark(5), Answer.BEHIND),
        (Mark(0), Answer.BEHIND), (None, Answer.BEHIND),
    ],
)  # fmt: skip
async def test_tables_that_stand_elsewhere_stay_as_they_are(store: Store, stored: Mark | None, answer: Answer) -> None:
    await (store.redis.set(f"{SHARD}:mark", stored.packed()) if stored else store.redis.delete(f"{SHARD}:mark"))
    before = await everything(store.redis)
    assert await store.commit(SHARD, AT_10, AT_20, WRITES) == (answer, stored)
    assert await everything(store.redis) == before


@pytest.mark.parametrize("owner", ["another", None])
async def test_tables_of_another_owner_stay_as_they_are(store: Store, owner: str | None) -> None:
    await (store.redis.set(f"{SHARD}:owner", owner) if owner else store.redis.delete(f"{SHARD}:owner"))
    before = await everything(store.redis)
    assert await store.commit(SHARD, AT_10, AT_20, WRITES) == (Answer.FENCED, AT_10)
    assert await everything(store.redis) == before


async def test_ones_own_commit_whose_answer_was_lost_counts_as_done_and_is_not_done_twice(store: Store) -> None:
    await store.commit(SHARD, AT_10, AT_20, WRITES)
    once = await everything(store.redis)
    assert await store.commit(SHARD, AT_10, AT_20, WRITES) == (Answer.OK, AT_20)
    assert await everything(store.redis) == once


async def test_the_script_is_known_again_after_redis_forgot_it(store: Store) -> None:
    await store.commit(SHARD, AT_10, AT_20, WRITES)
    await store.redis.script_flush()
    assert await store.commit(SHARD, AT_20, AT_30, WRITES) == (Answer.OK, AT_30)


async def test_a_claim_takes_the_shard_and_tells_whether_it_stands_where_it_was_left(store: Store) -> None:
    other = Store(store.redis, owner="other")
    assert await other.claim(SHARD, AT_10) == (Answer.OK, AT_10)
    assert await store.redis.get(f"{SHARD}:owner") == other.owner.encode()
    assert await store.commit(SHARD, AT_10, AT_20, WRITES) == (Answer.FENCED, AT_10)
    assert await other.claim(SHARD, None) == (Answer.MOVED, AT_10)
    assert await other.claim(SHARD, AT_20) == (Answer.MOVED, AT_10)


async def test_a_commit_from_before_a_claim_that_arrives_after_it_is_refused(store: Store) -> None:
    late = Store(store.redis, owner="me")
    late.owner = store.owner
    await store.claim(SHARD, None)
    before = await everything(store.redis)
    assert await late.commit(SHARD, AT_10, AT_20, WRITES) == (Answer.FENCED, AT_10)
    assert await everything(store.redis) == before
    assert (await store.commit(SHARD, AT_10, AT_20, WRITES))[0] is Answer.OK


async def test_a_claim_finds_no_mark_where_there_is_none(store: Store) -> None:
    assert await store.claim("{1.p1}", None) == (Answer.MOVED, None)


async def test_what_a_shard_asks_for_is_read(store: Store) -> None:
    await store.commit(SHARD, AT_10, AT_20, WRITES)
    await store.redis.set(f"{SHARD}:ac*e:r:x", "[]")
    assert await store.answer(Load([ROW, OLD])) == [b'{"deals_open":1}', None]
    assert await store.answer(LoadHashes([DIRECTORY, "none"])) == [{b"user/\xc3\xbc": b'{"name":"\xc3\xbc"}'}, {}]
    assert await store.answer(Scan(f"{SHARD}:ac*e:r:")) == [b"{1.p0}:ac*e:r:x"]


async def test_more_keys_than_a_lua_stack_holds_are_read_in_order(store: Store) -> None:
    keys = [f"{SHARD}:k{n}" for n in range(20_001)]
    await store.redis.mset({key: key for key in keys[::3]})
    assert await store.answer(Load(keys)) == [None if n % 3 else key.encode() for n, key in enumerate(keys)]
    assert await store.answer(Load([])) == []


@pytest.mark.parametrize("asked", [Load([ROW]), LoadHashes([DIRECTORY]), LoadSets([(SET, Stretch(0, 9, 0))])])
async def test_what_is_read_where_the_tables_stand_elsewhere_is_worth_nothing(store: Store, asked: Request) -> None:
    await store.commit(SHARD, AT_10, AT_20, WRITES)
    assert await store.answer(asked, At(SHARD, AT_20)) == await store.answer(asked)
    with pytest.raises(MovedError, match="BEHIND"):
        await store.answer(asked, At(SHARD, AT_30))
    for other in (AT_10, OTHER_20):
        with pytest.raises(MovedError, match="MOVED"):
            await store.answer(asked, At(SHARD, other))
