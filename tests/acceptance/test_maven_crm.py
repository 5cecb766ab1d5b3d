"""The sales pipeline of a hardware seller: every number equals that of reference tables made with another tool."""

import csv
import random
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from crmpulse.embedded import Redis
from crmpulse.formats import maven_crm
from crmpulse.settings import Settings
from tests.loading import Asking, Event, load

pytestmark = pytest.mark.asyncio(loop_scope="module")
DATA = Path(__file__).parents[3] / "shared" / "datasets" / "maven-crm"
EVER = {"from": "2016-01-01", "to": "2018-01-01"}


def reference(name: str) -> list[dict[str, str]]:
    with (DATA / "reference" / f"{name}.csv").open(newline="") as lines:
        return list(csv.DictReader(lines))


def as_exported() -> list[Event]:
    return list(maven_crm.events(DATA))


def shuffled_and_repeated(seed: int) -> list[Event]:
    events, rng = as_exported(), random.Random(seed)
    events += rng.sample(events, len(events) // 5)
    rng.shuffle(events)
    return events


@pytest_asyncio.fixture(
    scope="module",
    loop_scope="module",
    params=[
        pytest.param(as_exported, id="as exported"),
        pytest.param(lambda: shuffled_and_repeated(1), id="any order"),
    ],
)
async def api(request: pytest.FixtureRequest, redis_server: Redis) -> AsyncIterator[Asking]:
    settings = Settings(redis=redis_server.address)
    await load(settings, request.param(), 5000)
    async with Asking(settings, "demo") as asking:
        yield asking


async def test_totals_and_quarters_are_those_published(api: Asking) -> None:
    assert (await api.value("deals_won"), await api.value("revenue_won"), await api.value("deals_lost")) == (
        4238,
        10005534,
        2473,
    )
    assert await api.groups("deals_open", "stage") == {"engaging": 1589, "prospecting": 500}
    assert await api.value("win_rate") == pytest.approx(0.631501, abs=5e-7)
    answers = {}
    for kpi in ("deals_won", "revenue_won", "deals_lost"):
        series = (await api.get(f"kpis/{kpi}", **{"from": "2017-01-01", "to": "2018-01-01"}, every="quarter"))["series"]
        answers[kpi] = [bucket["value"] for bucket in series]
    assert answers == {
        "deals_won": [531, 1254, 1257, 1196],
        "revenue_won": [1134672, 3086111, 2982255, 2802496],
        "deals_lost": [116, 778, 790, 789],
    }


async def test_sales_cycle_is_that_published(api: Asking) -> None:
    days = {stat: await api.value("sales_cycle_length", stat=stat) / 86_400 for stat in ("mean", "p50", "p90")}
    assert days["mean"] == pytest.approx(51.782, abs=5e-4)
    assert days["p50"] == pytest.approx(57, rel=0.01)
    assert days["p90"] == pytest.approx(106, rel=0.01)


async def test_every_agent_has_the_totals_of_the_reference(api: Asking) -> None:
    won, lost = await api.groups("deals_won", "user", **EVER), await api.groups("deals_lost", "user", **EVER)
    worth, rate = await api.groups("revenue_won", "user"), await api.groups("win_rate", "user")
    made, days = await api.groups("deals_created", "user"), await api.groups("sales_cycle_length", "user", stat="mean")
    engaging = await api.groups("deals_open", "user", where="stage:engaging")
    prospecting = await api.groups("deals_open", "user", where="stage:prospecting")
    for row in reference("agent_totals"):
        agent = row["sales_agent"]
        counts = [made[agent], won[agent], lost[agent], engaging.get(agent, 0), prospecting.get(agent, 0), worth[agent]]
        assert counts == [int(row[c]) for c in ("opps", "won", "lost", "engaging", "prospecting", "won_value")], agent
        assert rate[agent] == (
            pytest.approx(float(row["win_rate_pct"]) / 100, abs=5e-7) if row["win_rate_pct"] else None
        )
        cycle = row["cycle_days_won"]
        assert days[agent] == (pytest.approx(float(cycle) * 86_400, abs=5) if cycle else None)


async def test_every_month_and_quarter_of_every_agent_equals_the_reference(api: Asking) -> None:
    for name, every, columns in (
        ("won_per_agent_month", "month", {"won": "deals_won", "won_value": "revenue_won"}),
        ("won_per_agent_quarter", "quarter", {"won": "deals_won", "lost": "deals_lost", "won_value": "revenue_won"}),
    ):
        for column, kpi in columns.items():
            found = await _series_by_user(api, kpi, every)
            rows = reference(name)
            assert rows
            for row in rows:
                assert found[_start(row[every]), row["sales_agent"]] == int(row[column]), (kpi, row)
            assert sum(found.values()) == sum(int(row[column]) for row in rows)


async def test_open_deals_as_of_each_day_equal_the_reference(api: Asking) -> None:
    rows = reference("open_engaged_as_of_each_day")
    span = {"from": rows[0]["day"], "to": str(date.fromisoformat(rows[-1]["day"]) + timedelta(days=1))}
    for column, scope in (("open_engaged", "org"), ("open_darcel", "user:Darcel Schlecht")):
        answer = await api.get("kpis/deals_open", scope=scope, where="stage:engaging", every="day", **span)
        found = {bucket["from"][:10]: bucket["value"] for bucket in answer["series"]}
        assert found == {row["day"]: int(row[column]) for row in rows}


async def test_regional_offices_and_products_add_up(api: Asking) -> None:
    rows = reference("agent_totals")
    offices: dict[str, int] = {}
    for row in rows:
        offices[row["regional_office"]] = offices.get(row["regional_office"], 0) + int(row["won_value"])
    assert {office: value for office, value in (await api.groups("revenue_won", "region")).items() if value} == offices
    products = await api.groups("revenue_won", "product")
    assert (products["GTX Pro"], sum(products.values())) == (3510578, 10005534)
    managers = await api.groups("deals_won", "team")
    for manager in {row["manager"] for row in rows}:
        assert managers[manager] == sum(int(row["won"]) for row in rows if row["manager"] == manager)


async def test_all_of_it_is_the_same_in_any_order_in_small_batches() -> None:
    with Redis() as own:
        settings = Settings(redis=own.address)
        await load(settings, shuffled_and_repeated(1), 1, 7)
        async with Asking(settings, "demo") as asking:
            for check in CHECKS:
                await check(asking)


CHECKS = (
    test_totals_and_quarters_are_those_published,
    test_sales_cycle_is_that_published,
    test_every_agent_has_the_totals_of_the_reference,
    test_every_month_and_quarter_of_every_agent_equals_the_reference,
    test_open_deals_as_of_each_day_equal_the_reference,
    test_regional_offices_and_products_add_up,
)


async def _series_by_user(api: Asking, kpi: str, every: str) -> dict[tuple[str, str], Any]:
    answer = await api.get(
        f"kpis/{kpi}", by="user", every=every, limit="1000", **{"from": "2017-01-01", "to": "2018-01-01"}
    )
    return {(b["from"][:10], g["key"]["user"]): g["value"] for b in answer["series"] for g in b["groups"]}


def _start(label: str) -> str:
    """The first day of `2017-03` or `2017-Q2`."""
    year, _, part = label.partition("-")
    month = (int(part[1:]) - 1) * 3 + 1 if part.startswith("Q") else int(part)
    return f"{year}-{month:02}-01"
