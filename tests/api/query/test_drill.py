"""The records behind a number add up to it, and each says what it adds to what."""

from typing import Any

import pytest

from aggregators.averages import Score
from aggregators.catalogue import BY_ID, KPIS, anchors_of
from aggregators.formulas import Count
from aggregators.measure import LEVELS, SINGLE
from aggregators.users import Users
from api.query import drill
from api.query.errors import ImpossibleError
from api.query.question import dimensions, question
from crmpulse.embedded import Redis
from tests.histories import TEAMS, USERS
from tests.telling import Told, params, telling

pytestmark = pytest.mark.asyncio(loop_scope="module")
ADDING = [
    kpi.id
    for kpi in KPIS
    if kpi.counts and kpi.kind in ("count", "sum", "gauge", "distinct") and not isinstance(kpi.formula, Users | Score)
]
SCOPES = ("org", *(f"user:{user}" for user in USERS[:3]), *(f"team:{team}" for team in TEAMS[:2]), "user:(none)")
STORY = """
    01-01 deal.created 1 owner_id=ann value=100USD name=Big
    02-01 deal.won 1 actor=bo
    01-01 deal.created 2 owner_id=bo value=30EUR
    02-05 deal.won 2
    02-06 record.deleted deal/2
    01-01 fx_rate.set fx/USD/2026-01-01 rate=0.5
    01-01 fx_rate.set fx/USD/2026-08-01 rate=9
"""


async def records(asking: Told, asked: str) -> dict[str, Any]:
    return await asking.engine.records(asking.org, params(asked))


@pytest.mark.parametrize("kpi", ADDING)
async def test_the_records_add_up_to_the_number(told: Told, kpi: str) -> None:
    for scope in SCOPES:
        for credit in ("at_event", "current"):
            asked = f"scope={scope}&credit={credit}"
            found = await records(told, f"kpi={kpi}&{asked}&limit=10000")
            assert sum(row["value"] for row in found["records"]) == await told.value(kpi, asked), asked
            assert found["total"] == len(found["records"])


@pytest.mark.parametrize("kpi", [kpi.id for kpi in KPIS if isinstance(kpi.formula, Score)])
async def test_the_records_of_a_score_have_it_as_their_mean(told: Told, kpi: str) -> None:
    for scope in SCOPES:
        found = (await records(told, f"kpi={kpi}&scope={scope}&limit=10000"))["records"]
        mean = sum(row["value"] for row in found) / len(found) if found else None
        assert mean == await told.value(kpi, f"scope={scope}")


async def test_pages_have_every_record_once_the_latest_first(told: Told) -> None:
    whole = (await records(told, "kpi=deals_created&limit=10000"))["records"]
    found: list[Any] = []
    cursor: str | None = "0"
    while cursor:
        page = await records(told, f"kpi=deals_created&limit=2&cursor={cursor}")
        found, cursor = found + page["records"], page.get("cursor")
    assert found == whole
    assert len({row["record"] for row in whole}) == len(whole)


COUNTED = [
    kpi.id
    for kpi in KPIS
    if isinstance(kpi.formula, Count) and (SINGLE.issuperset(anchors_of(kpi)) or LEVELS.issuperset(anchors_of(kpi)))
]


WINDOWS = ("window=all", "from=2026-02-03&to=2026-05-17", "from=2026-01-05T09:30:00Z&to=2026-03-09T17:45:00Z")
PAGES = ((1, 0), (3, 2), (7, 0), (1000, 0), (5, 1000))


@pytest.mark.parametrize("kpi", COUNTED)
async def test_a_page_of_the_newest_is_that_of_all(told: Told, kpi: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [f"{window}&limit={limit}&cursor={cursor}" for window in WINDOWS for limit, cursor in PAGES]
    asked += [f"where={name}:(none)" for name in dimensions(BY_ID[kpi]) if "<" not in name]
    await assert_pages(told, [f"kpi={kpi}&scope={scope}&{each}" for scope in SCOPES for each in asked], monkeypatch)


async def assert_pages(told: Told, asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages are the same where all is read for each of them."""
    newest = [await records(told, each) for each in asked]
    monkeypatch.setattr(drill, "_is_short", lambda _: False)
    assert newest == [await records(told, each) for each in asked]
    assert {row["value"] for found in newest for row in found["records"]} <= {1}


def calls(count: int) -> str:
    """Calls of nine users, most of them of one, many at one instant, and a third inbound."""
    return "".join(
        f"{1 + n % 3:02}-{1 + n % 28:02} call.logged {n} actor=u{max(0, n % 40 - 31)} "
        f"direction={'outbound' if n % 7 % 3 else 'inbound'}\n"
        for n in range(count)
    )


async def test_a_page_of_many_records_is_that_of_all(redis_server: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    async with telling(redis_server, calls(2_000)) as asking:
        pages = [(limit, cursor) for limit in (1, 2, 5, 13, 50) for cursor in (0, 1, 9, 40, 333)]
        asked = [f"kpi=calls_made&window=all&limit={limit}&cursor={cursor}" for limit, cursor in pages]
        asked += [f"{each}&scope=user:u{user}" for each in asked for user in (0, 3)]
        await assert_pages(asking, asked, monkeypatch)


async def test_for_a_page_of_many_records_only_so_many_are_read(redis_server: Redis) -> None:
    async with telling(redis_server, calls(900)) as asking:
        tables = await asking.engine.tables(asking.org)
        asked = question(BY_ID["calls_made"], params("window=all&limit=10"), (await tables._directory()).org)
        found = await tables.settled(lambda directory: drill.behind(asked, tables, directory))
    assert (found["total"], len(found["records"])) == (514, 10)
    assert 10 <= sum(isinstance(read, str) and ":r:call" in read for read in tables.known) < 100


async def test_a_filter_filters_the_records(told: Told) -> None:
    for source in ("web", "ads", "(none)"):
        asked = f"where=source:{source}"
        found = await records(told, f"kpi=deals_created&{asked}&limit=10000")
        assert found["total"] == await told.value("deals_created", asked)


@pytest.mark.parametrize("kpi", ADDING)
async def test_groups_series_and_comparison_have_the_same_records(told: Told, kpi: str) -> None:
    asked = f"kpi={kpi}&limit=10000"
    by = ",".join(dict.fromkeys(name.replace("custom.<key>", "custom.size") for name in dimensions(BY_ID[kpi])))
    found = await records(told, f"{asked}&by={by}&every=month&compare=previous")
    assert found == await records(told, asked)


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ("every=daily", "every: 'daily' is none of hour, day"),
        ("by=sorce", "by: deals_created has no dimension 'sorce'"),
        ("compare=before", "compare: 'before' is none of previous"),
        ("groups=source", "there is no parameter 'groups'"),
    ],
)
async def test_a_wrong_selector_is_refused_as_for_the_number(told: Told, asked: str, why: str) -> None:
    for ask in (records(told, f"kpi=deals_created&{asked}"), told.answer("deals_created", asked)):
        with pytest.raises(ImpossibleError, match=why):
            await ask
