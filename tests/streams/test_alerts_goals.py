"""Goals at work: asked for when numbers changed and once a minute, and silent about history."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from crmpulse.standings import Standings
from streams import layout
from streams.alerts_goals import LOOK_MS, SHARE, Goals, Standing
from streams.records import HISTORY
from streams.verify import differences
from tests.feed import HOME, PARTITIONS, Feed
from tests.streams.test_alerts import Desk, happened

ACME, *_ = HOME
SHARES = [0.5, 1.0]


@dataclass
class Clock:
    """The present, which passes when a test says so; asking for standings takes ``asking_ms``."""

    now_ms: int
    asking_ms: int = 0
    asked: list[str] = field(default_factory=list)

    def __call__(self) -> int:
        return self.now_ms


class Watch:
    """A partition's goals on real tables, and the clock."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.clock = Clock(desk.start_ms)
        self.standings = Standings(desk.feed.settings)
        self.ask: Callable[[str], Awaitable[Sequence[Standing]]] = self.standings
        self.goals = Goals(desk.alerts, self)

    async def __call__(self, org: str) -> Sequence[Standing]:
        self.clock.asked.append(org)
        self.clock.now_ms += self.clock.asking_ms
        return await self.ask(org)

    async def close(self) -> None:
        await self.standings.close()

    async def win(self, count: int, **more: Any) -> None:
        """Deals are won now."""
        at, first = self.desk.start_ms, self.desk.writer.next * 10
        won = [happened(first + n, "deal.won", f"deal/{first + n}", at - 1_000, owner_id="ann") for n in range(count)]
        await self.desk.say(*won, **more)

    async def goal(self, goal: str = "g", **data: Any) -> None:
        """A goal on deals of this quarter."""
        told = {"kpi": "deals_won", "assignee": "org", "target": 4, "period": "year", "milestones": SHARES, **data}
        number = 1_000_000 + self.desk.writer.next
        await self.desk.say(happened(number, "goal.set", f"goal/{goal}", self.desk.start_ms, **told))

    async def tick(self, after_ms: int = 1_000) -> list[tuple[str, Any]]:
        """Some time passes; return all that was told so far."""
        self.clock.now_ms += after_ms
        await self.goals.tick(self.clock)
        found = await self.desk.published()
        return [(e["type"].removeprefix("crm."), e["data"].get("share", e["data"].get("record"))) for e in found]


@pytest.fixture
async def watch(feed: Feed) -> AsyncIterator[Watch]:
    await layout.agree(feed.redis, PARTITIONS)
    made = Watch(Desk(feed, await feed.writer(0)))
    yield made
    await made.close()


REACHED, REVOKED = "goal.milestone", "goal.milestone_revoked"


async def test_shares_are_told_when_they_are_reached_and_when_a_correction_takes_them_back(watch: Watch) -> None:
    await watch.goal()
    assert await watch.tick() == []
    await watch.win(2)
    assert await watch.tick() == [(REACHED, 0.5)]
    await watch.win(2)
    assert await watch.tick() == [(REACHED, 0.5), (REACHED, 1.0)]
    await watch.desk.say(happened(7, "record.deleted", "deal/10", watch.desk.start_ms))
    assert await watch.tick() == [(REACHED, 0.5), (REACHED, 1.0), (REVOKED, 1.0)]
    assert await differences(watch.desk.feed.settings) == []


async def test_what_was_reached_when_a_goal_is_first_seen_is_not_told(watch: Watch) -> None:
    await watch.win(3)
    await watch.goal()
    assert await watch.tick() == []
    await watch.win(1)
    assert await watch.tick() == [(REACHED, 1.0)]


async def test_history_is_taken_in_without_a_word(watch: Watch) -> None:
    await watch.goal()
    await watch.tick()
    await watch.win(2, headers=[(HISTORY, b"")])
    assert await watch.tick() == []
    await watch.win(2)
    assert await watch.tick() == [(REACHED, 1.0)]


async def test_a_goal_off_its_pace_fires_and_resolves(watch: Watch) -> None:
    at_most: dict[str, Any] = {"kpi": "deals_won", "direction": "at_most", "target": 1, "milestones": []}
    await watch.goal(assignee="user:ann", **at_most)
    assert await watch.tick() == []
    await watch.win(2)
    assert await watch.tick() == [("alert.fired", "goal/g")]
    [entry] = await watch.desk.ledger()
    assert (entry["owner_id"], entry["rule"], entry["value"] < 1) == ("ann", "goal_off_pace", True)
    await watch.goal(assignee="user:ann", **{**at_most, "target": 1_000})
    assert await watch.tick() == [("alert.fired", "goal/g"), ("alert.resolved", "goal/g")]


async def test_a_goal_that_is_deleted_takes_its_alert_along(watch: Watch) -> None:
    await watch.goal(direction="at_most", target=1, milestones=[])
    await watch.tick()
    await watch.win(2)
    await watch.tick()
    await watch.desk.say(happened(9, "goal.deleted", "goal/g", watch.desk.start_ms + 1))
    assert await watch.tick() == [("alert.fired", "goal/g"), ("alert.resolved", "goal/g")]
    assert await watch.desk.feed.redis.exists("{1.p0}:acme:alerts:goals", "{1.p0}:firing") == 0


async def test_a_goal_that_cannot_be_told_disturbs_no_other(watch: Watch) -> None:
    await watch.goal("bad", kpi="no_such_kpi")
    await watch.goal()
    assert await watch.tick() == []
    await watch.win(2)
    assert await watch.tick() == [(REACHED, 0.5)]


async def test_goals_are_asked_for_when_their_organisation_changed_and_once_a_minute(watch: Watch) -> None:
    await watch.win(1)
    await watch.tick()
    assert watch.clock.asked == []
    await watch.goal()
    await watch.tick()
    await watch.tick()
    assert watch.clock.asked == [ACME]
    watch.desk.writer.goals_due_ms = 0
    await watch.tick()
    assert watch.clock.asked == [ACME]
    await watch.tick(LOOK_MS)
    assert watch.clock.asked == [ACME] * 2


async def test_goals_that_take_long_to_ask_for_are_asked_for_seldom(watch: Watch) -> None:
    watch.clock.asking_ms = 500
    await watch.goal()
    await watch.tick()
    await watch.win(1)
    await watch.tick(500 * SHARE - 501)
    assert watch.clock.asked == [ACME]
    await watch.tick(1)
    assert watch.clock.asked == [ACME] * 2


async def test_what_fails_is_asked_again(watch: Watch) -> None:
    await watch.goal()
    await watch.tick()
    await watch.win(2)
    ask = watch.ask

    async def fail(_: str) -> Sequence[Standing]:
        raise TimeoutError

    watch.ask = fail
    with pytest.raises(TimeoutError):
        await watch.tick()
    watch.ask = ask
    assert await watch.tick() == [(REACHED, 0.5)]


async def test_an_organisation_whose_goals_cannot_be_asked_for_keeps_no_other_waiting(watch: Watch) -> None:
    await watch.goal()
    await watch.tick()
    await watch.win(2)
    ask, versions = watch.ask, watch.goals.ledger.versions

    async def fail(org: str) -> Sequence[Standing]:
        if org == "a first one":
            raise TimeoutError
        return await ask(org)

    async def one_more(orgs: Sequence[str]) -> dict[str, bytes | None]:
        return {"a first one": b"1", **await versions(orgs)}

    watch.ask, watch.goals.ledger.versions = fail, one_more  # type: ignore[method-assign]
    with pytest.raises(TimeoutError):
        await watch.tick()
    assert [e["data"]["share"] for e in await watch.desk.published()] == [0.5]


async def test_goals_wait_for_the_unread_part_of_the_log(watch: Watch) -> None:
    async def unread(*_: int) -> bool:
        return False

    await watch.goal()
    read, watch.desk.alerts.has_all = watch.desk.alerts.has_all, unread
    await watch.tick(LOOK_MS)
    assert watch.clock.asked == []
    watch.desk.alerts.has_all = read
    await watch.tick()
    assert watch.clock.asked == [ACME]


async def test_who_takes_over_tells_nothing_twice_and_goes_on(watch: Watch) -> None:
    await watch.goal()
    await watch.tick()
    await watch.win(2)
    await watch.tick()
    feed = watch.desk.feed
    other = Watch(Desk(feed, await feed.writer(0, "b")))
    other.clock.now_ms = watch.clock.now_ms
    assert await other.tick() == [(REACHED, 0.5)]
    await other.win(2)
    assert await other.tick() == [(REACHED, 0.5), (REACHED, 1.0)]
    watch.desk.writer.goals_due_ms = 0
    assert await watch.tick(LOOK_MS) == [(REACHED, 0.5), (REACHED, 1.0)]
    await other.close()
