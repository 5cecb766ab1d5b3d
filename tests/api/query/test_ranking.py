"""Leaderboards: who is where, who was there first, and who was where before."""

from fractions import Fraction
from typing import Any

import pytest

from api.query.errors import ImpossibleError
from crmpulse.embedded import Redis
from tests.telling import Told, params, telling

WINS = """
    01-01 user.updated user/ann team_id=west name="Ann B."
    01-01 user.updated user/bo team_id=west
    01-01 user.updated user/cy team_id=east
    01-01 user.updated user/dee team_id=east
    01-10 deal.won 1 owner_id=dee
    02-05 deal.won 2 owner_id=cy
    02-09 deal.won 3 owner_id=bo
    02-03 deal.won 4 owner_id=bo
    02-04 deal.won 5 owner_id=ann
    02-10 deal.won 6 owner_id=ann
    01-01 lead.created 1
"""
FEBRUARY = "kpi=deals_won&window=last_month&now=2026-03-05"


async def rows(asking: Told, asked: str) -> list[Any]:
    return list((await asking.engine.leaderboard(asking.org, params(asked)))["rows"])


async def test_the_earlier_is_first_among_equals_and_the_next_place_is_left_out(redis_server: Redis) -> None:
    async with telling(redis_server, WINS) as asking:
        found = [(row["rank"], row["id"], row["value"], row["previous_rank"]) for row in await rows(asking, FEBRUARY)]
    assert found == [(1, "bo", 2, 2), (1, "ann", 2, 2), (3, "cy", 1, 2), (4, "dee", 0, 1)]


async def test_a_row_has_the_name_that_people_read_else_the_id(redis_server: Redis) -> None:
    async with telling(redis_server, WINS) as asking:
        assert {row["id"]: row["name"] for row in await rows(asking, FEBRUARY)}["ann"] == "Ann B."
        assert {row["id"]: row["name"] for row in await rows(asking, FEBRUARY)}["bo"] == "bo"


async def test_teams_users_of_a_team_and_the_first_few(redis_server: Redis) -> None:
    async with telling(redis_server, WINS) as asking:
        teams = await rows(asking, f"{FEBRUARY}&level=team")
        assert [(row["rank"], row["id"], row["value"]) for row in teams] == [(1, "west", 4), (2, "east", 1)]
        east = await rows(asking, f"{FEBRUARY}&team=east")
        assert [(row["rank"], row["id"], row["value"]) for row in east] == [(1, "cy", 1), (2, "dee", 0)]
        assert [row["id"] for row in await rows(asking, f"{FEBRUARY}&limit=2")] == ["bo", "ann"]


async def test_without_a_value_there_is_no_place_and_all_time_has_none_before(redis_server: Redis) -> None:
    async with telling(redis_server, WINS) as asking:
        found = await rows(asking, "kpi=win_rate&window=last_month&now=2026-03-05")
        assert [(row["id"], row["rank"]) for row in found] == [("cy", 1), ("bo", 1), ("ann", 1), ("dee", None)]
        assert {row["previous_rank"] for row in await rows(asking, "kpi=deals_won")} == {None}


async def test_a_deleted_user_is_ranked_for_what_they_did_only(redis_server: Redis) -> None:
    async with telling(redis_server, WINS + "03-01 record.deleted user/ann\n03-01 record.deleted user/dee") as asking:
        assert [row["id"] for row in await rows(asking, FEBRUARY)] == ["bo", "ann", "cy"]


@pytest.mark.parametrize(("asked", "parameter"), [
    ("level=user", "kpi"), ("kpi=rank", "kpi"), ("kpi=deals_won&level=person", "level"), ("kpi=deals_won&by=source", "by"),
    ("kpi=deals_won&every=day", "every"), ("kpi=deals_won&compare=previous", "compare"), ("kpi=deals_won&cursor=1", "cursor"),
    ("kpi=deals_won&window=x", "window"), ("kpi=deals_won&team=a&team=b", "team"),
    ("kpi=cost_per_lead", "level"), ("kpi=crm_roi&level=team", "level"),
])  # fmt: skip
async def test_what_cannot_be_ranked_is_said(asked: str, parameter: str, redis_server: Redis) -> None:
    async with telling(redis_server, WINS) as asking:
        with pytest.raises(ImpossibleError) as raised:
            await rows(asking, asked)
    assert [problem.parameter for problem in raised.value.mistakes] == [parameter]


async def test_a_rank_is_that_of_one_user_or_team(redis_server: Redis) -> None:
    async with telling(redis_server, WINS) as asking:
        with pytest.raises(ImpossibleError, match="scope: a rank is that of one user or team"):
            await asking.answer("rank", "of=deals_won")


@pytest.mark.parametrize("more", ["by=user", "every=month", "compare=previous"])
async def test_a_rank_is_one_place_and_nothing_beside_it(more: str, redis_server: Redis) -> None:
    async with telling(redis_server, WINS) as asking:
        with pytest.raises(ImpossibleError, match=f"{more.partition('=')[0]}: is not told of a rank"):
            await asking.answer("rank", f"of=deals_won&scope=user:ann&{more}")


async def test_shares_are_ranked_as_what_they_are(redis_server: Redis) -> None:
    calls = "01-05 call.logged 1 owner_id=ann\n01-05 call.logged 2 owner_id=ann\n01-05 call.logged 3 owner_id=bo"
    async with telling(redis_server, calls + "\n01-05 email.logged 1 owner_id=bo direction=outbound") as asking:
        found = {row["id"]: row["value"] for row in await rows(asking, "kpi=activity_mix")}
        told = await asking.answer("activity_mix", "by=user")
    assert found == {
        group["key"]["user"]: group["value"] for group in told["groups"] if group["key"]["user"] != "(none)"
    }
    assert found == {"ann": Fraction(1, 2), "bo": Fraction(1, 2)}
