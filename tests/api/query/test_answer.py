"""Answers: groups, series and comparisons go together, in the form of the contract."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from aggregators.catalogue import KPIS
from api.query.errors import ImpossibleError
from crmpulse.embedded import Redis
from tests.telling import NEEDED, Told, telling

TOGETHER = """
    01-05 deal.won 1 owner_id=ann source=web value=10EUR
    02-05 deal.won 2 owner_id=ann source=ads value=20EUR
    02-06 deal.won 3 owner_id=bo source=web value=40EUR
    02-07 deal.won 4 value=1EUR
"""


@pytest.fixture
def telling_of(redis_server: Redis) -> Callable[[str], Any]:
    return lambda text: telling(redis_server, text)


Telling = Callable[[str], Any]


async def test_groups_series_and_comparison_go_together(telling_of: Telling) -> None:
    async with telling_of(TOGETHER) as asking:
        found = await asking.answer(
            "revenue_won", "window=this_month&now=2026-02-20&by=source&every=week&compare=previous"
        )
    assert found["compare"] == {"value": 10, "change": Fraction(51, 10)}
    told = {group["key"]["source"]: (group["value"], group["compare"]["value"]) for group in found["groups"]}
    assert told == {"web": (40, 10), "ads": (20, 0), "(none)": (1, 0)}
    assert [(b["from"][:10], b["value"], b["compare"]["value"]) for b in found["series"]][:3] == [
        ("2026-02-01", 0, 0), ("2026-02-02", 61, 0), ("2026-02-09", 0, 61),
    ]  # fmt: skip


async def test_a_bucket_to_come_of_a_gauge_is_not_compared_with_what_is_still_to_come(telling_of: Telling) -> None:
    asked = "window=this_week&now=2026-02-18T12:00&every=day&compare=previous"
    async with telling_of("02-01 task.created 1 assignee_id=ann due_at=02-20") as asking:
        found = await asking.answer("tasks_overdue", asked)
    assert [(bucket["value"], bucket["compare"]["value"]) for bucket in found["series"]] == [(0, 0)] * 7


async def test_a_group_that_was_and_is_no_more_is_compared_on_whatever_page(telling_of: Telling) -> None:
    async with telling_of(TOGETHER) as asking:
        pages = [
            await asking.answer(
                "deals_won", f"window=this_month&now=2026-03-20&by=source&compare=previous&limit=1&cursor={n}"
            )
            for n in range(3)
        ]
    found = [(g["key"]["source"], g["value"], g["compare"]["value"]) for page in pages for g in page["groups"]]
    assert found == [("ads", 0, 1), ("web", 0, 1), ("(none)", 0, 1)]
    assert [page.get("cursor") for page in pages] == ["1", "2", None]


async def test_the_year_before_is_compared_by_its_dates(telling_of: Telling) -> None:
    async with telling_of("2025-02-05 deal.won 1\n2025-03-01 deal.won 2\n2026-02-05 deal.won 3") as asking:
        found = await asking.answer("deals_won", "window=this_month&now=2026-02-20&compare=last_year")
    assert (found["value"], found["compare"]) == (1, {"value": 1, "change": 0})


async def test_a_change_is_a_share_of_what_was_before(telling_of: Telling) -> None:
    asked = "window=this_month&compare=previous&now"
    async with telling_of(TOGETHER) as asking:
        found = await asking.answer("revenue_won", f"{asked}=2026-02-20&by=source&every=month")
        fallen = await asking.answer("revenue_won", f"{asked}=2026-03-20&scope=user:bo")
        rates = [await asking.answer("win_rate", f"{asked}=2026-0{month}-20") for month in (1, 2, 3)]
    assert {group["key"]["source"]: group["compare"]["change"] for group in found["groups"]} == {
        "web": 3, "ads": None, "(none)": None,
    }  # fmt: skip
    assert found["series"][0]["compare"] == {"value": 10, "change": Fraction(51, 10)}
    assert found["series"][0]["groups"] == found["groups"]
    assert (fallen["value"], fallen["compare"]) == (0, {"value": 40, "change": -1})
    assert [(rate["value"], rate["compare"]) for rate in rates] == [
        (1, {"value": None, "change": None}), (1, {"value": 1, "change": 0}), (None, {"value": 1, "change": None}),
    ]  # fmt: skip


@pytest.mark.parametrize("kpi", [kpi.id for kpi in KPIS if kpi.counts])
async def test_before_anything_was_ever_told_answers_are_empty(kpi: str, redis_server: Redis) -> None:
    async with telling(redis_server, "01-01 lead.created 1", org="another") as asking:
        empty, asked = Told(asking.engine, "nothing yet"), f"every=month&{NEEDED.get(kpi, '')}"
        found = await empty.answer(kpi, asked)
        assert (found["series"], found["n"]) == ([], 0)
        series = (await empty.answer(kpi, f"{asked}&from=2026-01-01&to=2026-03-01"))["series"]
        assert [bucket["n"] for bucket in series] == [0, 0]


async def test_an_answer_has_the_form_of_the_contract(telling_of: Telling) -> None:
    async with telling_of(TOGETHER + "01-01 org.updated org/demo time_zone=America/Sao_Paulo currency=USD") as asking:
        found = await asking.answer("win_rate", "scope=user:ann&window=this_quarter&now=2026-02-20T10:00")
    assert found == {
        "kpi": "win_rate", "version": 1, "unit": "ratio", "scope": "user:ann", "from": "2026-01-01T00:00:00-03:00",
        "to": "2026-04-01T00:00:00-03:00", "value": 1, "numerator": 2, "denominator": 2, "n": 2, "as_of": "2026-02-20T13:00:00Z",
    }  # fmt: skip


async def test_a_series_of_too_many_buckets_is_refused(telling_of: Telling) -> None:
    async with telling_of(TOGETHER) as asking:
        with pytest.raises(ImpossibleError, match="every: makes more than 10000 hours of the window"):
            await asking.answer("deals_won", "every=hour&from=1990-01-01&to=2026-01-01")
