from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from redis.asyncio import Redis as Client

from api.kpi_metrics import KpiMetrics
from api.positions import Marks
from api.positions import position as read_position
from api.query.engine import Engine
from crmpulse.settings import Settings
from streams.connection import connect
from streams.rebuild import rebuilt
from streams.verify import differences
from tests.cluster import RedisCluster, cluster
from tests.faults.world import SESSION_MS, STALL_SECONDS
from tests.feed import new_topics
from tests.kafka.tables import calls, dead_letters, everything, log_end
from tests.load import Load, publish
from tests.services import Kafka
from tests.workers import Worker, applied, until

pytestmark = [pytest.mark.kafka, pytest.mark.faults]
SEED = int(os.environ.get("CRMPULSE_TEST_SEED", "1"))
ROUNDS = int(os.environ.get("CRMPULSE_TEST_ROUNDS", "1"))
"""How often every deed is done."""

EVENTS = 1_500
PARTITIONS = 6
END_SECONDS = 300


@pytest.fixture
def nodes() -> Iterator[RedisCluster]:
    with cluster() as made:
        yield made


async def test_failovers_and_moved_slots_lose_nothing_and_double_nothing(
    kafka_server: Kafka, nodes: RedisCluster, tmp_path: Path
) -> None:
    settings = await new_topics(
        kafka=kafka_server.address, redis=nodes.addresses, partitions=PARTITIONS, session_timeout_ms=SESSION_MS,
        batch_records=500, stall_seconds=STALL_SECONDS,
    )  # fmt: skip
    load = Load(SEED, partitions=PARTITIONS)
    with Worker(settings, tmp_path / "a.log") as a, Worker(settings, tmp_path / "b.log") as b:
        async with connect(settings) as redis:
            for deed in (nodes.fail_over, nodes.move) * ROUNDS:
                await under_load(
                    partial(deed, f"{{1.p{load.random.randrange(PARTITIONS)}}}:mark"), redis, settings, load
                )
            await until(lambda: everything(redis, settings), END_SECONDS, "apply the rest")
            await until(lambda: everything(redis, settings), END_SECONDS, "apply what was forwarded")
            assert await differences(settings) == []
            assert await rebuilt(settings) == []
            assert await differences(settings) == []
            assert await calls(redis) == load.calls
            assert await asked(redis, settings, load) == load.calls
        assert a.said("CROSSSLOT") + b.said("CROSSSLOT") == 0
    assert len(await dead_letters(settings)) == load.poison


async def under_load(deed: Callable[[], None], redis: Client, settings: Settings, load: Load) -> None:
    """Do it while events are applied."""
    before = await log_end(settings)
    publish(settings.kafka, settings.events_topic, load.items(EVENTS))
    some = load.random.randrange(before, before + EVENTS // 2)

    async def reached() -> bool:
        return await applied(redis, PARTITIONS) > some

    await until(reached, END_SECONDS, f"apply {some}")
    await asyncio.to_thread(deed)


async def asked(redis: Client, settings: Settings, load: Load) -> dict[str, int]:
    """What the query engine answers, organisation by organisation."""
    engine, params = Engine(redis, settings), {"window": ["all"]}
    metrics = KpiMetrics(redis, settings, engine)
    assert await metrics.collect()
    if metrics.running:
        await metrics.running  # however long that takes
    assert metrics.failed == 0
    assert len(metrics.told) > PARTITIONS  # as many as there is room for series
    org, position = load.orgs[0], (await engine.standing(load.orgs[0]))[0]
    await Marks(redis, settings).include(org, read_position(position))
    found = await engine.records(
        org, {"kpi": ["calls_made"], "from": ["2026-01-01T00:10:00Z"], "to": ["2026-01-01T01:50:00Z"]}
    )
    assert found["records"]
    return {org: (await engine.kpi(org, "calls_made", params))["value"] for org in load.calls}
