"""A pipeline, stage by stage: the same numbers as the KPIs that it tells, in the pipeline's order."""

from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from api.query.errors import ImpossibleError
from crmpulse.embedded import Redis
from tests.histories import PIPELINES, TEAMS, USERS, history
from tests.oracle import Oracle
from tests.telling import Told, params, telling

STORY = """
    01-01 pipeline.updated pipeline/sales stages=new:0.1,demo:0.5,offer:0.8 name=Sales
    01-05 deal.created 1 pipeline_id=sales stage_id=new owner_id=ann
    01-05 deal.created 2 pipeline_id=sales stage_id=new owner_id=bo
    01-05 deal.created 3 pipeline_id=sales stage_id=odd owner_id=bo
    01-05 deal.created 4 pipeline_id=key stage_id=new
    01-07 deal.stage_changed 1 new_stage_id=offer
    01-08 deal.won 1
    01-09 deal.stage_changed 2 new_stage_id=demo
"""


async def funnel(asking: Told, asked: str = "") -> dict[str, Any]:
    return await asking.engine.funnel(asking.org, params(asked))


async def told(asking: Told, asked: str = "") -> dict[str, list[Any]]:
    found = await funnel(asking, asked)
    names = ("entered", "converted", "skipped", "rate", "time_in_stage", "open_now")
    return {stage["id"]: [stage[name] for name in names] for stage in found["stages"]}


async def test_stages_are_told_in_order_those_that_are_not_listed_last(redis_server: Redis) -> None:
    async with telling(redis_server, STORY) as asking:
        assert await told(asking, "stat=mean") == {
            "new": [2, 2, 0, 1, 3 * 86_400, 0],
            "demo": [2, 1, 1, 0.5, None, 1],
            "offer": [1, 1, 0, 1, 86_400, 0],
            "odd": [1, 0, 0, 0, None, 1],
        }
        assert [*await told(asking, "stat=mean")] == ["new", "demo", "offer", "odd"]
        found = await funnel(asking, "pipeline=sales&window=last_month&now=2026-02-10")
        assert {name: found[name] for name in ("pipeline", "name", "scope", "from", "as_of")} == {
            "pipeline": "sales",
            "name": "Sales",
            "scope": "org",
            "from": "2026-01-01T00:00:00+00:00",
            "as_of": "2026-02-01T00:00:00Z",
        }


async def test_a_funnel_is_narrowed_like_its_kpis(redis_server: Redis) -> None:
    async with telling(redis_server, STORY) as asking:
        assert (await told(asking, "scope=user:ann"))["demo"] == [1, 1, 1, 1, None, 0]
        assert (await told(asking, "where=user:bo&now=2026-01-06&stat=count"))["new"] == [1, 1, 0, 1, 1, 1]
        assert await told(asking, "from=2026-03-01&to=2026-04-01") == {
            "new": [0, 0, 0, None, None, 0],
            "demo": [0, 0, 0, None, None, 1],
            "offer": [0, 0, 0, None, None, 0],
            "odd": [0, 0, 0, None, None, 1],
        }
        assert await told(asking, "pipeline=key") == {"new": [1, 0, 0, 0, None, 1]}
        assert await told(asking, "pipeline=unknown") == {}


async def test_what_cannot_be_told_is_said(redis_server: Redis) -> None:
    async with telling(redis_server, STORY + "01-01 pipeline.updated pipeline/key stages=new") as asking:
        for asked, parameter, reason in (
            ("", "pipeline", "says which pipeline; there are key, sales"),
            ("pipeline=key&pipeline=sales", "pipeline", "may be given only once"),
            ("pipeline=key&by=user", "by", "there is no parameter 'by'"),
            ("pipeline=key&where=source:web", "where", "time_in_stage has no dimension 'source'"),
            ("pipeline=key&stat=p99", "stat", "'p99' is none of p50"),
        ):
            with pytest.raises(ImpossibleError) as found:
                await funnel(asking, asked)
            [problem] = found.value.mistakes
            assert (problem.parameter, problem.reason[: len(reason)]) == (parameter, reason)


async def test_without_any_pipeline_it_is_that_of_deals_in_none(redis_server: Redis) -> None:
    async with telling(
        redis_server, "01-05 deal.created 1 stage_id=b\n01-06 deal.stage_changed 1 new_stage_id=a"
    ) as asking:
        found = await funnel(asking)
        assert (found["pipeline"], [stage["id"] for stage in found["stages"]]) == ("(none)", ["a", "b"])


@pytest.mark.parametrize("seed", range(8))
async def test_any_funnel_and_its_bottlenecks_are_those_of_the_recount(seed: int, redis_server: Redis) -> None:
    rng = Random(seed)
    events = history(rng, size=400)
    oracle = Oracle(events)
    async with telling(redis_server, events, batch=90) as asking:
        for _ in range(12):
            pipeline, scope = (
                rng.choice(PIPELINES),
                rng.choice(("org", f"user:{rng.choice(USERS)}", f"team:{rng.choice(TEAMS)}")),
            )
            end = datetime.fromisoformat(rng.choice(events)["time"][:19]).replace(tzinfo=UTC)
            said = {"scope": [scope], "to": [f"{end:%FT%T}Z"]}
            entered, stayed, held = (
                oracle.kpi(kpi, scope, 0, int(end.timestamp() * 1000), "stage", [("pipeline", pipeline)])["groups"]
                for kpi in ("stage_conversion_rate", "time_in_stage", "deals_open")
            )
            funnel = await asking.engine.funnel(asking.org, {"pipeline": [pipeline], "stat": ["mean"], **said})
            for stage in funnel["stages"]:
                of = (stage["id"],)
                assert stage["entered"] == entered.get(of, {}).get("denominator", 0)
                assert stage["converted"] == entered.get(of, {}).get("numerator", 0)
                assert stage["time_in_stage"] == stayed.get(of, {}).get("mean")
                assert stage["open_now"] == held.get(of, {}).get("value", 0)
            assert {(stage["id"],) for stage in funnel["stages"]} >= {*entered, *stayed, *held}
            asked = {"where": [f"pipeline:{pipeline}"], **said}
            ranked = (await asking.engine.kpi(asking.org, "stage_bottleneck_rank", asked))["groups"]
            assert {(group["key"]["stage"],): group["parts"]["stuck"] for group in ranked} == {
                of: one["denominator"] - one["numerator"] for of, one in entered.items()
            }
            stuck = [(group["parts"]["stuck"], group["parts"]["time_in_stage_p90"] or 0) for group in ranked]
            assert stuck == sorted(stuck, reverse=True)
            assert [group["value"] for group in ranked] == [1 + stuck.index(one) for one in stuck]
