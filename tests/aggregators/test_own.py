"""KPIs of one's own beside those of the catalogue: what they count, and that they are as exact."""

import random
from fractions import Fraction
from typing import Any

import pytest

from aggregators import catalogue
from aggregators.own import passes
from crmpulse.embedded import Redis
from tests.aggregators.folding import folded
from tests.histories import history
from tests.owning import owning
from tests.telling import params, telling

BY = ["user", "team", "org", "source"]
BIG = {"id": "big_wins", "definition": "Big.", "moment": "deal.closed", "where": {"status": "won", "custom.size": "big"},
       "dimensions": [*BY, "product", "custom"]}  # fmt: skip
RISKS = {
    "id": "risks",
    "definition": "Risks.",
    "event": "deal.health_changed",
    "where": {"new": "at_risk"},
    "dimensions": BY,
}
OPEN = {"id": "big_open", "definition": "Big ones open.", "moment": "deal.open", "where": {"custom.size": "big"}, "sum": "amount",
        "dimensions": ["user", "team", "org"]}  # fmt: skip
SHARE = {"id": "big_share", "definition": "Share.", "ratio": ["big_wins", "deals_won"], "dimensions": BY}
CALLS = {"id": "long_calls", "definition": "Calls.", "event": "crm.call.logged", "where": {"duration_ms": {"at_least": 30000}},
         "duration": "duration_ms", "dimensions": ["user", "org"]}  # fmt: skip
OWNED = {
    "id": "of_ann",
    "definition": "Ann's leads.",
    "event": "lead.created",
    "where": {"owner_id": "ann"},
    "dimensions": ["user"],
}
QUOTES = {"id": "quoted", "definition": "Quoted.", "event": "quote.created", "sum": "value", "dimensions": ["org"]}
MOVES = {"id": "pushes", "definition": "Sources changed.", "event": "record.updated", "where": {"changed.source": {"known": True}},
         "dimensions": ["org"]}  # fmt: skip
ALL = (BIG, RISKS, OPEN, SHARE, CALLS, OWNED, QUOTES, MOVES)

TOLD = """
    01-01 user.updated user/ann team_id=west
    01-05 deal.created 1 owner_id=ann value=100EUR source=web lines=atlas*2@10
    01-06 deal.health_changed 1 new=at_risk
    01-07 deal.health_changed 1 new=at_risk actor=bo
    01-08 deal.updated 1 changed.custom.size=big
    01-20 deal.created 2 owner_id=bo value=7EUR custom.size=big
    01-21 deal.health_changed 4 new=at_risk owner_id=cy
    02-05 deal.won 1
    02-06 deal.won 3 owner_id=bo
"""


@pytest.mark.parametrize(
    ("where", "fact", "expected"),
    [
        ("a", "a", True), ("a", "b", False), ("a", None, False), (["a", "b"], "b", True), (1, True, False), (True, 1, False),
        ({"not": "a"}, None, True), ({"not": ["a"]}, "a", False), ({"at_least": 2}, 2, True), ({"at_least": 2}, "3", False),
        ({"below": 2}, 1.5, True), ({"below": 2}, None, False), ({"at_least": "2026-01"}, "2026-02-01", True),
        ({"at_least": 1, "below": 3}, 3, False), ({"known": True}, 0, True), ({"known": False}, None, True),
    ],
)  # fmt: skip
def test_a_condition_holds_for_a_fact(where: Any, fact: Any, expected: bool) -> None:
    assert passes({"x": fact}, {"x": where}) is expected


async def test_a_kpi_of_ones_own_is_asked_as_any_other(redis_server: Redis) -> None:
    with owning(*ALL):
        async with telling(redis_server, TOLD) as asking:
            assert await asking.value("big_wins") == 1
            assert await asking.value("big_wins", "by=user") == {"ann": 1}
            assert await asking.value("big_wins", "by=product") == {"atlas": 1}
            assert await asking.value("big_wins", "by=custom.size") == {"big": 1}
            assert await asking.value("big_wins", "scope=team:west&where=source:web") == 1
            assert await asking.value("big_wins", "every=month&from=2026-01-01&to=2026-03-01") == [0, 1]
            assert await asking.value("risks", "by=user") == {"ann": 1, "bo": 1, "cy": 1}
            assert await asking.value("risks", "by=source") == {"web": 2, "(none)": 1}
            assert await asking.value("big_open") == 7
            assert await asking.value("big_open", "now=2026-01-15") == 100
            assert await asking.value("big_share") == Fraction(1, 2)
            assert await asking.value("big_share", "by=user") == {"ann": 1}
            assert (await asking.answer("big_wins"))["version"] == 1
            behind = await asking.engine.records("demo", params("kpi=risks"))
            assert [(row["record"], row["value"]) for row in behind["records"]] == [("deal/4", 1), ("deal/1", 2)]
            record = await asking.engine.record("demo", "deal", "1")
            assert {"big_wins", "risks"} <= {row["kpi"] for row in record["contributions"]}
            board = await asking.engine.leaderboard("demo", params("kpi=big_wins"))
            assert board["rows"][0]["id"] == "ann"


@pytest.mark.parametrize("seed", range(12))
def test_the_tables_do_not_depend_on_order_repetition_or_batches(seed: int) -> None:
    rng = random.Random(seed)
    events = history(rng, ("demo",), 150)
    with owning(*ALL):
        whole = folded(events, len(events) + 20)
        shuffled = rng.sample(events, len(events)) + rng.choices(events, k=10)
        assert folded(shuffled, 1) == whole
        assert folded(shuffled, 7) == whole


def test_each_version_has_a_measure_of_its_own() -> None:
    with owning(BIG):
        first = catalogue.digest()
        assert catalogue.BY_ID["big_wins"].formula.measures == ("big_wins~1",)
    with owning({**BIG, "version": 2}):
        assert catalogue.BY_ID["big_wins"].formula.measures == ("big_wins~2",)
        assert catalogue.digest() not in ("", first)
    assert catalogue.digest() == ""
    assert "big_wins" not in catalogue.BY_ID


def test_what_no_kpi_of_ones_own_counts_costs_nothing() -> None:
    assert not catalogue.plan().events and not catalogue.plan().filters
    with owning(RISKS):
        assert catalogue.plan().events == {"crm.deal.health_changed"}
