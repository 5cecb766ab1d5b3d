"""Forecasts and projections are as sure as a recount has them, on weeks of selling that let the past tell of the future."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from aggregators.catalogue import BY_ID
from api.query.engine import Engine
from crmpulse.cloudevent import Event, Publisher
from crmpulse.embedded import Redis
from crmpulse.settings import Settings
from streams.connection import connect
from tests.loading import load
from tests.oracle import Oracle
from tests.questions import Asked, ms, recounted, text
from tests.recounts.goals import Aim, period, projection
from tests.recounts.record import MS_NS

SEEDS = range(2)
QUESTIONS = 16
START, WEEKS, WEEK = datetime(2026, 3, 2, tzinfo=UTC), 14, timedelta(days=7)
USERS, PIPELINES, ZONES = ("ann", "bo"), ("sales", "key"), ("UTC", "Europe/Berlin", "America/Sao_Paulo")
Said = tuple[datetime, str, str, dict[str, Any]]
"""When, the type, the subject and the data of an event."""
AIMS = [
    Aim(kpi, assignee, period)
    for kpi in ("revenue_won", "deals_won", "win_rate")
    for assignee in ("org", "user:ann")
    for period in ("week", "month")
]
NONE: Asked = {name: [] for name in ("stat", "entity", "field", "variant", "model", "touchpoint", "hours")}


def selling(rng: Random) -> list[Event]:
    """Weeks in which deals are made that are expected soon: some are won, for more or less, some are lost, some wait."""
    said: list[Said] = [(START, "org.updated", "org/demo", {"time_zone": rng.choice(ZONES)})]
    said.append((START, "fx_rate.set", "fx/USD/2026-01-01", {"rate": "0.9"}))
    for number in range(WEEKS * 5):
        at, deal = START + rng.random() * WEEKS * WEEK, f"deal/{number}"
        due = at + rng.random() * 2 * WEEK
        value = {"amount": f"{rng.randint(1, 90)}00.5", "currency": rng.choice(("EUR", "EUR", "USD"))}
        made: dict[str, Any] = {
            "probability": rng.choice((0.1, 0.5, 0.8)),
            "expected_close": f"{due:%F}",
            "pipeline_id": rng.choice(PIPELINES),
        }
        said.append((at, "deal.created", deal, {"owner_id": rng.choice(USERS), "value": value, **made}))
        if rng.random() < 0.8:
            said.append((due, f"deal.{rng.choice(('won', 'won', 'lost'))}", deal, {}))
        if rng.random() < 0.2:
            said.append((at + timedelta(days=2), "deal.updated", deal, {"changed": {"probability": {"new": 0.3}}}))
    said += [(START, "goal.set", f"goal/{n}", aim._asdict() | {"target": 5}) for n, aim in enumerate(AIMS)]
    publisher = Publisher("demo", "/x")
    told = [publisher.event(kind, subject, text(at), data, f"{n}") for n, (at, kind, subject, data) in enumerate(said)]
    return rng.sample(told, len(told))


def ahead(rng: Random) -> Asked:
    """A window that the present is in, of whole days or not."""
    now = START + WEEKS * WEEK * (0.5 + rng.random() / 2)
    first, end = now - WEEK * rng.random(), now + WEEK * rng.random()
    if rng.random() < 0.5:
        first, end = (at.replace(hour=0, minute=0, second=0, microsecond=0) for at in (first, end + timedelta(days=1)))
    by = rng.choice(("", "user", "pipeline"))
    where = rng.choice(([], [], ["pipeline:sales"]))
    return {**NONE, "scope": [rng.choice(("org", "user:ann"))], "by": [by] if by else [], "where": where,
            "from": [text(first)], "to": [text(end)], "now": [text(now.replace(microsecond=0))]}  # fmt: skip


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_forecast_is_as_sure_as_the_past_was(seed: int, redis_server: Redis) -> None:
    rng = Random(seed)
    events, kpi, sure = selling(rng), BY_ID["revenue_forecast"], 0
    settings = Settings(redis=redis_server.address)
    await load(settings, events, 1000)
    oracle, redis = Oracle(events), connect(settings)
    engine = Engine(redis, settings)
    try:
        for _ in range(QUESTIONS):
            asked = ahead(rng)
            found = await engine.kpi("demo", kpi.id, {name: value for name, value in asked.items() if value})
            expected = recounted(oracle, kpi, asked)
            assert (found["value"], found["parts"]) == (expected["value"], expected["parts"]), asked
            groups = {tuple(group["key"].values()): group["value"] for group in found.get("groups", [])}
            others = {key: group["value"] for key, group in expected.get("groups", {}).items()}
            assert {key: one for key, one in groups.items() if one} == {key: one for key, one in others.items() if one}
            sure += expected["parts"]["weighted"] > 0 and expected["parts"]["p10"] is not None
    finally:
        await redis.aclose()
    assert sure > QUESTIONS / 4


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_goal_lands_where_the_periods_before_it_say(seed: int, redis_server: Redis) -> None:
    rng = Random(seed)
    events, sure = selling(rng), 0
    settings = Settings(redis=redis_server.address)
    await load(settings, events, 1000)
    oracle, redis = Oracle(events), connect(settings)
    engine = Engine(redis, settings)
    try:
        for number, aim in [*enumerate(AIMS)] * 2:
            now = text(START + WEEKS * WEEK * (0.75 + rng.random() / 4))
            found = await engine.kpi("demo", "goal_projection", {"goal": [f"{number}"], "now": [now]})
            expected = projection(oracle, aim, ms(now))
            assert {"value": found["value"], **bands(found)} == expected, f"{aim} {now}"
            sure += expected["p10"] is not None and expected["p10"] != expected["p90"]
            if aim.kpi == "revenue_won" and aim.period == "week":  # days before which are the weeks before
                oracle.now_ns = ms(now) * MS_NS
                window = period(oracle, aim.period, oracle.day(oracle.now_ns))
                told = oracle.kpi("revenue_forecast", aim.assignee, *window)
                asked = {"goal": [f"{number}"], "now": [now], "variant": ["pipeline"]}
                found = await engine.kpi("demo", "goal_projection", asked)
                assert (found["value"], bands(found)) == (told["value"], bands(told)), f"{aim} {now}"
    finally:
        await redis.aclose()
    assert sure >= len(AIMS) / 4


def bands(told: dict[str, Any]) -> dict[str, Any]:
    return {name: told["parts"][name] for name in ("p10", "p50", "p90", "periods") if name in told["parts"]}
