"""The ledger of freshness is as it was after every kind of rebuild, and nothing of it is counted again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from aggregators.ages import rows
from aggregators.calendar import calendar
from aggregators.catalogue import BY_ID
from aggregators.freshness import KPI
from aggregators.tables import begun, org_keys
from api.query.engine import Engine
from crmpulse.settings import Settings
from events import instant_ns
from streams import layout, rebuild, rebuild_org, repartition
from streams.verify import differences
from tests.feed import HOME, PARTITIONS, Feed, event

ACME = HOME[0]
Ledger = dict[str, dict[str, int]]


@pytest.fixture
async def applied(feed: Feed) -> Feed:
    """Calls of three organisations, one of them twice, and poison, in tables that were begun before them."""
    for prefix in (await layout.agree(feed.redis, PARTITIONS)).shards():
        await feed.redis.set(begun(prefix), 0)
    for number, org in enumerate(HOME):
        await feed.publish(number, *(event(org, n) for n in (1, 2, 2)), b"poison", key=org.encode())
        await feed.apply(number)
    return feed


async def ledger(feed: Feed) -> Ledger:
    """The ledger in the layout that holds, by what follows the partition."""
    found: Ledger = {}
    for prefix in (await layout.read(feed.redis) or pytest.fail()).shards():
        async for key in feed.redis.scan_iter(f"{prefix}:*:fresh*"):
            name = key.decode().partition("}:")[2]
            is_hash = await feed.redis.type(key) == b"hash"
            fields: Any = await (feed.redis.hgetall(key) if is_hash else feed.redis.zrange(key, 0, -1, withscores=True))
            found[name] = {field.decode(): int(times) for field, times in dict(fields).items()}
    return found


async def whole(settings: Settings) -> list[str]:
    return await rebuild.rebuilt(settings)


async def one(settings: Settings) -> list[str]:
    return await rebuild_org.rebuilt(settings, ACME)


async def repartitioned(settings: Settings) -> list[str]:
    return await repartition.rebuilt(settings, PARTITIONS + 2)


@pytest.mark.parametrize("rebuilt", [whole, one, repartitioned])
async def test_the_ledger_of_freshness_is_left_as_it_is(
    rebuilt: Callable[[Settings], Awaitable[list[str]]], applied: Feed
) -> None:
    before = await ledger(applied)
    assert {name.partition(":")[0] for name in before} == {*HOME}
    assert await rebuilt(applied.settings) == []
    assert await ledger(applied) == before
    assert await differences(applied.settings) == []
    found = await Engine(applied.redis, applied.settings).kpi(ACME, KPI, {"stat": ["count"]})
    assert (found["value"], found["dead_letters"]) == (2, 1)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu"])
async def test_every_hour_of_a_month_is_handed_over_wherever_it_is(zone: str, applied: Feed) -> None:
    keys = org_keys("{1.p0}", ACME)
    for month in ("202602", "202603", "202612"):
        text = f"{month[:4]}-{month[4:]}"
        for at in (f"{text}-01T00:00:00Z", f"{text}-15T00:00:00Z", f"{text}-28T23:59:00Z"):
            when = calendar(zone).bucket(instant_ns(at) // 1_000_000)
            await applied.redis.zadd(keys.fresh, {when.month: 0})
            for key, before in rows(keys, when).items():
                await applied.redis.hset(key, f"{before}7 /a", 1)
    told = await ledger(applied)
    await whole(applied.settings)
    assert await ledger(applied) == told


async def test_tables_that_do_not_tell_it_any_more_have_none_of_it(applied: Feed) -> None:
    names = ",".join(name for name in BY_ID if name != KPI)
    await whole(applied.settings.model_copy(update={"enable": names}))
    assert await ledger(applied) == {}
