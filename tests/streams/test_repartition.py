from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from aggregators.alerts import member
from aggregators.ledger import encode
from aggregators.milestones import Seen, read_seen
from aggregators.tables import org_keys, shard
from api.query.engine import Engine
from crmpulse.settings import CannotStartError
from events import partition_for
from events.published import TRUNCATED
from streams import building, layout, repartition, republishing
from streams.layout import Layout
from streams.lease import Lease
from streams.rebuild import rebuilt as rebuilt_as_it_is
from streams.repartition import rebuilt
from streams.topics import create_copy, partitions
from streams.verify import differences
from tests.feed import PARTITIONS, Feed, Named, event, publish_named
from tests.load import Item, Load, publish, publish_huge

MORE = 5
ASKED = {"window": ["all"]}


@pytest.fixture
async def applied(feed: Feed) -> AsyncIterator[Feed]:
    """All kinds of events, records on wrong partitions and poison among them, applied."""
    load = Load(1, orgs=8, partitions=PARTITIONS)
    await asyncio.to_thread(publish, feed.settings.kafka, feed.settings.events_topic, list(load.items(1_500)))
    for number in (0, 1, 2, 0, 1, 2):
        await feed.apply(number)
    yield feed


async def by_organisation(feed: Feed) -> dict[str, Any]:
    """All tables of the layout that holds, by what follows the partition, but for where each organisation last changed."""
    found = await layout.read(feed.redis)
    assert found
    told: dict[str, Any] = {}
    async for key in feed.redis.scan_iter(f"{{{found.layout}.p*"):
        name = key.decode().partition("}:")[2]
        if ":" in name and not name.endswith((":ver", ":touched")):
            told[name] = await contents(feed, key)
    return told


async def contents(feed: Feed, key: bytes) -> Any:
    found: Any
    match await feed.redis.type(key):
        case b"zset":
            found = await feed.redis.zrange(key, 0, -1, withscores=True)
            return dict(found)
        case b"hash":
            return await feed.redis.hgetall(key)
    return await feed.redis.get(key)


async def test_the_same_tables_are_made_of_another_number_of_partitions_and_back_again(applied: Feed) -> None:
    before, topic = await by_organisation(applied), applied.settings.events_topic
    assert await rebuilt(applied.settings, MORE) == []
    assert await layout.read(applied.redis) == Layout(2, MORE, topic=f"{topic}.2", former=(topic,))
    assert await by_organisation(applied) == before
    assert len(before) > 1_000
    assert await differences(applied.settings) == []
    assert await rebuilt(applied.settings, PARTITIONS) == []
    back = Layout(3, PARTITIONS, topic=f"{topic}.3", former=(topic, f"{topic}.2"))
    assert await layout.read(applied.redis) == back
    assert await by_organisation(applied) == before
    assert await differences(applied.settings) == []


async def test_each_record_is_there_once_in_the_partition_of_its_organisation(applied: Feed) -> None:
    old = [record for n in range(PARTITIONS) for record in await applied.records(n)]
    assert await rebuilt(applied.settings, MORE) == []
    found = await layout.read(applied.redis)
    assert found
    new = [record for n in range(MORE) for record in await applied.records(n, found.topic)]
    originals = [r for r in old if dict(r.headers).get("crmpulse_origin")]
    assert originals
    assert len(new) == len(old) - len(originals)
    assert {record.value for record in new} == {record.value for record in old}
    assert all(
        record.partition == partition_for(record.key.decode(), MORE) for record in new if record.value[-1:] == b"}"
    )
    stamps = [[r.timestamp for r in new if r.partition == n] for n in range(MORE)]
    assert all(at == sorted(at) for at in stamps)
    assert {r.timestamp for r in new} <= {r.timestamp for r in old}


async def test_records_that_are_too_large_for_the_new_topic_or_empty_keep_no_one_from_it(applied: Feed) -> None:
    org = "org 0"
    home = partition_for(org, PARTITIONS)
    huge = event(org, 1) + b" " * (20 << 20)
    await asyncio.to_thread(publish_huge, applied.settings, [Item(org, huge, home)])
    await publish_named(applied.producer, applied.settings.events_topic, home, 4, [Named(None, (b"\xff",))])
    await applied.apply(home)
    for partitions_ in (MORE, PARTITIONS):
        assert await rebuilt(applied.settings, partitions_) == []
        found = await layout.read(applied.redis)
        assert found
        new = [record for n in range(partitions_) for record in await applied.records(n, found.topic)]
        [told] = [dict(record.headers)[TRUNCATED] for record in new if TRUNCATED in dict(record.headers)]
        assert told == str(len(huge)).encode()
        assert [record.value for record in new if "?" in dict(record.headers)] == [b""]
        assert await differences(applied.settings) == []


async def test_what_no_partition_is_told_of_later_is_rebuilt_with_its_topic(applied: Feed) -> None:
    assert await rebuilt(applied.settings, MORE) == []
    before = await by_organisation(applied)
    assert await rebuilt_as_it_is(applied.settings) == []
    found = await layout.read(applied.redis)
    assert found
    assert (found.layout, found.topic, found.partitions) == (3, f"{applied.settings.events_topic}.2", MORE)
    assert await by_organisation(applied) == before


async def test_a_record_that_is_not_published_again_keeps_it_from_switching(
    applied: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    send, left_out = republishing.send, list[bytes]()

    async def forgetful(producer: Any, topic: str, count: int, record: Any, org: str, at_ms: int | None = None) -> Any:
        if b"call.logged" in record.value and org and not left_out:
            left_out.append(record.value)
            return await send(producer, topic, count, record, "", at_ms)
        return await send(producer, topic, count, record, org, at_ms)

    monkeypatch.setattr(republishing, "send", forgetful)
    lines = await rebuilt(applied.settings, MORE)
    assert left_out
    assert lines
    assert await layout.read(applied.redis) == Layout(1, PARTITIONS)
    assert await applied.redis.keys("{2.*") == []
    assert await partitions(applied.settings, f"{applied.settings.events_topic}.2") == 0
    assert await differences(applied.settings) == []


async def test_tables_that_are_not_what_the_log_says_are_not_switched_to(
    applied: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables_only = building._tables_only

    def spoilt(writes: Any, prefix: str) -> Any:
        for name in writes.put:
            if ":o:m:" in name:
                writes.put[name] = b'{"calls_made":5}'
        return tables_only(writes, prefix)

    monkeypatch.setattr(building, "_tables_only", spoilt)
    lines = await rebuilt(applied.settings, MORE)
    assert any("calls_made: 5 in Redis" in line for line in lines)
    assert await layout.read(applied.redis) == Layout(1, PARTITIONS)


async def test_one_that_dies_leaves_the_live_tables_and_no_topic(
    applied: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dies(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(repartition, "hand_over", dies)
    with pytest.raises(OSError):
        await rebuilt(applied.settings, MORE)
    assert await layout.read(applied.redis) == Layout(1, PARTITIONS)
    assert await partitions(applied.settings, f"{applied.settings.events_topic}.2") == 0
    monkeypatch.undo()
    assert await rebuilt(applied.settings, MORE) == []


async def test_one_whose_switch_is_not_answered_leaves_the_topic_that_holds_from_then_on(
    applied: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch = Lease.switch

    async def unanswered(lease: Lease, to: Layout) -> None:
        await switch(lease, to)
        raise OSError

    monkeypatch.setattr(Lease, "switch", unanswered)
    with pytest.raises(OSError):
        await rebuilt(applied.settings, MORE)
    found = await layout.read(applied.redis)
    assert found
    assert found.topic == f"{applied.settings.events_topic}.2"
    assert await partitions(applied.settings, found.topic) == MORE


async def test_a_topic_that_is_there_already_is_not_published_to(applied: Feed) -> None:
    there = f"{applied.settings.events_topic}.2"
    await create_copy(applied.settings, there, 1)
    with pytest.raises(CannotStartError, match=f"There is a topic {there} in Kafka"):
        await rebuilt(applied.settings, MORE)
    assert await partitions(applied.settings, there) == 1


async def test_the_number_that_there_is_already_is_refused(applied: Feed) -> None:
    with pytest.raises(CannotStartError, match="for 3 partitions already"):
        await rebuilt(applied.settings, PARTITIONS)


async def test_readers_follow_whether_they_asked_about_an_organisation_before_or_not(applied: Feed) -> None:
    engine, other = Engine(applied.redis, applied.settings), Engine(applied.redis, applied.settings)
    told = {org: (await other.kpi(org, "calls_made", ASKED))["value"] for org in Load(1, orgs=8).orgs}
    for org in [*told][::2]:
        assert (await engine.kpi(org, "calls_made", ASKED))["value"] == told[org] > 0
    assert await rebuilt(applied.settings, MORE) == []
    assert {org: (await engine.kpi(org, "calls_made", ASKED))["value"] for org in told} == told


async def test_the_ledger_of_alerts_goes_with_its_organisation(applied: Feed) -> None:
    redis, orgs = applied.redis, Load(1, orgs=8).orgs
    for org in orgs:
        old = shard(partition_for(org, PARTITIONS))
        await redis.zadd(f"{old}:pending", {member("task_overdue", org, "task/1"): 7})
        await redis.hset(f"{old}:firing", member("task_overdue", org, "task/1"), "a1")
        await redis.xadd(f"{old}:outbox", {"org": org, "event": f"of {org}"})
        await redis.hset(org_keys(old, org).alerts, "a1", "{}")
        seen: dict[Any, Any] = {
            goal: encode(Seen("2026-01-01", [0.5], False, at)) for goal, at in (("before", 5), ("after", 9))
        }
        await redis.hset(org_keys(old, org).goal_standings, mapping=seen)
        await redis.zadd(f"{old}:history", {org: 7})
    for number in range(PARTITIONS):
        await redis.set(f"{shard(number)}:begun", 10 + number)
    assert await rebuilt(applied.settings, MORE) == []
    for org in orgs:
        new = shard(partition_for(org, MORE), 2)
        assert await redis.zscore(f"{new}:pending", member("task_overdue", org, "task/1")) == 7
        assert await redis.hget(f"{new}:firing", member("task_overdue", org, "task/1")) == b"a1"
        assert [fields[b"event"] for _, fields in await told(redis, new) if fields[b"org"] == org.encode()] == [
            f"of {org}".encode()
        ]
        assert await redis.hgetall(org_keys(new, org).alerts) == {b"a1": b"{}"}
        standings: Any = await redis.hgetall(org_keys(new, org).goal_standings)
        history = await redis.zscore(f"{new}:history", org)
        assert history is not None
        silent = {goal.decode(): history >= read_seen(packed).next for goal, packed in standings.items()}
        assert silent == {"before": True, "after": False}
        assert await redis.get(f"{new}:begun") == b"12"


async def told(redis: Redis, prefix: str) -> list[Any]:
    found: Any = await redis.xrange(f"{prefix}:outbox")
    return list(found)
