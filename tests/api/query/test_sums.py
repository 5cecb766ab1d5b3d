"""Sums over histories that nobody would call nice: from rows as from records, in groups as in scopes, paged as whole."""

from typing import Any

import pytest

from aggregators.catalogue import BY_ID, KPIS
from aggregators.formulas import Share
from aggregators.users import Users
from api.query.encoding import encode
from tests.histories import TEAMS, USERS
from tests.telling import Told

pytestmark = pytest.mark.asyncio(loop_scope="module")
ADDING = [
    kpi.id
    for kpi in KPIS
    if kpi.counts
    and kpi.kind in ("count", "sum", "gauge", "distinct")
    and kpi.id != "weighted_pipeline"
    and not isinstance(kpi.formula, Users)
]
BY_SOURCE = [kpi.id for kpi in KPIS if {"user", "source"} <= set(kpi.by) and kpi.counts]


@pytest.mark.parametrize("kpi", BY_SOURCE)
async def test_current_credit_is_the_same_from_rows_and_from_records(told: Told, kpi: str) -> None:
    for credit in ("current", "at_event"):
        rows = await told.answer(kpi, f"by=user&credit={credit}&limit=10000")
        found = {user: await told.answer(kpi, f"where=user:{user}&credit={credit}") for user in (*USERS, "(none)")}
        assert {g["key"]["user"]: g["value"] or 0 for g in rows["groups"] if g["n"]} == {
            user: one["value"] or 0 for user, one in found.items() if one["n"]
        }


@pytest.mark.parametrize("kpi", [kpi for kpi in ADDING if kpi in BY_SOURCE])
async def test_groups_of_two_dimensions_add_up_to_those_of_one(told: Told, kpi: str) -> None:
    for credit in ("at_event", "current"):
        one = await told.value(kpi, f"by=user&credit={credit}&limit=10000")
        two = await told.answer(kpi, f"by=user,source&credit={credit}&limit=10000")
        summed: dict[str, Any] = {}
        for group in two["groups"]:
            summed[group["key"]["user"]] = summed.get(group["key"]["user"], 0) + group["value"]
        assert {user: value for user, value in summed.items() if value} == one


@pytest.mark.parametrize("kpi", [kpi.id for kpi in KPIS if kpi.counts and "user" in kpi.by])
async def test_the_group_of_a_team_or_user_is_the_answer_of_its_scope(told: Told, kpi: str) -> None:
    for credit in ("at_event", "current"):
        for level, known in (("team", TEAMS), ("user", USERS)):
            found = await told.answer(kpi, f"by={level}&credit={credit}&limit=10000")
            share = isinstance(BY_ID[kpi].formula, Share)
            for group in found["groups"] if not share else []:
                own = await told.answer(kpi, f"scope={level}:{group['key'][level]}&credit={credit}")
                assert group["value"] == own["value"], group
            assert share or {g["key"][level] for g in found["groups"]} <= {*known, "(none)"}


@pytest.mark.parametrize("kpi", [kpi for kpi in ADDING if "team" in BY_ID[kpi].by])
async def test_within_a_team_a_sub_team_has_the_value_of_its_own_scope(told: Told, kpi: str) -> None:
    for team in TEAMS:
        for group in (await told.answer(kpi, f"scope=team:{team}&by=team&limit=10000"))["groups"]:
            assert group["value"] == await told.value(kpi, f"scope=team:{group['key']['team']}")


@pytest.mark.parametrize(
    "kpi", [k for k in ADDING if not BY_ID[k].gauge and BY_ID[k].kind != "distinct" and "user" in BY_ID[k].by]
)
async def test_series_and_users_add_up_to_the_whole(told: Told, kpi: str) -> None:
    found = await told.answer(kpi, "by=user&every=month&limit=10000")
    assert sum(bucket["value"] for bucket in found["series"]) == found["value"]
    assert sum(group["value"] for group in found["groups"]) == found["value"]
    for bucket in found["series"]:
        assert sum(group["value"] for group in bucket["groups"]) == bucket["value"]


async def test_pages_have_every_group_once(told: Told) -> None:
    whole = await told.answer("deals_created", "by=user,source&limit=10000")
    found: list[Any] = []
    cursor = ""
    while True:
        page = await told.answer("deals_created", f"by=user,source&limit=3{cursor}")
        found += page["groups"]
        if "cursor" not in page:
            break
        cursor = f"&cursor={page['cursor']}"
    assert found == whole["groups"]
    assert encode(whole)


@pytest.mark.parametrize("kpi", [kpi.id for kpi in KPIS if kpi.counts and "user" in kpi.by])
async def test_who_is_unknown_has_an_empty_answer(kpi: str, told: Told) -> None:
    for scope in ("user:nobody", "team:nobody"):
        found = await told.answer(kpi, f"scope={scope}&by=user&every=year&compare=previous")
        assert not found["value"]
        assert found["n"] == 0
        assert not [group for group in found["groups"] if group["value"]]
