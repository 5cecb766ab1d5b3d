"""How fresh numbers are equals a recount from when each batch was committed, which nobody but the test knows."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest

from api.query.engine import Engine
from crmpulse.embedded import Redis
from crmpulse.settings import Settings
from tests.committing import PAST, committing
from tests.histories import Event, history

SEEDS = range(6)
QUESTIONS = 25
HOUR_MS = 3_600_000
ZONES = ("UTC", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")
INITIAL = (".created", ".logged", ".scheduled", ".received", ".recorded", ".issued", ".visit", ".heartbeat", ".run")


class Took(NamedTuple):
    """An event that became visible: when, how long that took, and who published it."""

    at_ms: int
    ms: int
    source: str


class Recount:
    """What was told so far, by subject."""

    def __init__(self) -> None:
        self.told: dict[str, list[Event]] = {}
        self.took: list[Took] = []

    def commit(self, at_ms: int, events: Iterable[Event], *, is_history: bool) -> None:
        for event in events:
            known = self.told.setdefault(event["subject"], [])
            if not any(is_for_nothing(event, other) for other in known) and not is_history:
                self.took.append(Took(at_ms, max(0, at_ms - time_ns(event) // 1_000_000), event["source"]))
            known.append(event)


def is_for_nothing(event: Event, other: Event) -> bool:
    """Whether another event that was told before is the same, or replaces this one whole."""
    if (event["source"], event["id"]) == (other["source"], other["id"]):
        return True
    return event["type"].endswith(INITIAL) and other["type"].endswith(INITIAL) and order(other) > order(event)


def order(event: Event) -> tuple[int, int, bytes, bytes]:
    return time_ns(event), event.get("sequence") or 0, event["source"].encode(), event["id"].encode()


def time_ns(event: Event) -> int:
    text = event["time"].upper()
    whole, _, fraction = text.replace("Z", "+00:00").partition(".")
    digits = "".join(c for c in fraction.partition("+")[0].partition("-")[0] if c.isdigit())
    instant = datetime.fromisoformat(text.replace("Z", "+00:00") if not digits else whole + fraction[len(digits) :])
    return int(instant.timestamp()) * 1_000_000_000 + int(f"{digits:0<9}"[:9] or 0)


@pytest.mark.parametrize("seed", SEEDS)
async def test_any_question_has_the_answer_of_the_recount(seed: int, redis_server: Redis) -> None:
    rng, recount = random.Random(seed), Recount()
    said: dict[tuple[str, str], Event] = {}
    zone = rng.choice(ZONES)
    told = [event for event in history(rng, ("demo",), 300) if event["type"] != "crm.org.updated"]
    settings = Settings(redis=redis_server.address, final_days=3_650)
    async with committing(settings) as tables:
        at_ms = int(datetime(2026, rng.randint(1, 11), 20, tzinfo=UTC).timestamp() * 1000)
        await tables.commit(at_ms, f"01-01 org.updated org/demo time_zone={zone} id=zone", headers=PAST)
        while told:
            size = rng.randint(1, 40)
            batch, told = told[:size], told[size:]
            at_ms += rng.choice((rng.randint(1, 999), rng.randint(0, 5 * HOUR_MS), rng.randint(0, 100 * HOUR_MS)))
            batch = [said.setdefault((event["source"], event["id"]), now(rng, event, at_ms)) for event in batch]
            is_history = rng.random() < 0.1
            await tables.commit(at_ms, batch, headers=PAST if is_history else ())
            recount.commit(at_ms, batch, is_history=is_history)
        assert len(recount.took) > 50
        engine = Engine(tables.redis, settings)
        for _ in range(QUESTIONS):
            await ask(rng, engine, recount.took, ZoneInfo(zone))


def now(rng: random.Random, event: Event, at_ms: int) -> Event:
    """An event as it is, or a while before an instant, or after it, by one of some publishers."""
    if rng.random() < 0.2:
        return event
    happened = datetime.fromtimestamp((at_ms - rng.choice((rng.randint(-900, 900), rng.randint(0, 10**7)))) / 1000, UTC)
    source = rng.choice((event["source"], "/crm/a b", "/crm/{x}:y=z"))
    return {**event, "time": happened.isoformat(timespec="milliseconds").replace("+00:00", "Z"), "source": source}


async def ask(rng: random.Random, engine: Engine, took: list[Took], zone: ZoneInfo) -> None:
    """Compare the answer to a random question with what the recount says."""
    first, last = (round_hour(each(one.at_ms for one in took), zone) for each in (min, max))
    start, end = sorted(first + rng.randint(-2, (last - first) // HOUR_MS + 3) * HOUR_MS for _ in range(2))
    if rng.random() < 0.2:
        start, end = 0, 4_000_000_000_000
    source = rng.choice(("", "", rng.choice(took).source))
    stat = rng.choice(("p50", "p90", "mean", "count"))
    asked = {"from": [text(start)], "to": [text(end)], "stat": [stat], "by": ["source"], "limit": ["10000"]}
    asked |= {"where": [f"source:{source}"]} if source else {}
    found = await engine.kpi("demo", "event_freshness", asked)
    meant = [one for one in took if start <= one.at_ms < end and source in ("", one.source)]
    check(found, meant, stat, str(asked))
    groups = {group["key"]["source"]: group for group in found["groups"]}
    assert groups.keys() == {one.source for one in meant}, asked
    for name, group in groups.items():
        check(group, [one for one in meant if one.source == name], stat, f"{asked} {name}")


def check(found: dict[str, Any], took: list[Took], stat: str, asked: str) -> None:
    values = sorted(one.ms for one in took)
    assert found["n"] == len(values), asked
    if stat == "count":
        assert found["value"] == len(values), asked
    elif not values:
        assert found["value"] is None, asked
    elif stat == "mean":
        assert found["value"] == Fraction(sum(values), 1000 * len(values)), asked
    else:
        exact = values[math.ceil(len(values) * (0.9 if stat == "p90" else 0.5)) - 1]
        assert found["value"] == pytest.approx(exact / 1000, rel=0.008, abs=0.0005), asked


def round_hour(at_ms: int, zone: ZoneInfo) -> int:
    """The beginning of a local hour."""
    local = datetime.fromtimestamp(at_ms // 1000, zone)
    return at_ms // 1000 * 1000 - (local.minute * 60 + local.second) * 1000


def text(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat().replace("+00:00", "Z")
