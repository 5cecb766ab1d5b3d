from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from redis.asyncio import Redis as Client

from aggregators.tables import FORM
from api.query.engine import Engine
from crmpulse.settings import CannotStartError
from streams import layout
from streams.layout import Layout, OtherTablesError
from streams.rebuild import rebuilt
from streams.verify import differences
from tests.feed import Feed, event
from tests.workers import Worker


async def test_the_first_worker_begins_every_partition_at_offset_0(redis: Client) -> None:
    assert await layout.read(redis) is None
    assert await layout.agree(redis, 3) == Layout(1, 3)
    assert await redis.mget([f"{{1.p{n}}}:mark" for n in range(4)]) == [b"0 0 0 0"] * 3 + [None]
    assert await layout.read(redis) == Layout(1, 3)


async def test_later_workers_leave_the_marks_alone(redis: Client) -> None:
    await layout.agree(redis, 3)
    await redis.set("{1.p0}:mark", "7 0 0 0")
    await redis.delete("{1.p1}:mark")
    assert await layout.agree(redis, 3) == Layout(1, 3)
    assert await redis.mget("{1.p0}:mark", "{1.p1}:mark") == [b"7 0 0 0", None]


async def test_when_the_tables_were_begun_is_noted_once(redis: Client) -> None:
    await layout.agree(redis, 2)
    begun = await redis.mget("{1.p0}:begun", "{1.p1}:begun")
    assert all(int(at_ms or 0) > 0 for at_ms in begun)
    await redis.delete(layout.KEY)
    await layout.agree(redis, 2)
    assert await redis.mget("{1.p0}:begun", "{1.p1}:begun") == begun


async def test_a_topic_of_another_number_of_partitions_is_refused(redis: Client) -> None:
    await layout.agree(redis, 3)
    with pytest.raises(CannotStartError, match="for 3 partitions, and the events topic has 4"):
        await layout.agree(redis, 4)


async def test_tables_of_other_tables_are_neither_written_nor_read_nor_verified(feed: Feed, tmp_path: Path) -> None:
    few = feed.settings.model_copy(update={"enable": "deals_won"})
    await feed.publish(0, event("acme", 1))
    await feed.apply(0)
    with Worker(few, tmp_path / "log") as worker:
        assert worker.process.wait(30) == 2
    assert worker.said("the tables in Redis were made with CRMPULSE_ENABLE=''")
    with pytest.raises(OtherTablesError):
        await Engine(feed.redis, few).kpi("acme", "deals_won", {})
    with pytest.raises(OtherTablesError):
        await differences(few)


async def test_tables_of_another_form_are_neither_written_nor_read_until_they_are_rebuilt(feed: Feed) -> None:
    await feed.publish(0, event("acme", 1, "deal.won", "deal/1"))
    await feed.apply(0)
    agreed = await layout.read(feed.redis)
    assert agreed and agreed.form == FORM
    await feed.redis.set(layout.KEY, msgspec.json.encode(msgspec.structs.replace(agreed, form=1)))
    with pytest.raises(OtherTablesError, match=f"have form 1, and this version of crmpulse keeps form {FORM}"):
        await layout.agree(feed.redis, agreed.partitions)
    with pytest.raises(OtherTablesError):
        await Engine(feed.redis, feed.settings).kpi("acme", "deals_won", {})
    assert await rebuilt(feed.settings) == []
    assert (await Engine(feed.redis, feed.settings).kpi("acme", "deals_won", {}))["value"] == 1


async def test_a_rebuild_makes_tables_of_the_kpis_that_it_is_told(feed: Feed) -> None:
    few = feed.settings.model_copy(update={"enable": " deals_won,"})
    await feed.publish(0, event("acme", 1), event("acme", 2, "deal.won", "deal/1"))
    await feed.apply(0)
    assert await rebuilt(few) == []
    assert await layout.read(feed.redis) == Layout(2, 3, enabled="deals_won")
    assert (await Engine(feed.redis, few).kpi("acme", "deals_won", {}))["value"] == 1
    assert await feed.redis.exists("{2.p0}:acme:i:call.logged:u:u1") == 0
    with pytest.raises(OtherTablesError, match="made with CRMPULSE_ENABLE='deals_won', and here it is ''"):
        await Engine(feed.redis, feed.settings).kpi("acme", "deals_won", {})
