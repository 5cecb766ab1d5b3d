"""One record: its state, its events, and what each moment of it adds to which KPI."""

import pytest

from api.query.errors import ImpossibleError, UnknownError
from crmpulse.embedded import Redis
from tests.api.query.test_drill import STORY, records
from tests.telling import telling


async def test_a_row_tells_the_record_its_owner_and_its_part(redis_server: Redis) -> None:
    async with telling(redis_server, STORY) as asking:
        found = await records(asking, "kpi=revenue_won")
    assert found == {
        "kpi": "revenue_won", "scope": "org", "total": 1,
        "records": [{"record": "deal/1", "name": "Big", "owner_id": "ann", "time": "2026-02-01T00:00:00+00:00", "value": 50, "n": 1}],
    }  # fmt: skip


async def test_a_gauge_has_the_rates_of_the_instant_that_it_is_asked_as_of(redis_server: Redis) -> None:
    async with telling(redis_server, STORY) as asking:
        found = await records(asking, "kpi=pipeline_value&now=2026-01-20")
        assert [row["value"] for row in found["records"]] == [50]
        assert await asking.value("pipeline_value", "now=2026-01-20") == 50


async def test_a_record_explains_itself(redis_server: Redis) -> None:
    async with telling(redis_server, STORY) as asking:
        found = await asking.engine.record("demo", "deal", "1")
    assert (found["record"], found["deleted"], found["state"]["status"], len(found["events"])) == (
        "deal/1",
        False,
        "won",
        2,
    )
    assert found["events"][1]["actorid"] == "bo"
    added = {(row["kpi"], row["what"]): (row["value"], row["credited_to"]) for row in found["contributions"]}
    assert added["revenue_won", "deal.closed"] == (50, "user:ann")
    assert added["sales_cycle_length", "deal.closed"] == (31 * 86_400, "user:ann")
    assert added["deals_created", "deal.created"] == (1, "user:ann")


async def test_a_deleted_record_is_there_and_adds_nothing(redis_server: Redis) -> None:
    async with telling(redis_server, STORY) as asking:
        found = await asking.engine.record("demo", "deal", "2")
    assert (found["deleted"], found["state"], found["contributions"]) == (True, {}, [])


async def test_a_record_that_nobody_knows_is_an_error(redis_server: Redis) -> None:
    async with telling(redis_server, STORY) as asking:
        with pytest.raises(UnknownError, match="There is no record 'deal/9'"):
            await asking.engine.record("demo", "deal", "9")


@pytest.mark.parametrize("asked", ["", "kpi=rank", "kpi=deals_won&kpi=deals_lost"])
async def test_records_are_those_of_one_kpi(asked: str, redis_server: Redis) -> None:
    async with telling(redis_server, STORY) as asking:
        with pytest.raises(ImpossibleError, match="kpi: "):
            await records(asking, asked)
