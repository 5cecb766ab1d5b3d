"""Goals of every kind on the sales pipeline of a hardware seller stand where a recount in SQL has them, at any instant."""

import math
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from api.query.engine import Engine
from api.query.goals import At, Standing, named, stand
from api.query.tables import Directory
from crmpulse.embedded import Redis
from crmpulse.formats import maven_crm
from crmpulse.settings import Settings
from streams.connection import connect
from tests.goal_recount import HOLIDAYS, HOURS, MOVED, MOVER, RATES, ZONE, recount
from tests.loading import Event, load

pytestmark = pytest.mark.asyncio(loop_scope="module")
DATA = Path(__file__).parents[3] / "shared" / "datasets" / "maven-crm"
GOALS, INSTANTS = 200, 20
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
FIRST, LAST = datetime(2016, 8, 1, tzinfo=UTC), datetime(2018, 3, 1, tzinfo=UTC)
VALUES = {
    "region": ("Central", "East", "West"),
    "product": ("GTX Pro", "MG Special", "GTX Basic", "GTK 500"),
    "deal_type": ("GTX", "MG", "GTK"),
    "stage": ("engaging", "prospecting"),
    "user": (MOVER[0], "Vicki Laflamme", "Moses Frase"),
}
TEAMS = ("Dustin Brinkmann", "Melvin Marxen", "Summer Sewald", "Cara Losch")


class Kind(NamedTuple):
    """A KPI as the recount names it: filters that it has, usual targets of the organisation, how the API is asked."""

    filters: tuple[str, ...]
    targets: tuple[float, float]
    ask: dict[str, Any]


_SOLD = ("region", "product", "deal_type", "user")
KINDS = {
    "deals_won": Kind(_SOLD, (5, 900), {"kpi": "deals_won"}),
    "deals_lost": Kind(("stage", "deal_type", "user"), (5, 600), {"kpi": "deals_lost"}),
    "deals_created": Kind(("region", "deal_type", "user"), (5, 1500), {"kpi": "deals_created"}),
    "revenue_won": Kind(_SOLD, (9000, 2_500_000), {"kpi": "revenue_won"}),
    "avg_deal_size": Kind(_SOLD, (1500, 3500), {"kpi": "avg_deal_size"}),
    "win_rate": Kind(_SOLD, (0.45, 0.75), {"kpi": "win_rate", "params": {"variant": "count"}}),
    "cycle": Kind(_SOLD, (3e6, 6e6), {"kpi": "sales_cycle_length", "stat": "mean"}),
    "cycles": Kind(_SOLD, (5, 900), {"kpi": "sales_cycle_length", "stat": "count"}),
    "deals_open": Kind(("stage", "deal_type", "user"), (20, 2500), {"kpi": "deals_open"}),
    "pipeline_value": Kind(("region", "stage", *_SOLD[1:]), (20_000, 5_000_000), {"kpi": "pipeline_value"}),
    "weighted_pipeline": Kind(("region", "stage", *_SOLD[1:]), (10_000, 3_000_000), {"kpi": "weighted_pipeline"}),
}
MONEY = ("revenue_won", "avg_deal_size", "pipeline_value", "weighted_pipeline")


def generated(rng: random.Random, number: int) -> dict[str, Any]:
    """Return a goal as the recount takes it."""
    kpi = list(KINDS)[number % len(KINDS)]
    assignee = rng.choice(("org", f"team:{rng.choice(TEAMS)}", f"user:{rng.choice(VALUES['user'])}"))
    first = (FIRST + timedelta(days=rng.randrange(500))).date()
    period = rng.choice(("week", "month", "quarter", "year", None))
    low, high = KINDS[kpi].targets
    high = high if assignee == "org" or kpi in ("avg_deal_size", "win_rate", "cycle") else low + (high - low) / 12
    sets = rng.choice((1, 1, 2, 3))
    filters = rng.sample(KINDS[kpi].filters, rng.choice((0, 0, 0, 0, 1, 2)))
    return {
        "id": f"{number}: {kpi}",
        "kpi": kpi,
        "assignee": assignee,
        "period": period,
        "first": None if period else str(first),
        "last": None if period else str(first + timedelta(days=rng.choice((0, 5, 40, 120)))),
        "most": rng.random() < 0.35,
        "pace": rng.choice(("linear", "working_days")),
        "currency": rng.choice(("USD", "USD", "EUR", "EUR", "GBP")) if kpi in MONEY else "USD",
        "where": {name: rng.choice(VALUES[name]) for name in filters},
        "settings": [(instant(rng), round(100 * low * (high / low) ** rng.random())) for _ in range(sets)],
        "instants": list({instant(rng) for _ in range(INSTANTS)}),
    }


def instant(rng: random.Random) -> int:
    """Return an instant in milliseconds: any, or one at which a day, a month or a deal may begin or end."""
    at = FIRST + rng.random() * (LAST - FIRST)
    day = datetime(at.year, at.month, at.day, tzinfo=rng.choice((UTC, ZoneInfo(ZONE))))
    chosen = rng.choice((at, at, at, day, day.replace(day=1)))
    return int(chosen.timestamp()) * 1000 + rng.choice((0, 0, 0, 1, -1, 999))


def events(goals: list[dict[str, Any]]) -> list[Event]:
    """Return the export with what it lacks: a calendar, somebody who moves, rates, and goals, some of them deleted."""
    org = {"time_zone": ZONE, "week_start": "sunday", "fiscal_year_start_month": 2, "holidays": [*HOLIDAYS]}
    told = [("org.updated", "org/demo", "2016-10-14T00:00:00Z", org)]
    told += [
        (f"{'org' if whose == 'org' else 'team'}.updated", "org/demo" if whose == "org" else f"team/{whose}",
         f"{since.replace(' ', 'T')}:00Z", {"business_hours": {WEEKDAYS[day - 1]: [["10:00", "15:00"]] for day in days}})
        for whose, since, days in HOURS
    ]  # fmt: skip
    told.append(("user.updated", f"user/{MOVER[0]}", f"{MOVED}T12:00:00Z", {"team_id": MOVER[1]}))
    told += [
        ("fx_rate.set", f"fx/{code}/{day}", "2016-01-01T00:00:00Z", {"rate": f"{worth / 100}"})
        for code, day, worth in RATES
        if code != "USD"
    ]
    for goal in goals:
        told += [("goal.set", f"goal/{goal['id']}", text(at), data(goal, target)) for at, target in goal["settings"]]
    told += [("goal.set", f"goal/gone {n}", text(n), data(goal, 100)) for n, goal in enumerate(goals[:5])]
    told += [("goal.deleted", f"goal/gone {n}", text(n + 1), {}) for n in range(5)]
    made = [event(number, *one) for number, one in enumerate(told)]
    random.Random(3).shuffle(made)
    return [*made[::2], *maven_crm.events(DATA), *made[1::2]]


def event(number: int, kind: str, subject: str, at: str, said: dict[str, Any]) -> Event:
    envelope = {"specversion": "1.0", "id": f"{number}", "source": "/goals", "orgid": "demo"}
    return {**envelope, "type": f"crm.{kind}", "subject": subject, "time": at, "data": said}


def data(goal: dict[str, Any], target: int) -> dict[str, Any]:
    """Return what is said of a goal; a target is a number or money at random, but reproducibly so."""
    amount: Any = target / 100
    if goal["kpi"] in MONEY and (goal["currency"] != "USD" or target % 2):
        amount = {"amount": f"{target // 100}.{target % 100:02}", "currency": goal["currency"]}
    span = {"period": goal["period"]} if goal["period"] else {"start": goal["first"], "end": goal["last"]}
    direction = {"direction": "at_most"} if goal["most"] else {}
    said = {"assignee": goal["assignee"], "target": amount, "pace": goal["pace"], "where": goal["where"]}
    return {**said, **span, **direction, **KINDS[goal["kpi"]].ask}


def text(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03}Z"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(redis_server: Redis) -> AsyncIterator[Engine]:
    settings = Settings(redis=redis_server.address)
    await load(settings, events(goals()), 5000)
    redis = connect(settings)
    try:
        yield Engine(redis, settings)
    finally:
        await redis.aclose()


def goals() -> list[dict[str, Any]]:
    rng = random.Random(7)
    return [generated(rng, number) for number in range(GOALS)]


async def test_goals_stand_at_every_instant_where_the_recount_has_them(engine: Engine) -> None:
    expected, states = recount(DATA, goals()), dict[Any, int]()
    tables = await engine.tables("demo")
    for goal in goals():
        instants = [At(at, at) for at in goal["instants"]]

        async def ask(directory: Directory, name: str = goal["id"], at: list[At] = instants) -> list[Standing]:
            return await stand(named(directory.org, name), at, tables, directory)

        for found in await tables.settled(ask):
            row = expected[goal["id"], found.at_ms]
            wrong = differing(told(found), recounted(row, goal))
            assert not wrong, f"{goal} at {text(found.at_ms)}: {wrong}"
            states[found.state] = states.get(found.state, 0) + 1
    assert sum(states.values()) == len(expected) > 0.9 * GOALS * INSTANTS
    assert all(states[state] > 50 for state in ("on_track", "at_risk", "off_track", "reached", "missed", None)), states


def told(found: Standing) -> dict[str, Any]:
    """Return what the service says of a standing, in floating point."""
    course, window = found.course, found.window
    assert window
    numbers = [found.target, found.progress, course.expected, course.attainment, course.pace, course.projection]
    return {
        **{name: None if one is None else float(one) for name, one in zip(NUMBERS, numbers, strict=True)},
        "from": window.from_ms,
        "to": window.to_ms,
        "state": found.state,
    }


NUMBERS = ("target", "progress", "expected", "attainment", "pace", "projection")


def recounted(row: dict[str, Any], goal: dict[str, Any]) -> dict[str, Any]:
    """Return the same of a row of the recount."""
    target = None if row["aim"] is None else Fraction(row["aim"], 10_000)
    progress = None if row["den"] is None else Fraction(row["num"], row["den"])
    share = Fraction(row["gone"], row["whole"])
    expected = target if target is None or row["level"] else target * share
    pairs = [(progress, target), (progress, expected)]
    attainment, pace = (over(*(reversed(pair) if goal["most"] else pair)) for pair in pairs)
    projection = progress if row["level"] else over(progress, share)
    numbers = [target, progress, expected, attainment, pace, None if target is None else projection]
    return {
        **{name: None if one is None else float(one) for name, one in zip(NUMBERS, numbers, strict=True)},
        "from": row["from_ms"],
        "to": row["to_ms"],
        "state": row["state"],
    }


def differing(found: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    """Return what differs by more than the rounding of floating point."""
    pairs = {name: (one, expected[name]) for name, one in found.items()}
    return {name: (a, b) for name, (a, b) in pairs.items() if a != b and not _close(a, b)}


def _close(one: Any, other: Any) -> bool:
    return isinstance(one, float) and isinstance(other, float) and math.isclose(one, other, rel_tol=1e-9)


def over(one: Fraction | None, other: Fraction | None) -> Fraction | None:
    return None if one is None or not other else one / other


async def test_the_api_tells_them_all_and_none_that_was_deleted(engine: Engine) -> None:
    at_ms = int(datetime(2017, 11, 5, 12, tzinfo=UTC).timestamp() * 1000)
    asked = [{**goal, "instants": [at_ms]} for goal in goals()[:20]]
    expected = recount(DATA, asked)
    listed = (await engine.goals("demo", {"now": [text(at_ms)], "scope": [asked[0]["assignee"]]}))["goals"]
    mine = sorted(goal["id"] for goal in goals() if goal["assignee"] == asked[0]["assignee"])
    assert [goal["goal"] for goal in listed] == mine
    for goal in asked:
        found = await engine.goal("demo", goal["id"], {"now": [text(at_ms)]})
        row = recounted(expected[goal["id"], at_ms], goal)
        assert (found["state"], found["progress"]) == (row["state"], pytest.approx(row["progress"])), goal
        value = await engine.kpi("demo", "goal_pace", {"goal": [goal["id"]], "now": [text(at_ms)]})
        assert value["value"] == pytest.approx(row["pace"]), goal


async def test_the_recount_notices_a_wrong_target_and_a_wrong_day() -> None:
    goal = {**goals()[0], "settings": [(0, 500)], "instants": [1_500_000_000_000]}
    others = [{**goal, "id": "more", "settings": [(0, 600)]}, {**goal, "id": "later", "instants": [1_500_086_400_000]}]
    row, other, later = recount(DATA, [goal, *others]).values()
    assert len({str(recounted(one, goal)) for one in (row, other, later)}) == 3
