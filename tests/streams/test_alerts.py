"""What fires and resolves in one partition, and that whoever goes on after a crash tells the same once more or nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from redis.asyncio import Redis as Client

from events.schemas import asyncapi
from streams import alerts, alerts_ledger, layout
from streams.alerts import Alerts
from streams.alerts_ledger import Changes
from streams.commit import Answer, MovedError
from streams.mark import Mark
from streams.partition import Partition
from streams.records import HISTORY
from streams.verify import differences
from tests.feed import HOME, PARTITIONS, Feed, event

ACME, *_ = HOME
LEDGER = "{1.p0}:acme:alerts"
HOUR_MS, DAY_MS = 3_600_000, 86_400_000


def now_ms() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)


def text(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")


def happened(number: int, kind: str, subject: str, at_ms: int, **data: Any) -> bytes:
    return json.dumps(json.loads(event(ACME, number, kind, subject, **data)) | {"time": text(at_ms)}).encode()


async def all_read(*_: int) -> bool:
    return True


class Desk:
    """A partition's writer and alerts that run when a test says so, at the instant that it says."""

    def __init__(self, feed: Feed, writer: Partition) -> None:
        self.feed = feed
        self.writer = writer
        self.alerts = Alerts(writer, all_read)
        self.start_ms = now_ms()

    async def say(self, *values: bytes, **more: Any) -> None:
        """Publish events and apply them."""
        await self.feed.publish(0, *values, **more)
        at = max(0, self.writer.next - 1)
        await self.writer.apply(at, (await self.feed.records(0))[at:])

    async def task(self, due_in_ms: int, **more: Any) -> None:
        """A task of ann's, due so long after the start."""
        due = {"assignee_id": "ann", "due_at": text(self.start_ms + due_in_ms)}
        await self.say(happened(1, "task.created", "task/1", self.start_ms, **due), **more)

    async def tick(self, after_ms: int) -> list[dict[str, Any]]:
        """Look as of so long after the start, and publish; return all that was ever published."""
        await self.alerts.tick(self.start_ms + after_ms)
        return await self.published()

    async def published(self) -> list[dict[str, Any]]:
        topic = self.feed.settings.alerts_topic
        await self.alerts.publish(self.feed.producer, topic)
        records = await self.feed.records(0, topic)
        assert {record.key for record in records} <= {ACME.encode()}
        return [json.loads(record.value) for record in records]

    async def ledger(self) -> list[dict[str, Any]]:
        return [json.loads(entry) for entry in await self.feed.redis.hvals(LEDGER)]

    async def firing(self) -> list[str]:
        return sorted(entry["rule"] for entry in await self.ledger() if not entry.get("resolved_ms"))


@pytest.fixture
async def desk(feed: Feed) -> Desk:
    await layout.agree(feed.redis, PARTITIONS)
    return Desk(feed, await feed.writer(0))


async def another(desk: Desk, owner: str = "b") -> Desk:
    """Who takes over the partition."""
    found = Desk(desk.feed, await desk.feed.writer(0, owner))
    found.start_ms = desk.start_ms
    return found


def told(published: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(each["type"].removeprefix("crm."), each["data"].get("rule", "")) for each in published]


FIRED, RESOLVED = ("alert.fired", "task_overdue"), ("alert.resolved", "task_overdue")


async def test_a_task_fires_when_its_due_comes_and_not_before(desk: Desk) -> None:
    await desk.task(60_000)
    assert await desk.tick(59_999) == []
    [fired] = await desk.tick(60_000)
    assert fired["data"] == {
        "rule": "task_overdue", "record": "task/1", "since": text(desk.start_ms + 60_000).replace("+00:00", "Z"),
        "owner_id": "ann", "manager_id": None, "value": None, "alert_id": None,
    }  # fmt: skip
    assert await desk.tick(120_000) == [fired]
    assert await desk.firing() == ["task_overdue"]


async def test_what_is_published_keeps_to_its_schema_and_names_manager_and_value(desk: Desk) -> None:
    at = desk.start_ms
    await desk.say(
        happened(1, "user.updated", "user/ann", at, team_id="west", name="Ann"),
        happened(2, "team.updated", "team/west", at, manager_id="wes"),
        happened(3, "deal.created", "deal/1", at, owner_id="ann", value={"amount": "10.50", "currency": "EUR"}),
        happened(4, "deal.lost", "deal/1", at, lost_reason="price"),
        happened(5, "deal.created", "deal/2", at, owner_id="ann"),
        happened(6, "deal.health_changed", "deal/2", at, new="has_problems"),
    )
    await desk.tick(1_000)
    await desk.say(happened(7, "deal.health_changed", "deal/2", at + 1, new="ok"))
    published = await desk.tick(2_000)
    document = asyncapi()
    for each in published:
        schema = document["components"]["messages"][each["type"]]["payload"]["schema"]
        Draft202012Validator({**schema, "components": document["components"]}).validate(each)
    lost, problem, resolved = sorted(published, key=lambda each: (each["type"], each["subject"]))
    assert (lost["data"]["value"], lost["data"]["manager_id"]) == (
        {"amount": "10.50", "currency": "EUR", "lost_reason": "price"}, "wes",
    )  # fmt: skip
    assert resolved["data"]["alert_id"] == problem["id"] != resolved["id"]


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("task.status_changed", {"new": "done"}),
        ("task.status_changed", {"new": "cancelled"}),
        ("record.deleted", {"reason": "user"}),
        ("task.status_changed", {"new": "due_changed", "due_date": "2090-01-01"}),
    ],
)
async def test_what_is_settled_in_time_and_told_late_resolves(desk: Desk, kind: str, data: dict[str, Any]) -> None:
    await desk.task(60_000)
    await desk.tick(61_000)
    await desk.say(happened(2, kind, "task/1", desk.start_ms + 30_000, **data))
    assert told(await desk.tick(62_000)) == [FIRED, RESOLVED]
    assert await desk.firing() == []


OVER: dict[str, tuple[str, dict[str, Any]]] = {
    "task_overdue": ("task.status_changed", {"new": "done"}),
    "assignment_unfulfilled": ("task.status_changed", {"new": "done"}),
    "appointment_overdue": ("meeting.status_changed", {"new": "completed"}),
    "sla_breached": ("ticket.message", {"author": "agent"}),
    "deal_stalled": ("deal.stage_changed", {"new_stage_id": "offer"}),
}
"""Rules of instants that come, and what settles their records."""


async def record_of(desk: Desk, rule: str, due_in_ms: int, number: int = 1, **more: Any) -> tuple[str, str]:
    """A record of ann's for which a rule holds so long after the start; return its subject and the instant."""
    at, due = desk.start_ms - HOUR_MS, text(desk.start_ms + due_in_ms)
    records: dict[str, tuple[str, str, dict[str, Any]]] = {
        "task_overdue": ("task", "task.created", {"assignee_id": "ann", "due_at": due}),
        "assignment_unfulfilled": ("task", "task.created", {"assignee_id": "ann", "due_at": due, "assigned_by": "wes"}),
        "appointment_overdue": ("meeting", "meeting.scheduled", {"owner_id": "ann", "start": text(at), "end": due}),
        "sla_breached": ("ticket", "ticket.created", {
            "owner_id": "ann", "sla": {"first_response_ms": HOUR_MS + due_in_ms, "hours": "calendar"},
        }),
        "deal_stalled": ("deal", "deal.created", {"owner_id": "ann", "stage_id": "demo"}),
    }  # fmt: skip
    entity, kind, said = records[rule]
    subject = f"{entity}/{number}"
    days = {"demo": (HOUR_MS + due_in_ms) / DAY_MS}
    await desk.say(
        happened(100 + number, "org.updated", f"org/{ACME}", at, stalled_after_days=days),
        happened(number, kind, subject, at, **said),
        **more,
    )
    return subject, due


@pytest.mark.parametrize("rule", OVER)
@pytest.mark.parametrize("deleted", [False, True])
async def test_each_rule_of_an_instant_fires_with_it_and_resolves_when_its_record_is_settled_or_gone(
    desk: Desk, rule: str, deleted: bool
) -> None:
    await desk.say(happened(9, "user.updated", "user/ann", desk.start_ms, manager_id="wes"))
    subject, due = await record_of(desk, rule, 60_000)
    assert await desk.tick(59_999) == []
    [fired] = [each for each in await desk.tick(60_000) if each["data"]["rule"] == rule]
    data = fired["data"]
    assert (data["record"], data["owner_id"], data["manager_id"]) == (subject, "ann", "wes")
    assert data["since"] == due.replace("+00:00", "Z")
    kind, said = ("record.deleted", {"reason": "user"}) if deleted else OVER[rule]
    await desk.say(happened(2, kind, subject, desk.start_ms + 30_000, **said))
    await desk.tick(61_000)
    assert await desk.firing() == []


@pytest.mark.parametrize("rule", OVER)
async def test_what_is_past_fires_when_it_happens_but_not_from_history_nor_for_tables_built_anew(
    desk: Desk, rule: str
) -> None:
    await record_of(desk, rule, -60_000, headers=[(HISTORY, b"")])
    assert await desk.tick(1_000) == []
    await record_of(desk, rule, -60_000, number=2)
    fired = await desk.tick(2_000)
    assert rule in {each["data"]["rule"] for each in fired}
    await desk.feed.redis.flushall()
    anew = await another(desk, "a")
    await anew.writer.apply(0, await desk.feed.records(0))
    assert await anew.tick(3_000) == fired


async def test_what_is_settled_before_it_is_looked_at_never_fires(desk: Desk) -> None:
    await desk.task(60_000)
    await desk.say(happened(2, "task.status_changed", "task/1", desk.start_ms + 30_000, new="done"))
    assert await desk.tick(62_000) == []
    assert await desk.feed.redis.exists("{1.p0}:pending") == 0


async def test_a_due_that_moves_while_it_fires_resolves_and_fires_for_the_other(desk: Desk) -> None:
    await desk.task(60_000)
    await desk.tick(61_000)
    due = text(desk.start_ms + 90_000)
    await desk.say(happened(2, "task.status_changed", "task/1", desk.start_ms + 50_000, new="due_changed", due_at=due))
    assert told(await desk.tick(62_000)) == [FIRED, RESOLVED]
    published = await desk.tick(90_000)
    assert told(published) == [FIRED, RESOLVED, FIRED]
    assert published[0]["id"] != published[2]["id"]


async def test_a_lost_deal_is_news_for_a_day_and_a_reopened_one_none(desk: Desk) -> None:
    at = desk.start_ms
    await desk.say(happened(1, "deal.lost", "deal/1", at), happened(2, "deal.lost", "deal/2", at))
    assert told(await desk.tick(1_000)) == [("alert.fired", "deal_lost")] * 2
    await desk.say(happened(3, "deal.reopened", "deal/2", at + 1_000))
    assert told(await desk.tick(2_000))[2:] == [("alert.resolved", "deal_lost")]
    assert len(await desk.tick(DAY_MS + 999)) == 3
    assert told(await desk.tick(DAY_MS + 1_000))[3:] == [("alert.resolved", "deal_lost")]
    assert await desk.firing() == []


async def test_an_alert_whose_writing_was_not_answered_is_published_all_the_same(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.published()
    await desk.say(happened(1, "deal.lost", "deal/1", desk.start_ms))
    write = desk.alerts.ledger.write

    async def unanswered(mark: Mark, changes: Changes) -> Answer:
        await write(mark, changes)
        raise ConnectionError

    monkeypatch.setattr(desk.alerts.ledger, "write", unanswered)
    with pytest.raises(ConnectionError):
        await desk.alerts.tick(desk.start_ms + 1_000)
    monkeypatch.undo()
    assert told(await desk.tick(2_000)) == [("alert.fired", "deal_lost")]


async def test_what_resolved_is_kept_for_a_week_and_dropped(desk: Desk) -> None:
    await desk.say(happened(1, "deal.lost", "deal/1", desk.start_ms))
    await desk.tick(1_000)
    [entry] = await desk.ledger()
    await desk.feed.redis.hset(LEDGER, f"{entry['id']}:ack", "{}")
    await desk.say(happened(2, "deal.reopened", "deal/1", desk.start_ms))
    await desk.tick(2_000)
    await desk.tick(7 * DAY_MS + 1_999)
    assert await desk.feed.redis.hlen(LEDGER) == 2
    await desk.tick(7 * DAY_MS + 2_000)
    assert await desk.feed.redis.exists(LEDGER, "{1.p0}:pending") == 0


async def test_an_alert_that_fires_again_is_not_dropped(desk: Desk) -> None:
    at = desk.start_ms
    await desk.say(happened(1, "deal.lost", "deal/1", at))
    await desk.tick(1_000)
    await desk.say(happened(2, "record.deleted", "deal/1", at, reason="user"))
    await desk.tick(2_000)
    await desk.say(happened(3, "record.deleted", "deal/1", at + 1, restored=True))
    published = await desk.tick(3_000)
    assert [each["id"] for each in published if each["type"] == "crm.alert.fired"] == [published[0]["id"]] * 2
    await desk.feed.redis.zrem("{1.p0}:pending", "deal_lost:acme:deal/1")
    await desk.tick(7 * DAY_MS + 2_000)
    assert await desk.firing() == ["deal_lost"]


async def test_nothing_fires_that_is_old_when_it_becomes_known(desk: Desk) -> None:
    await desk.say(happened(2, "deal.lost", "deal/1", desk.start_ms - DAY_MS - 60_000))
    assert await desk.tick(1_000) == []
    assert await desk.feed.redis.exists("{1.p0}:pending", LEDGER) == 0


async def test_history_fires_nothing_but_what_is_still_to_come(desk: Desk) -> None:
    header = {"headers": [(HISTORY, b"")]}
    await desk.say(happened(2, "deal.lost", "deal/1", desk.start_ms - 60_000), **header)
    await desk.task(600_000, **header)
    assert await desk.tick(599_999) == []
    assert told(await desk.tick(600_000)) == [FIRED]


async def test_tables_that_are_built_anew_fire_nothing_of_before(desk: Desk) -> None:
    await desk.say(happened(2, "deal.lost", "deal/1", desk.start_ms - 1_000))
    await desk.task(600_000)
    assert len(await desk.tick(1_000)) == 1
    await desk.feed.redis.flushall()
    anew = Desk(desk.feed, await desk.feed.writer(0))
    anew.start_ms = desk.start_ms
    await anew.writer.apply(0, await desk.feed.records(0))
    assert len(await anew.tick(1_000)) == 1
    assert told(await anew.tick(600_000))[1:] == [FIRED]


async def test_repeated_events_and_ticks_change_nothing(desk: Desk) -> None:
    await desk.task(60_000)
    first = await desk.tick(60_000)
    ledger, changes = await desk.ledger(), await desk.feed.text(f"{LEDGER}:n")
    await desk.task(60_000)
    desk.writer.due_ms = 0
    assert await desk.tick(61_000) == first
    assert (await desk.ledger(), await desk.feed.text(f"{LEDGER}:n")) == (ledger, changes)


async def test_an_alert_waits_for_the_unread_part_of_the_log(desk: Desk) -> None:
    async def unread(*_: int) -> bool:
        return False

    desk.alerts.has_all = unread
    await desk.task(60_000)
    assert await desk.tick(60_000) == []
    desk.alerts.has_all = all_read
    assert told(await desk.tick(60_001)) == [FIRED]


async def test_a_partition_that_is_never_idle_fires_up_to_what_it_has_applied(desk: Desk) -> None:
    async def unread(*_: int) -> bool:
        return False

    desk.alerts.has_all = unread
    await desk.task(1)
    mark = desk.writer.mark
    assert mark
    assert await desk.alerts.applied_ms(mark.highest_ms + alerts.BEHIND_MS) is None
    assert await desk.alerts.applied_ms(mark.highest_ms + alerts.BEHIND_MS - 1) == mark.highest_ms
    assert await desk.alerts.applied_ms(mark.highest_ms - 1) == mark.highest_ms - 1


async def test_nothing_is_looked_at_while_a_batch_is_in_flight(desk: Desk) -> None:
    await desk.task(60_000)
    async with desk.writer.lock:
        looking = asyncio.create_task(desk.tick(60_000))
        await asyncio.sleep(0)
        assert not looking.done()
        desk.writer.mark = None
    assert await looking == []


Break = Callable[[Client], Awaitable[object]]


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        (lambda redis: redis.set("{1.p0}:owner", "other"), Answer.FENCED),
        (lambda redis: redis.set("{1.p0}:mark", "0 0 0 0"), Answer.BEHIND),
        (lambda redis: redis.set("{1.p0}:mark", "9 0 0 0"), Answer.DUP),
        (lambda redis: redis.get("{1.p0}:mark"), Answer.OK),
    ],
)
async def test_only_the_owner_writes_and_only_where_the_tables_stand(
    desk: Desk, change: Break, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.task(60_000)
    answers = []
    write = desk.alerts.ledger.write

    async def heard(at: Mark, changes: Changes) -> Answer:
        await change(desk.feed.redis)
        answers.append(await write(at, changes))
        return answers[-1]

    monkeypatch.setattr(desk.alerts.ledger, "write", heard)
    published = await desk.tick(60_000)
    assert answers == [answer]
    assert len(published) == len(await desk.ledger()) == (answer is Answer.OK)


@pytest.mark.parametrize(
    "change",
    [lambda redis: redis.set("{1.p0}:owner", "other"), lambda redis: redis.set("{1.p0}:mark", "9 0 0 0")],
    ids=["another owner", "another offset"],
)
async def test_without_the_comparison_anybody_would_write(
    desk: Desk, change: Break, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alerts_ledger, "COMPARE", "")
    unguarded = Desk(desk.feed, desk.writer)
    await unguarded.task(60_000)
    write = unguarded.alerts.ledger.write

    async def late(at: Mark, changes: Changes) -> Answer:
        await change(desk.feed.redis)
        return await write(at, changes)

    monkeypatch.setattr(unguarded.alerts.ledger, "write", late)
    assert told(await unguarded.tick(60_000)) == [FIRED]


@pytest.mark.parametrize("mark", ["0 0 0 0", "9 0 0 0"])
async def test_nothing_is_told_of_what_was_read_where_the_tables_stand_elsewhere(desk: Desk, mark: str) -> None:
    await desk.task(60_000)
    await desk.feed.redis.set("{1.p0}:mark", mark)
    with pytest.raises(MovedError):
        await desk.tick(60_000)
    assert not await desk.ledger()


async def test_who_takes_over_after_a_crash_before_the_write_fires_the_same(desk: Desk) -> None:
    await desk.task(60_000)
    next_one = await another(desk)
    assert told(await next_one.tick(60_000)) == [FIRED]
    desk.writer.due_ms = 0
    assert len(await desk.tick(60_000)) == 1


async def test_what_was_written_and_not_published_is_published_by_the_next_one(desk: Desk) -> None:
    await desk.task(60_000)
    await desk.alerts.tick(desk.start_ms + 60_000)
    assert told(await (await another(desk)).published()) == [FIRED]


async def test_what_was_published_and_is_not_known_to_be_is_published_again_with_its_id(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.task(60_000)
    await desk.alerts.tick(desk.start_ms + 60_000)

    async def crash(*_: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(desk.alerts.ledger, "published", crash)
    with pytest.raises(ConnectionError):
        await desk.published()
    published = await (await another(desk)).published()
    assert told(published) == [FIRED, FIRED]
    assert published[0] == published[1]
    assert await (await another(desk, "c")).published() == published


async def test_more_alerts_than_one_look_takes_all_fire(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts, "MOST_LOOKS", 3)
    monkeypatch.setattr(alerts, "MOST_TOLD", 2)
    await desk.say(*(happened(n, "deal.lost", f"deal/{n}", desk.start_ms) for n in range(8)))
    for _ in range(3):
        await desk.tick(1_000)
    assert {each["subject"] for each in await desk.published()} == {f"deal/{n}" for n in range(8)}


async def test_the_ledger_is_no_difference(desk: Desk) -> None:
    await desk.task(60_000)
    await desk.say(
        happened(9, "goal.set", "goal/1", desk.start_ms, kpi="deals_won", assignee="org", target=1, period="week")
    )
    await desk.say(happened(8, "call.logged", "call/1", desk.start_ms), headers=[(HISTORY, b"")])
    await desk.alerts.tick(desk.start_ms + 60_000)
    kept = {key async for key in desk.feed.redis.scan_iter("{1.p0}:*")}
    assert {b"{1.p0}:firing", b"{1.p0}:outbox", b"{1.p0}:goals", b"{1.p0}:history", LEDGER.encode()} <= kept
    assert await differences(desk.feed.settings) == []
