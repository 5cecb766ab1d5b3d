from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from redis.asyncio import Redis as Client

from aggregators.ledger import Entry, encode
from aggregators.shard import Writes
from api.query.alerts import alerts
from api.query.engine import Engine
from api.query.tables import Directory, Tables
from crmpulse.settings import CannotStartError
from streams import building, handover, layout, lease, log, rebuild, recount, removal
from streams.commit import Store
from streams.forwards import Forwards
from streams.layout import Layout
from streams.lease import Lease, LostError
from streams.rebuild import rebuilt
from streams.verify import differences
from tests.feed import HOME, Feed, event
from tests.load import Load, publish

ACME, *_ = HOME
OLD, NEW = "{1.p0}", "{2.p0}"
CALLS = {"activities_completed": 6, "calls_made": 6, "touches": 6}
DAY = {"scope": ["user:u1"], "from": ["2026-01-05"], "to": ["2026-01-06"]}
LEDGER: dict[str, Any] = {
    "pending": {"task_overdue:acme:task/1": 7.0, "forget:acme:a1": 9.0},
    "history": {"acme": 3.0},
    "firing": {b"task_overdue:acme:task/1": b"a1"},
    "acme:alerts": {b"a1": b"{}", b"a1:ack": b"[]"},
    "acme:alerts:goals": {b"g1": b"{}"},
}


@pytest.fixture
async def applied(feed: Feed) -> Feed:
    """Six calls, poison, and a call of another partition; one of the numbers is wrong."""
    await feed.publish(0, *(event(ACME, n) for n in range(6)), b"poison", event(HOME[1], 7))
    await feed.apply(0)
    await feed.apply(1)
    await feed.redis.set(f"{OLD}:acme:u:u1:d:20260105", '{"calls_made": 77}')
    return feed


async def test_the_tables_are_made_anew_and_hold_from_then_on(applied: Feed) -> None:
    marks = [await applied.text(f"{{1.p{n}}}:mark") for n in range(3)]
    assert await rebuilt(applied.settings) == []
    assert await layout.read(applied.redis) == Layout(2, 3)
    assert [await applied.text(f"{{2.p{n}}}:mark") for n in range(3)] == marks
    assert await applied.row(f"{NEW}:acme:u:u1:d:20260105") == CALLS
    assert await differences(applied.settings) == []


async def test_of_the_old_tables_stays_what_tells_that_they_were_closed(applied: Feed) -> None:
    await rebuilt(applied.settings)
    left = sorted([key.decode() async for key in applied.redis.scan_iter("{1.*")])
    assert left == [f"{{1.p{n}}}:{name}" for n in range(3) for name in ("mark", "owner")]
    assert await applied.redis.keys("*rebuild") == []


async def test_all_kinds_of_events_come_to_the_same_tables(feed: Feed) -> None:
    load = Load(1, orgs=5, partitions=3)
    await asyncio.to_thread(publish, feed.settings.kafka, feed.settings.events_topic, list(load.items(2_000)))
    for number in (0, 1, 2, 0, 1, 2):
        await feed.apply(number)
    before = await contents(feed.redis, 1)
    assert await rebuilt(feed.settings) == []
    assert await contents(feed.redis, 2) == before
    assert len(before) > 1_000


async def contents(redis: Client, number: int) -> dict[str, Any]:
    """All tables of a layout, by what follows its prefix, but for where each organisation last changed."""
    found = {}
    async for key in redis.scan_iter(f"{{{number}.p*"):
        name = key.decode().partition(".")[2]
        if not name.endswith((":ver", ":touched", ":owner")):
            found[name] = await redis.dump(key) if await redis.type(key) == b"string" else await members(redis, key)
    return found


async def members(redis: Client, key: bytes) -> Any:
    found: Any
    match await redis.type(key):
        case b"zset":
            found = await redis.zrange(key, 0, -1, withscores=True)
            return dict(found)
        case b"hash":
            return await redis.hgetall(key)
    found = await redis.xrange(key)
    return [fields for _, fields in found]


async def test_the_ledger_of_alerts_is_handed_over_as_it_is(applied: Feed) -> None:
    redis = applied.redis
    for name, values in LEDGER.items():
        await redis.delete(f"{OLD}:{name}")
        await (redis.zadd if name in {"pending", "history"} else redis.hset)(f"{OLD}:{name}", mapping=values)
    for number in range(3):
        await redis.xadd(f"{OLD}:outbox", {"org": "acme", "event": str(number)})
    await redis.set(f"{OLD}:acme:alerts:n", 5)
    await redis.set(f"{OLD}:begun", 17)
    before = {name: value for name, value in (await contents(redis, 1)).items() if is_ledger(name)}
    await rebuilt(applied.settings)
    after = await contents(redis, 2)
    assert {name: value for name, value in after.items() if is_ledger(name)} == before
    assert len(before) > len(LEDGER) + 2


def is_ledger(name: str) -> bool:
    return any(part in name for part in ("alerts", "pending", "firing", "outbox", "history", "begun"))


async def test_tables_that_are_not_what_the_log_says_are_not_switched_to(
    applied: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables_only = building._tables_only

    def spoilt(writes: Writes, prefix: str) -> Writes:
        row = f"{NEW}:acme:u:u1:d:20260105"
        if row in writes.put:
            writes.put[row] = json.dumps({"calls_made": 5}).encode()
        return tables_only(writes, prefix)

    monkeypatch.setattr(building, "_tables_only", spoilt)
    assert await rebuilt(applied.settings) == [
        f"{NEW}:acme:u:u1:d:20260105 activities_completed: nothing in Redis, 6 recounted",
        f"{NEW}:acme:u:u1:d:20260105 calls_made: 5 in Redis, 6 recounted",
        f"{NEW}:acme:u:u1:d:20260105 touches: nothing in Redis, 6 recounted",
    ]
    assert await layout.read(applied.redis) == Layout(1, 3)
    assert await applied.redis.keys("{2.*") == []
    assert (await applied.writer(0)).next == 8


async def test_one_that_dies_leaves_the_live_tables_and_the_next_one_removes_what_it_left(
    applied: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dies(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(rebuild, "hand_over", dies)
    with pytest.raises(OSError):
        await rebuilt(applied.settings)
    assert await layout.read(applied.redis) == Layout(1, 3)
    assert await applied.redis.keys("{2.*") != []
    monkeypatch.undo()
    assert await rebuilt(applied.settings) == []
    assert await layout.read(applied.redis) == Layout(3, 3)
    assert await applied.redis.keys("{2.*") == []
    assert await differences(applied.settings) == []


async def test_a_second_one_at_a_time_is_refused(applied: Feed) -> None:
    async with Lease(applied.redis):
        with pytest.raises(CannotStartError, match="Another rebuild runs"):
            await rebuilt(applied.settings)
    assert await layout.read(applied.redis) == Layout(1, 3)


async def test_one_whose_lease_has_ended_does_not_switch(applied: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    async def takes_too_long(redis: Client, *_: object) -> None:
        await redis.delete(lease.KEY)

    monkeypatch.setattr(rebuild, "hand_over", takes_too_long)
    with pytest.raises(LostError, match="nothing is switched"):
        await rebuilt(applied.settings)
    assert await layout.read(applied.redis) == Layout(1, 3)


async def test_one_whose_lease_has_ended_before_the_tables_were_closed_has_lost_nothing(
    applied: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    catch_up = rebuild.Rebuild._catch_up

    async def takes_too_long(self: rebuild.Rebuild, what: str) -> None:
        await catch_up(self, what)
        await self.redis.delete(lease.KEY)

    monkeypatch.setattr(rebuild.Rebuild, "_catch_up", takes_too_long)
    assert await rebuilt(applied.settings) == []
    assert await layout.read(applied.redis) == Layout(2, 3)


async def test_a_lease_that_has_ended_is_taken_again_only_before_tables_are_closed_under_it(redis: Client) -> None:
    async with Lease(redis) as held:
        for _ in range(2):
            await redis.delete(lease.KEY)
            assert await held._renewed_once() is bool(held.last)
            if held.last:
                await held.hold()
        with pytest.raises(LostError):
            await held.hold()


async def test_a_lease_that_another_rebuild_has_is_not_taken_again(redis: Client) -> None:
    async with Lease(redis) as held:
        await redis.set(lease.KEY, "another")
        with pytest.raises(LostError):
            await held.hold()
        assert await lease.holder(redis) == "another"


async def test_a_lease_is_not_taken_again_where_another_rebuild_has_begun_since_and_is_over(redis: Client) -> None:
    async with Lease(redis) as held:
        await held.number(1)
        await redis.delete(lease.KEY)
        async with Lease(redis) as other:
            await other.number(1)
        with pytest.raises(LostError):
            await held.hold()


@pytest.mark.parametrize("meanwhile", ["rebuilding", "catching up"])
async def test_one_whose_lease_another_rebuild_had_leaves_all_as_that_made_it(
    applied: Feed, monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    catch_up = rebuild.Rebuild._catch_up

    async def takes_too_long(self: rebuild.Rebuild, what: str) -> None:
        await catch_up(self, what)
        if what == meanwhile:
            await self.redis.delete(lease.KEY)
            monkeypatch.undo()
            assert await rebuilt(applied.settings) == []

    monkeypatch.setattr(rebuild.Rebuild, "_catch_up", takes_too_long)
    with pytest.raises(LostError, match="nothing is switched"):
        await rebuilt(applied.settings)
    assert await layout.read(applied.redis) == Layout(3, 3)
    assert await differences(applied.settings) == []


async def test_others_have_their_turn_while_much_is_recounted(applied: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    await applied.publish(0, *(event(ACME, n) for n in range(100, 140)))
    await applied.apply(0)
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    monkeypatch.setattr(recount, "PIECE_RECORDS", 10)
    told: list[tuple[int, int]] = []
    async with log.consumer(applied.settings) as reader:
        one = log.Log(reader, applied.settings.events_topic, 0)
        again = recount.Recount(
            one, OLD, Layout(1, 3), applied.settings, Forwards(), lambda records: told.append((records, turns))
        )
        await one.open()
        other = asyncio.create_task(others())
        await again.rest()
        other.cancel()
    assert len(told) >= 4
    assert max(records for records, _ in told) == 10
    assert len({at for _, at in told}) == len(told)


async def test_a_removal_ends_where_its_lease_does(applied: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    redis = applied.redis
    await redis.mset({f"{{9.p0}}:{n}": "" for n in range(3)})
    there = len(await redis.keys("{*"))

    unlink = redis.unlink

    async def the_lease_ends(*keys: bytes) -> int:
        removed: int = await unlink(*keys)
        await redis.delete(lease.KEY)
        return removed

    monkeypatch.setattr(removal, "CHUNK", 1)
    monkeypatch.setattr(redis, "unlink", the_lease_ends)
    async with Lease(redis) as held:
        with pytest.raises(LostError):
            await removal.remove_others(redis, held)
    assert len(await redis.keys("{*")) == there - 1


async def test_without_room_the_new_tables_are_removed(applied: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    catch_up, redis = rebuild.Rebuild._catch_up, applied.redis

    async def is_full(self: rebuild.Rebuild, what: str) -> None:
        await redis.config_set("maxmemory", 1)
        await redis.delete(lease.KEY)  # as it is not renewed then, and ends
        await catch_up(self, what)

    monkeypatch.setattr(rebuild.Rebuild, "_catch_up", is_full)
    try:
        with pytest.raises(CannotStartError, match="no room for all tables twice"):
            await rebuilt(applied.settings)
    finally:
        await redis.config_set("maxmemory", 0)
    assert await layout.read(redis) == Layout(1, 3)
    assert await redis.keys("{2.*") == []
    assert await applied.row(f"{OLD}:acme:u:u1:d:20260105") == {"calls_made": 77}


async def test_a_lease_is_renewed_for_as_long_as_it_is_held(redis: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "LEASE_MS", 100)
    async with Lease(redis) as held:
        for _ in range(20):
            await asyncio.sleep(0.02)
            assert await lease.holder(redis) == held.name
    assert await lease.holder(redis) == ""


async def test_tables_that_are_gone_are_left_to_the_workers(applied: Feed) -> None:
    await applied.redis.delete(*await applied.redis.keys(f"{OLD}*"))
    assert await rebuilt(applied.settings) == []
    assert await applied.text(f"{NEW}:mark") == "0 0 0 0"
    assert await differences(applied.settings) == []


async def test_another_log_is_not_rebuilt_from(applied: Feed) -> None:
    await applied.redis.set(f"{OLD}:mark", "8 0 0 0")
    with pytest.raises(CannotStartError, match="log has another record before offset 8 than the one that was applied"):
        await rebuilt(applied.settings)
    assert await layout.read(applied.redis) == Layout(1, 3)


async def test_without_tables_there_is_nothing_to_rebuild(feed: Feed) -> None:
    with pytest.raises(CannotStartError, match="no tables in Redis yet"):
        await rebuilt(feed.settings)


async def test_readers_see_the_old_numbers_until_the_new_ones_hold(
    applied: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine(applied.redis, applied.settings)
    seen: list[int | None] = []

    async def calls() -> None:
        found = await engine.kpi(ACME, "calls_made", DAY)
        seen.append(found["value"])

    hand_over, remove = handover.hand_over, removal.remove_others

    async def handing_over(*args: Any) -> None:
        await calls()
        await hand_over(*args)
        await calls()

    async def removing(*args: Any) -> None:
        await calls()
        await remove(*args)
        await calls()

    monkeypatch.setattr(rebuild, "hand_over", handing_over)
    monkeypatch.setattr(removal, "remove_others", removing)
    await rebuilt(applied.settings)
    assert seen == [77, 77, 77, 77, 6, 6]


async def test_readers_who_ask_about_an_organisation_for_the_first_time_find_the_new_tables(applied: Feed) -> None:
    engine = Engine(applied.redis, applied.settings)
    assert (await engine.kpi(ACME, "calls_made", {"window": ["all"]}))["value"] == 6
    await rebuilt(applied.settings)
    assert (await engine.kpi(HOME[1], "calls_made", {"window": ["all"]}))["value"] == 1


async def test_alerts_are_found_though_the_new_tables_hold_since_the_first_read(
    applied: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, firing = Tables._directory, Entry("a1", "deal_lost", "deal/1", 1_000, 5_000)
    await applied.redis.hset(f"{OLD}:acme:alerts", "a1", encode(firing))

    async def read_before_the_switch(tables: Tables) -> Directory:
        found = await read(tables)
        monkeypatch.undo()
        assert await rebuilt(applied.settings) == []
        return found

    monkeypatch.setattr(Tables, "_directory", read_before_the_switch)
    tables = await Engine(applied.redis, applied.settings).tables(ACME)
    assert [told["id"] for told in await alerts(tables)] == ["a1"]


async def test_closed_tables_take_no_batch_and_no_claim(applied: Feed) -> None:
    writer = await applied.writer(0)
    await applied.publish(0, event(ACME, 9))
    assert await Store(applied.redis, "").close(OLD, "r") == writer.mark
    records = await applied.records(0)
    with pytest.raises(Exception, match="FENCED"):
        await writer.apply(7, records[7:])
    with pytest.raises(Exception, match="closed r"):
        await writer.claim(0)
    await writer.claim(0, "closed r")
    await writer.apply(7, records[7:])
    assert writer.next == 9
