from __future__ import annotations

import asyncio
from typing import Any

import pytest

from api.query.engine import Engine
from crmpulse.settings import CannotStartError
from events import partition_for
from streams import layout, lease, rebuild_org
from streams.commit import MovedError, Store
from streams.layout import Layout
from streams.lease import Lease, LostError
from streams.mark import Mark
from streams.rebuild_org import rebuilt
from streams.verify import differences
from tests.feed import HOME, PARTITIONS, Feed, event
from tests.load import Load, publish

ACME = HOME[0]
OTHER = next(name for n in range(99) if partition_for(name := f"org {n}", PARTITIONS) == 0)
ROW = "{1.p0}:acme:u:u1:d:20260105"
OF_OTHER = "{1.p0}:org%20" + OTHER[4:] + ":u:u1:d:20260105"
WRONG = '{"calls_made": 77}'
ASKED = {"window": ["all"]}


@pytest.fixture
async def spoilt(feed: Feed) -> Feed:
    """Two organisations of one partition, in each of which a number is wrong; in one of them all kinds of keys are."""
    await feed.publish(0, *(event(ACME, n) for n in range(6)), *(event(OTHER, 10 + n) for n in range(3)))
    await feed.publish(0, event(ACME, 20, "user.updated", "user/u1", name="Ann"))
    await feed.apply(0)
    redis = feed.redis
    await redis.set(ROW, WRONG)
    await redis.set(OF_OTHER, WRONG)
    await redis.set("{1.p0}:acme:u:nobody:a", WRONG)
    await redis.delete("{1.p0}:acme:r:call/3", "{1.p0}:acme:i:call.logged:u:u1")
    await redis.zadd("{1.p0}:acme:i:deal.closed:u:u1", {"5:deal/1": 5})
    await redis.hset("{1.p0}:acme:dir", "user/ghost", "{}")
    await redis.delete("{1.p0}:acme:months")
    await redis.hset("{1.p0}:acme:months", "a", "1")
    return feed


async def test_one_organisation_is_made_anew_and_the_others_are_left_as_they_are(spoilt: Feed) -> None:
    assert await rebuilt(spoilt.settings, ACME) == []
    assert await spoilt.row(ROW) == {"activities_completed": 6, "calls_made": 6, "touches": 6}
    assert await spoilt.text(OF_OTHER) == WRONG
    left = await differences(spoilt.settings)
    assert left
    assert all(line.startswith(OF_OTHER) for line in left)
    assert await layout.read(spoilt.redis) == Layout(1, PARTITIONS)


async def test_what_is_right_is_not_written(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    load = Load(1, orgs=3, partitions=PARTITIONS)
    await asyncio.to_thread(publish, feed.settings.kafka, feed.settings.events_topic, list(load.items(1_000)))
    for number in (0, 1, 2, 0, 1, 2):
        await feed.apply(number)
    written = []
    commit = Store.commit

    async def noted(self: Store, shard: str, before: Mark, after: Mark, writes: Any) -> Any:
        written.append((writes.put.keys(), writes.delete, writes.hset))
        return await commit(self, shard, before, after, writes)

    monkeypatch.setattr(Store, "commit", noted)
    for org in load.orgs:
        assert await rebuilt(feed.settings, org) == []
    assert [len(put) for put, *_ in written] == [1, 1, 1]
    assert [rest for _, *rest in written] == [[[], {}]] * 3
    assert await differences(feed.settings) == []


async def test_a_worker_goes_on_exactly_and_forgets_what_it_remembered(spoilt: Feed) -> None:
    writer = await spoilt.writer(0)
    await spoilt.publish(0, event(ACME, 30))
    await writer.apply(9, (await spoilt.records(0))[9:])  # it remembers the wrong row
    assert await rebuilt(spoilt.settings, ACME) == []
    await spoilt.publish(0, event(ACME, 31))
    records = await spoilt.records(0)
    with pytest.raises(MovedError, match="FENCED"):
        await writer.apply(11, records[11:])
    await writer.claim(0)
    await writer.apply(10, records[10:])
    assert await spoilt.row(ROW) == {"activities_completed": 8, "calls_made": 8, "touches": 8}
    assert all(line.startswith(OF_OTHER) for line in await differences(spoilt.settings))


async def test_a_worker_that_waits_for_the_end_forgets_too(spoilt: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = await spoilt.writer(0)
    await spoilt.publish(0, event(ACME, 30))
    await writer.apply(9, (await spoilt.records(0))[9:])
    close = Store.close

    async def closing(self: Store, shard: str, name: str) -> Mark | None:
        found = await close(self, shard, name)
        with pytest.raises(Exception, match=f"closed {name}"):
            await writer.claim(0)
        return found

    monkeypatch.setattr(Store, "close", closing)
    assert await rebuilt(spoilt.settings, ACME) == []
    await writer.claim(0)
    await spoilt.publish(0, event(ACME, 31))
    await writer.apply(10, (await spoilt.records(0))[10:])
    assert await spoilt.row(ROW) == {"activities_completed": 8, "calls_made": 8, "touches": 8}


async def test_readers_see_all_of_it_before_or_all_of_it_after(spoilt: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(spoilt.redis, spoilt.settings)
    seen: list[Any] = []

    async def ask() -> None:
        day = {"from": ["2026-01-05"], "to": ["2026-01-06"], "scope": ["user:u1"]}
        told = await engine.kpi(ACME, "calls_made", day)
        seen.append((told["value"], sorted(await engine.directory(ACME))))

    commit = Store.commit

    async def committing(self: Store, *args: Any) -> Any:
        await ask()
        found = await commit(self, *args)
        await ask()
        return found

    monkeypatch.setattr(Store, "commit", committing)
    await ask()
    assert await rebuilt(spoilt.settings, ACME) == []
    await ask()
    assert seen == [(0, ["user/ghost", "user/u1"])] * 2 + [(6, ["user/u1"])] * 2


async def test_one_that_dies_leaves_the_tables_as_they_were(spoilt: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    async def dies(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(rebuild_org.RebuildOrg, "_names", dies)
    with pytest.raises(OSError):
        await rebuilt(spoilt.settings, ACME)
    assert await spoilt.text(ROW) == WRONG
    owner = await spoilt.text("{1.p0}:owner")
    assert owner.startswith("closed ")
    monkeypatch.undo()
    assert await rebuilt(spoilt.settings, ACME) == []


async def test_one_whose_lease_has_ended_and_whose_tables_were_opened_again_writes_nothing(
    spoilt: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = rebuild_org.RebuildOrg._names

    async def takes_too_long(self: rebuild_org.RebuildOrg) -> list[str]:
        await spoilt.redis.delete(lease.KEY)
        await Store(spoilt.redis, "worker").claim("{1.p0}", None, await spoilt.text("{1.p0}:owner"))
        return await names(self)

    monkeypatch.setattr(rebuild_org.RebuildOrg, "_names", takes_too_long)
    with pytest.raises(LostError):
        await rebuilt(spoilt.settings, ACME)
    assert await spoilt.text(ROW) == WRONG


async def test_an_organisation_that_nobody_knows_is_refused(spoilt: Feed) -> None:
    with pytest.raises(CannotStartError, match="no organisation 'nobody'"):
        await rebuilt(spoilt.settings, "nobody")
    async with Lease(spoilt.redis):
        with pytest.raises(CannotStartError, match="Another rebuild runs"):
            await rebuilt(spoilt.settings, ACME)


async def test_tables_of_an_organisation_that_the_log_does_not_know_are_removed(spoilt: Feed) -> None:
    ghost = next(name for n in range(99) if partition_for(name := f"ghost{n}", PARTITIONS) == 0)
    await spoilt.redis.set(f"{{1.p0}}:{ghost}:o:a", WRONG)
    assert await rebuilt(spoilt.settings, ghost) == []
    assert await spoilt.text(f"{{1.p0}}:{ghost}:o:a") == ""


async def test_tables_that_are_gone_are_no_matter_of_one_organisation(spoilt: Feed) -> None:
    await spoilt.redis.delete("{1.p0}:mark")
    with pytest.raises(CannotStartError, match="are gone: run crmpulse rebuild"):
        await rebuilt(spoilt.settings, ACME)


async def test_a_change_of_zone_was_folded_already(feed: Feed) -> None:
    await feed.publish(0, *(event(ACME, n) for n in range(6)))
    await feed.publish(0, event(ACME, 9, "org.updated", f"org/{ACME}", time_zone="Asia/Tokyo", currency="USD",
                                fiscal_year_start_month=4))  # fmt: skip
    await feed.apply(0)
    before = await Engine(feed.redis, feed.settings).kpi(ACME, "calls_made", ASKED)
    assert await rebuilt(feed.settings, ACME) == []
    assert (await Engine(feed.redis, feed.settings).kpi(ACME, "calls_made", ASKED))["value"] == before["value"] == 6
