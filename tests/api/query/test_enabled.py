"""Where only some KPIs are kept, the others are not told, and what is told is the same."""

from __future__ import annotations

import pytest

from api.query.engine import Engine
from api.query.errors import ImpossibleError, UnknownError
from crmpulse.embedded import Redis
from crmpulse.settings import Settings
from streams.connection import connect
from tests.loading import Asking, load
from tests.telling import events

HISTORY = """
    01-01 deal.created 1 owner_id=ann value=100EUR source=web
    01-02 deal.won 1
    01-02 call.logged 1 owner_id=ann direction=outbound
    01-03 goal.set some kpi=deals_won assignee=org target=4 start=01-01 end=12-31
    01-03 goal.set none kpi=calls_made assignee=org target=4 start=01-01 end=12-31
"""
NOW = "2026-02-01T00:00:00Z"


@pytest.fixture
def settings(redis_server: Redis) -> Settings:
    return Settings(redis=redis_server.address, enable="deals_won,growth_rate,rank")


async def test_only_what_is_enabled_is_told(settings: Settings) -> None:
    await load(settings, events(HISTORY), 10)
    async with Asking(settings, "demo") as asking:
        assert [kpi["id"] for kpi in (await asking.get("kpis"))["kpis"]] == ["deals_won", "growth_rate", "rank"]
        assert await asking.value("deals_won", now=NOW) == 1
        assert await asking.groups("deals_won", "source", now=NOW) == {"web": 1}
        assert [kpi["kpi"] for kpi in (await asking.get("users/ann/card", now=NOW))["kpis"]] == ["deals_won"]
        states = {goal["goal"]: goal.get("problem") for goal in (await asking.get("goals", now=NOW))["goals"]}
    assert states["some"] is None
    assert "there is no KPI 'calls_made'" in states["none"]


async def test_what_is_not_enabled_is_refused(settings: Settings) -> None:
    redis = connect(settings)
    engine = Engine(redis, settings)
    try:
        with pytest.raises(UnknownError, match=r"no enabled KPI \(CRMPULSE_ENABLE\) 'calls_made'"):
            await engine.kpi("demo", "calls_made", {})
        with pytest.raises(ImpossibleError, match="of: calls_made is left out here by CRMPULSE_ENABLE"):
            await engine.kpi("demo", "rank", {"of": ["calls_made"], "scope": ["user:ann"]})
    finally:
        await redis.aclose()


async def test_what_is_only_told_when_it_is_asked_for_finds_its_records(redis_server: Redis) -> None:
    settings = Settings(redis=redis_server.address, enable="duplicate_rate")
    twice = "\n".join(f"01-0{n} contact.created {n} email_hash=a" for n in (1, 2))
    await load(settings, events(twice), 10)
    async with Asking(settings, "demo") as asking:
        assert await asking.value("duplicate_rate", now=NOW) == 1
