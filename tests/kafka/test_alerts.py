"""Alerts on Apache Kafka: in time, whatever is killed; and nothing of what is replayed."""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import time
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from redis.asyncio import Redis as Client

from api.query.alerts import alerts
from api.query.engine import Engine
from crmpulse.cloudevent import Event, Publisher
from crmpulse.publish import play, producer
from crmpulse.replay import check, replay
from crmpulse.settings import Settings
from events.instants import instant_ns
from streams.verify import differences
from tests.crmpulse.formats import DATASETS
from tests.kafka.tables import everything
from tests.workers import Worker, until

pytestmark = pytest.mark.kafka
logger = logging.getLogger(__name__)

MAVEN = DATASETS / "maven-crm"
KILLS = 4
TASKS = 30
CRM = Publisher("demo", "/tests")
FIRED, RESOLVED = "crm.alert.fired", "crm.alert.resolved"


class Heard:
    """What was published to the alerts topic so far."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self.consumer = consumer
        self.events: list[dict[str, Any]] = []

    async def more(self) -> list[dict[str, Any]]:
        for records in (await self.consumer.getmany(timeout_ms=20)).values():
            self.events += [json.loads(record.value) for record in records]
        return self.events

    async def has(self, kind: str, subjects: Iterable[str]) -> bool:
        return {*subjects} <= {event["subject"] for event in await self.more() if event["type"] == kind}


@pytest.fixture
async def heard(settings: Settings) -> AsyncIterator[Heard]:
    async with AIOKafkaConsumer(bootstrap_servers=settings.kafka, enable_auto_commit=False) as consumer:
        consumer.assign([TopicPartition(settings.alerts_topic, 0)])
        await consumer.seek_to_beginning()
        yield Heard(consumer)


def text(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


async def happen(settings: Settings, *events: Event) -> None:
    """Publish events as they happen."""
    async with producer(settings) as sender:
        await play(sender, settings.events_topic, ((0, event) for event in events))


def task(name: str, due: float) -> Event:
    return CRM.event("task.created", f"task/{name}", text(time()), {"assignee_id": "ann", "due_at": text(due)})


async def begin(settings: Settings, redis: Client, worker: Worker) -> None:
    """Wait for a worker that has begun tables and counts."""
    await until(lambda: _said(worker, "claimed", settings.partitions), 30, "claim all partitions")
    await happen(settings, CRM.event("user.updated", "user/ann", text(time()), {"manager_id": "max"}))
    await until(lambda: everything(redis, settings), 30, "count what is there")


async def _said(worker: Worker, words: str, times: int) -> bool:
    return worker.said(words) >= times


async def _past(at: float) -> bool:
    return time() >= at


async def test_an_alert_is_published_within_two_seconds_of_its_instant_and_resolves(
    settings: Settings, redis: Client, heard: Heard, tmp_path: Path
) -> None:
    with Worker(settings, tmp_path / "a.log") as worker:
        await begin(settings, redis, worker)
        due = time() + 3
        await happen(settings, task("1", due))
        await until(lambda: _past(due), 10, "come to the instant")
        assert await heard.more() == []
        await until(lambda: heard.has(FIRED, ["task/1"]), 2, "publish the alert")
        done = CRM.event("task.status_changed", "task/1", text(due - 1), {"new": "done"})
        await happen(settings, done)
        await until(lambda: heard.has(RESOLVED, ["task/1"]), 5, "take it back: it was done in time")
    fired, resolved = heard.events
    assert fired["data"]["since"] == text(due).replace("+00:00", "Z")
    assert (fired["data"]["owner_id"], fired["data"]["manager_id"]) == ("ann", "max")
    assert resolved["data"]["alert_id"] == fired["id"]
    [told] = await alerts(await Engine(redis, settings).tables("demo"))
    assert (told["id"], told["state"]) == (fired["id"], "resolved")
    assert await differences(settings) == []


async def test_kills_around_the_instant_lose_no_alert_and_a_repeat_is_known_by_its_id(
    settings: Settings, redis: Client, heard: Heard, tmp_path: Path
) -> None:
    expected: set[str] = set()
    with Worker(settings, tmp_path / "a.log") as worker:
        await begin(settings, redis, worker)
        for kill in range(KILLS):
            due = time() + 2
            await happen(settings, *(task(f"{kill}.{n}", due) for n in range(TASKS)))
            expected |= {f"task/{kill}.{n}" for n in range(TASKS)}
            await until(lambda: everything(redis, settings), 30, "count the tasks")
            at = due + random.uniform(-0.05, 0.25)
            await until(partial(_past, at), 30, "come to the instant")
            worker.kill()
            waiting = sum([await redis.xlen(key) async for key in redis.scan_iter("*:outbox")])
            logger.warning("kill %d at %+.3f s, %d alerts wait to be published", kill, at - due, waiting)
            worker.start()
            await until(partial(heard.has, FIRED, expected), 30, "publish all alerts")
    ids = defaultdict[str, set[str]](set)
    for event in heard.events:
        assert event["type"] == FIRED
        ids[event["subject"]].add(event["id"])
    assert ids.keys() == expected
    assert {len(found) for found in ids.values()} == {1}
    told = await alerts(await Engine(redis, settings).tables("demo"), "firing")
    assert {alert["id"] for alert in told} == set[str]().union(*ids.values())
    assert await differences(settings) == []


async def test_a_milestone_is_published_and_revoked(
    settings: Settings, redis: Client, heard: Heard, tmp_path: Path
) -> None:
    goal = {"kpi": "deals_won", "assignee": "org", "target": 2, "period": "year", "milestones": [0.5]}
    with Worker(settings, tmp_path / "a.log") as worker:
        await begin(settings, redis, worker)
        await happen(settings, CRM.event("goal.set", "goal/g", text(time()), goal))
        await until(lambda: _any(redis, "*:demo:alerts:goals"), 10, "look at the goal")
        await happen(settings, CRM.event("deal.won", "deal/1", text(time()), {"owner_id": "ann"}))
        await until(lambda: heard.has("crm.goal.milestone", ["goal/g"]), 10, "tell that half of it is reached")
        await happen(settings, CRM.event("deal.reopened", "deal/1", text(time()), {}))
        await until(lambda: heard.has("crm.goal.milestone_revoked", ["goal/g"]), 10, "take it back")
    assert [event["data"] for event in heard.events] == [{"goal": "g", "share": 0.5}] * 2
    assert await differences(settings) == []


async def _any(redis: Client, pattern: str) -> bool:
    return bool([key async for key in redis.scan_iter(pattern)])


@pytest.mark.parametrize("shift", [False, True], ids=["as it was", "as if it ended now"])
async def test_a_replay_fires_nothing_and_what_happens_then_does(
    settings: Settings, redis: Client, heard: Heard, tmp_path: Path, shift: bool
) -> None:
    with Worker(settings, tmp_path / "a.log") as worker:
        await begin(settings, redis, worker)
        await asyncio.to_thread(replay, settings, [MAVEN], "maven-crm", shift_to_now=shift)
        await until(lambda: everything(redis, settings), 120, "count the replay")
        await happen(settings, CRM.event("deal.lost", "deal/live", text(time()), {"lost_reason": "price"}))
        await until(lambda: heard.has(FIRED, ["deal/live"]), 10, "publish the alert of now")
    assert [event["subject"] for event in heard.events] == ["deal/live"]


async def test_the_same_events_fire_where_they_are_published_as_they_happen(
    settings: Settings, redis: Client, heard: Heard, tmp_path: Path
) -> None:
    moved = list(check([MAVEN], "maven-crm", now_ns=int(time() * 1e9)).events())
    yesterday_ns = int((time() - 80_000) * 1e9)
    lost = [e for e in moved if e["type"] == "crm.deal.lost" and instant_ns(e["time"]) > yesterday_ns]
    assert lost
    with Worker(settings, tmp_path / "a.log") as worker:
        await begin(settings, redis, worker)
        await happen(settings, *lost)
        await until(lambda: heard.has(FIRED, [event["subject"] for event in lost]), 20, "publish the alerts")
