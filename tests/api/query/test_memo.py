"""What is remembered of sums: the same answers as without, whatever changes in between."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import Any

import pytest

from aggregators.fold import Delta
from api.query import memo, sums
from api.query.engine import Engine
from api.query.memo import Memo, Memos, Origin
from api.query.tables import Tables
from crmpulse.embedded import Redis
from crmpulse.settings import Settings
from tests.committing import Committing, committing
from tests.histories import history
from tests.telling import params

HERE, THERE = Origin(b"me.1", b"4"), Origin(b"me.2", b"4")
NOW = "2026-02-16T00:00:00Z"
DESCRIBING = ("org", "user", "team", "pipeline")
"""What changes the directory: nothing is remembered then."""
RANKED = (
    "activities_completed", "calls_made", "deals_open", "pipeline_value", "revenue_won", "win_rate", "tasks_overdue", "leads_open",
    "tickets_open", "meetings_held",
)  # fmt: skip


def memo_of(position: int, *holders: str, origin: Origin = HERE) -> Memo:
    found = Memo(origin, position, {})
    for holder in holders:
        found.put(holder, ("all",), {"calls_made": 1})
    return found


def test_who_was_not_touched_is_known_and_who_was_is_not() -> None:
    before = memo_of(7, "u:ann", "u:bo", "o")
    after = before.onward(HERE, 9, ["u:bo", "u:new"])
    assert [bool(after.get(holder, ("all",))) for holder in ("u:ann", "u:bo", "o")] == [True, False, False]
    assert after.size == 1
    assert before.get("u:bo", ("all",)) == {"calls_made": 1}  # which others go by still
    assert before.size == 3
    assert before.onward(HERE, 7, []).size == 3


@pytest.mark.parametrize(("origin", "position"), [(THERE, 9), (HERE._replace(directory=b"8"), 9), (HERE, 6)])
def test_nothing_is_known_of_other_tables_of_another_directory_and_of_tables_that_went_back(
    origin: Origin, position: int
) -> None:
    assert memo_of(7, "u:ann").onward(origin, position, []).size == 0


def test_what_is_put_later_is_not_seen_by_those_who_share_what_was_there() -> None:
    before = memo_of(7, "u:ann")
    before.onward(HERE, 7, []).put("u:ann", ("year",), {})
    assert before.get("u:ann", ("year",)) is None


def test_the_latest_is_kept_and_what_is_too_much_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memo, "MOST_CELLS", 3)
    memos, late = Memos(), memo_of(9, "u:ann")
    memos.keep("acme", late)
    memos.keep("acme", memo_of(7, "u:ann", "u:bo"))
    assert memos.get("acme") is late
    replaced = memo_of(2, "u:bo", origin=THERE)
    memos.keep("acme", replaced)
    assert memos.get("acme") is replaced
    memos.keep("globex", memo_of(1, "u:ann", "u:bo", "u:cy"))
    assert memos.get("acme") is None
    assert memos.get("globex")


async def differing(tables: Committing, seed: int) -> list[str]:
    """Questions that an engine which remembers answers otherwise than one that was just made."""
    rng, kept, found = Random(seed), Engine(tables.redis, tables.settings), []
    events, asked = history(rng, (tables.org,), 250), [question(rng) for _ in range(8)]
    first = [event for event in events if event["type"].split(".")[1] in DESCRIBING]
    rest = [event for event in events if event not in first]
    await tables.commit(NOW, [*first, *rest[:50]])
    for start in range(50, len(rest), 5):
        for path, one in rng.sample(asked, 4):
            new = Engine(tables.redis, tables.settings)
            if await answer(kept, tables.org, path, one) != await answer(new, tables.org, path, one):
                found.append(f"{path} {one}")
        await tables.commit(NOW, rest[start : start + 5])
    return found


def call(number: str, owner: str) -> str:
    return f"01-05 call.logged {number} direction=outbound owner_id={owner}"


def question(rng: Random) -> tuple[str, str]:
    """A question about users or teams."""
    if rng.random() < 0.2:
        return rng.choice(RANKED), f"scope={rng.choice(('user:ann', 'team:west'))}&window=this_month&every=day"
    level, window = rng.choice(("user", "team")), rng.choice(("last_30_days", "this_month", "all", "last_7_days"))
    kpi, more = rng.choice(RANKED), rng.choice(("", "&credit=current", "&team=west"))
    if rng.random() < 0.5:
        return "leaderboard", f"kpi={kpi}&level={level}&window={window}{more}&limit=100"
    return kpi, f"by={level}&window={window}{more.replace('team=', 'scope=team:')}&limit=100"


async def answer(engine: Engine, org: str, path: str, asked: str) -> Any:
    told = params(f"{asked}&now={NOW}")
    return await (engine.leaderboard(org, told) if path == "leaderboard" else engine.kpi(org, path, told))


@pytest.fixture
def every_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remember also the sums of few."""
    monkeypatch.setattr(sums, "MANY", 1)


@pytest.mark.usefixtures("every_sum")
@pytest.mark.parametrize("seed", range(5))
async def test_answers_are_those_of_an_engine_that_remembers_nothing(seed: int, redis_server: Redis) -> None:
    async with committing(Settings(redis=redis_server.address)) as tables:
        assert await differing(tables, seed) == []


@pytest.mark.usefixtures("every_sum")
async def test_that_would_fail_if_a_commit_did_not_note_whom_it_credits(
    redis_server: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Delta, "holders", lambda _: set[str]())
    found: list[str] = []
    for seed in range(8):
        async with committing(Settings(redis=redis_server.address)) as tables:
            found += [] if found else await differing(tables, seed)
    assert found


@pytest.mark.usefixtures("every_sum")
async def test_who_was_touched_is_read_in_one_step_with_their_rows_so_that_no_commit_comes_between(
    redis_server: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    load = Tables.load

    async def loaded(self: Tables, keys: Iterable[str]) -> Any:
        asked.append("load")
        await tables.commit(NOW, call(f"{len(asked)}", "bo"))
        return await load(self, keys)

    async with committing(Settings(redis=redis_server.address)) as tables:
        engine = Engine(tables.redis, tables.settings)
        await tables.commit(
            NOW,
            "01-05 call.logged a direction=outbound owner_id=ann\n01-05 call.logged b direction=outbound owner_id=bo",
        )
        await answer(engine, tables.org, "leaderboard", "kpi=calls_made&level=user&window=all")
        await tables.commit(NOW, call("c", "ann"))
        monkeypatch.setattr(Tables, "load", loaded)
        found = await answer(engine, tables.org, "leaderboard", "kpi=calls_made&level=user&window=all")
    assert [(row["id"], row["value"]) for row in found["rows"]] == [("ann", 2), ("bo", 1)]
    assert asked == ["load"]
