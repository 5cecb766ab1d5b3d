"""How long events took until a commit made them visible, and what is told beside, by example."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from api.query.engine import Engine
from api.query.errors import ImpossibleError
from api.query.overview import figures, overview
from api.query.tables import Directory
from crmpulse.embedded import Redis
from crmpulse.settings import Settings
from events import instant_ns
from tests.committing import Committing, committing
from tests.telling import Told, params

KPI = "event_freshness"
CALL = "01-05T10:00 call.logged 1 actor=ann"
LATER = "01-05T10:00 call.logged 2 actor=ann"


@pytest.fixture
async def tables(redis_server: Redis) -> AsyncIterator[Committing]:
    async with committing(Settings(redis=redis_server.address)) as found:
        yield found


@pytest.fixture
def asking(tables: Committing) -> Told:
    return Told(Engine(tables.redis, tables.settings), tables.org)


Commits = list[tuple[str, str]]
"""When each batch was committed, and what it told."""

CASES: dict[str, tuple[Commits, Mapping[str, Any]]] = {
    "an event takes from its time until the commit": (
        [("01-05T10:00:00.250", CALL)],
        {"stat=mean": 0.25, "stat=count": 1, "": 0.25, "stat=p90": 0.25},
    ),
    "each of a batch takes its own time": (
        [("01-05T10:00:10", f"{CALL}\n01-05T10:00:04 call.logged 2")],
        {"stat=mean": 8, "stat=count": 2},
    ),
    "what is to come took no time": ([("01-05T09:00", CALL)], {"stat=mean": 0, "": 0}),
    "nothing is told of what nothing was told": ([], {"": None, "stat=count": 0, "by=source": {}}),
    "a repeat makes nothing visible": (
        [("01-05T10:00:01", CALL), ("01-05T10:00:09", CALL), ("01-05T10:00:09", f"{LATER} id=2\n{LATER} id=2")],
        {"stat=count": 2, "stat=mean": 5},
    ),
    "a correction is an event like any other": (
        [("01-05T10:00:01", CALL), ("01-05T10:00:03", f"{CALL} id=2 duration_ms=5")],
        {"stat=count": 2, "stat=mean": 2},
    ),
    "it counts in the hour of the commit, not in that of the event": (
        [("01-05T11:00:00", CALL), ("01-06T10:00", LATER.replace("logged 2", "logged 2 id=2"))],
        {
            "window=all&stat=count": 2,
            "from=2026-01-05T10:00&to=2026-01-05T11:00&stat=count": 0,
            "from=2026-01-05T11:00&to=2026-01-05T12:00&stat=mean": 3600,
            "every=day&from=2026-01-05&to=2026-01-07&stat=mean": [3600, 86_400],
            "every=hour&from=2026-01-05T10:00&to=2026-01-05T12:00&stat=count": [0, 1],
            "every=month&from=2026-01-01&to=2026-03-01&stat=count": [2, 0],
            "window=today&now=2026-01-06T23:00&stat=count": 1,
        },
    ),
    "an hour counts in the window that it begins in": (
        [("01-05T11:50", CALL)],
        {
            "from=2026-01-05T11:00&to=2026-01-05T11:10&stat=count": 1,
            "from=2026-01-05T11:10&to=2026-01-05T13:00&stat=count": 0,
        },
    ),
    "days are those of the organisation": (
        [
            ("01-01", "01-01 org.updated org/demo time_zone=Asia/Kolkata"),
            ("01-05T18:29:59", CALL),
            ("01-05T18:30:01", f"{LATER} id=2"),
        ],
        {
            "every=day&from=2026-01-05&to=2026-01-07&stat=count": [1, 1],
            "every=hour&from=2026-01-05T23:00&to=2026-01-06T01:00&stat=count": [1, 1],
        },
    ),
    "publishers are told apart": (
        [("01-05T10:00:02", f"{CALL} source_id=/a\n{LATER} source_id=/a\n01-05T10:00 call.logged 3 source_id=/b/c:d=e")],
        {
            "by=source&stat=count": {"/a": 2, "/b/c:d=e": 1},
            "where=source:/a&stat=count": 2,
            "where=source:/b&stat=count": 0,
            "where=source:/a&where=source:/b/c:d=e&stat=count": 0,
            "by=source&where=source:/a&stat=mean": {"/a": 2},
            "by=source&every=day&from=2026-01-05&to=2026-01-06&stat=mean": [2],
        },
    ),
    "of what is not known who or whose it is": (
        [
            ("01-01", "01-01 user.updated user/ann team_id=west\n01-01 team.updated team/west name=West"),
            ("01-05T10:00:01", f"{CALL} owner_id=ann team_id=west"),
            ("01-05T10:00:01", "01-05T10:00 call.logged 4 actor=bo id=9\n01-05T10:00 deal.created 1 owner_id=cy id=10"),
            ("01-05T10:00:01", "01-05T10:00 deal.created 2 owner_id=ann team_id=east id=11"),
            ("01-05T10:00:02", "01-01 user.updated user/bo team_id=west id=12"),
            ("01-05T10:00:03", "01-05T10:00 call.logged 5 actor=bo id=13"),
        ],
        {"unmapped?": 3, "stat=count": 8},
    ),
    "of amounts that have no rate": (
        [
            ("01-05T10:00:01", "01-05T10:00 deal.won 1 value=5EUR\n01-05T10:00 deal.won 2 value=5USD id=2"),
            ("01-05T10:00:01", "01-05T10:00 order.created 1 value=5USD lines=a@1GBP,b@1GBP id=3"),
            ("01-05T10:00:01", "01-05T10:00 record.updated deal/1 changed.value=6CHF id=4"),
            ("01-05T10:00:01", "01-05T10:00 record.updated deal/1 changed.other=x id=5"),
            ("01-05T10:00:02", "01-01 fx_rate.set fx/USD/2026-01-05 rate=0.9 id=6"),
            ("01-05T10:00:03", "01-05T10:00 deal.won 3 value=5USD id=7\n01-04T10:00 deal.won 4 value=5USD id=8"),
        ],
        {"fx_missing?": {"USD": 3, "GBP": 1, "CHF": 1}, "stat=count": 8},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("commits", "answers"), CASES.values(), ids=CASES)
async def test_freshness(commits: Commits, answers: Mapping[str, Any], tables: Committing, asking: Told) -> None:
    for at, told in commits:
        await tables.commit(at, told)
    for asked, value in answers.items():
        member, mark, rest = asked.partition("?")
        found = (await asking.answer(KPI, rest)).get(member) if mark else await asking.value(KPI, asked)
        exact = value is None or isinstance(value, dict)
        assert found == (value if exact else pytest.approx(value, rel=0.008, abs=0.0005)), asked


@pytest.mark.parametrize("scope", ["user:ann", "team:west"])
async def test_it_is_that_of_the_whole_organisation(scope: str, asking: Told) -> None:
    with pytest.raises(ImpossibleError, match="event_freshness is that of the whole organisation: org"):
        await asking.engine.kpi(asking.org, KPI, params(f"scope={scope}"))


@pytest.mark.parametrize("by", ["user", "team", "channel"])
async def test_it_has_no_other_dimension_than_the_source(by: str, asking: Told) -> None:
    with pytest.raises(ImpossibleError, match=f"event_freshness has no dimension '{by}'; it has source"):
        await asking.engine.kpi(asking.org, KPI, params(f"by={by}"))


async def test_all_kpis_at_once_have_the_same_value(tables: Committing, asking: Told) -> None:
    await tables.commit("01-05T10:00:07", CALL)
    found = await asking.engine.tables(asking.org)
    now_ms = instant_ns("2026-01-05T12:00:00Z") // 1_000_000
    whole = await found.settled(
        lambda directory: overview(found, directory, now_ms, ["today", "yesterday"], ["org", "user"])
    )
    told = {figure.window: figure.value async for figure in figures(whole) if figure.kpi.id == KPI}
    assert told == {"today": await asking.value(KPI, "window=today&now=2026-01-05T12:00")}
    assert told["today"] == pytest.approx(7, rel=0.008)


async def test_the_ledger_is_of_the_tables_that_an_answer_is_made_of(tables: Committing, asking: Told) -> None:
    """What is read of it is read at one offset with the rest: a commit between two reads has all of them made again."""
    await tables.commit("01-05T10:00:01", CALL)
    found = await asking.engine.tables(asking.org)
    keys = found.keys
    months: list[list[str]] = []

    async def ask(directory: Directory) -> list[dict[bytes, bytes]]:
        months.append(await found.members(keys.fresh))
        if len(months) == 1:
            await tables.commit("02-05T10:00:01", f"{LATER} id=2")
        return [
            dict(each) for each in (await found.hashes(keys.row("fresh", "m", month) for month in months[-1])).values()
        ]

    counts = [sum(int(n) for name, n in each.items() if name[:1].isdigit()) for each in await found.settled(ask)]
    assert (months, counts) == ([["202601"], ["202601", "202602"]], [1, 1])
