"""All KPIs at once are what each of them is when asked alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import pytest
import pytest_asyncio

from aggregators.windows import NAMES
from api.query.overview import AT_ONCE, LEVELS, SHOWN, Figure, Overview, figures, figures_each, names, overview
from api.query.tables import Directory
from crmpulse.embedded import Redis
from events.instants import instant_ns
from tests.histories import TEAMS, USERS, history
from tests.telling import Told, telling

pytestmark = pytest.mark.asyncio(loop_scope="module")
INSTANTS = ("2026-01-20T12:34:56.789Z", "2026-03-01T00:00:00Z", "2026-07-01T00:00:00Z")


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=range(3), ids=lambda seed: f"history {seed}")
async def told(request: pytest.FixtureRequest, redis_server: Redis) -> AsyncIterator[Told]:
    async with telling(redis_server, history(Random(request.param), size=250), batch=60) as asking:
        yield asking


async def all_of(told: Told, now: str, *windows: str, levels: tuple[str, ...] = LEVELS) -> Overview:
    tables = await told.engine.tables(told.org)

    async def ask(directory: Directory) -> Overview:
        return await overview(tables, directory, instant_ns(now) // 1_000_000, windows, levels)

    return await tables.settled(ask)


@pytest.mark.parametrize("now", INSTANTS)
async def test_a_figure_is_the_answer_to_its_question(told: Told, now: str) -> None:
    windows = ("today", "this_month", "last_year", "all")
    found = [figure async for figure in figures(await all_of(told, now, *windows))]
    shown: dict[tuple[str, str, str], dict[str, Any]] = {}
    for kpi, window, level, name, value in found:
        shown.setdefault((kpi.id, window, level), {})[name] = value
    for kpi in SHOWN:
        for window in ("now",) if kpi.gauge else windows:
            asked = f"now={now}" + ("" if kpi.gauge else f"&window={window}")
            whole = await told.answer(kpi.id, asked)
            assert shown.get((kpi.id, window, "org"), {"": None}) == {"": whole["value"]}
            for level in {"team", "user"}.intersection(kpi.by):
                by = await told.answer(kpi.id, f"{asked}&by={level}&limit=10000")
                own = {g["key"][level]: g["value"] for g in by["groups"] if g["value"] is not None}
                # A name that has nothing of any KPI is told where it is in the directory, as the answer does.
                assert own.items() <= shown.get((kpi.id, window, level), {}).items()
                rest = shown.get((kpi.id, window, level), {}).keys() - own.keys()
                assert not any(shown[kpi.id, window, level][name] for name in rest)


async def test_there_are_no_more_figures_than_was_said_before(told: Told) -> None:
    found = await all_of(told, INSTANTS[0], "today", "this_week", "all")
    count = dict.fromkeys(LEVELS, 0)
    async for figure in figures(found):
        count[figure.level] += 1
    for level in LEVELS:
        assert 0 < count[level] <= names(found.directory, level) * figures_each(level, 3)
    assert names(found.directory, "user") == len(USERS) + 1
    assert names(found.directory, "team") >= len(TEAMS)


async def test_only_the_levels_asked_for_are_told(told: Told) -> None:
    found = await all_of(told, INSTANTS[0], "today", levels=("org",))
    assert {figure.level async for figure in figures(found)} == {"org"}


async def test_others_get_their_turn_while_figures_are_made(told: Told) -> None:
    turns, made = 0, 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    found = await all_of(told, INSTANTS[0], *NAMES)
    other = asyncio.create_task(others())
    async for _ in figures(found):
        made += 1
    other.cancel()
    assert turns >= made // AT_ONCE > 5


async def test_a_kpi_without_a_value_has_no_figure(redis_server: Redis) -> None:
    async with telling(redis_server, "01-05 deal.created 1 owner_id=ann") as asking:
        found = [f async for f in figures(await all_of(asking, "2026-01-05T10:00:00Z", "all"))]
    assert "win_rate" not in {figure.kpi.id for figure in found}
    assert _value(found, "deals_created", "org", "") == 1
    assert _value(found, "deals_lost", "user", "ann") == 0


@pytest.mark.parametrize(("now", "overdue"), [("2026-01-06T09:59:59.999Z", 0), ("2026-01-06T10:00:00.001Z", 1)])
async def test_what_becomes_overdue_by_itself_is_known_to_be_ahead(redis_server: Redis, now: str, overdue: int) -> None:
    async with telling(redis_server, "01-05 task.created 1 owner_id=ann due_at=01-06T10:00") as asking:
        found = await all_of(asking, now, "today")
        assert found.moves
        assert _value([f async for f in figures(found)], "tasks_overdue", "org", "") == overdue
        assert not (await all_of(asking, "2026-01-06T11:00:00Z", "today")).moves


async def test_it_holds_until_the_day_ends_where_the_organisation_is(redis_server: Redis) -> None:
    text = "01-01 org.updated org/demo time_zone=America/New_York\n01-05 deal.created 1 owner_id=ann"
    async with telling(redis_server, text) as asking:
        found = await all_of(asking, "2026-01-31T12:00:00Z", *NAMES)
    assert found.until_ms == instant_ns("2026-02-01T00:00:00-05:00") // 1_000_000


def _value(found: list[Figure], kpi: str, level: str, name: str) -> Any:
    (value,) = [f.value for f in found if (f.kpi.id, f.level, f.name) == (kpi, level, name)]
    return value
