"""What Prometheus is told by the API: the numbers are those of its answers, and who may see them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from aggregators.alerts import RULES
from aggregators.catalogue import KPIS, derived_of
from aggregators.data_quality import Members
from aggregators.formulas import Share
from aggregators.ledger import Entry, encode
from aggregators.unsummed import Bottlenecks, Score
from api import gauges, log
from api.auth import make
from api.metrics_windows import windows
from api.org_metrics import tell
from api.query.errors import UnsettledError
from api.query.overview import SHOWN
from crmpulse.embedded import Redis
from crmpulse.settings import Settings, SettingsError
from tests.api.serving import service_of, serving
from tests.loading import load
from tests.telling import events

HISTORY = """
    01-01 org.updated org/demo time_zone=UTC currency=EUR
    01-01 team.updated team/west name=West
    01-01 user.updated user/ann team_id=west
    01-01 user.updated user/bo name=Bo
    01-05 deal.won 1 owner_id=ann value=10EUR
    01-06 deal.lost 2 owner_id=bo lost_reason=price
    01-07 task.created 1 owner_id=ann due_at=01-08T10:00
"""
GOAL = {
    **events("01-07 goal.set goal/g kpi=deals_won assignee=team:west target=4", "demo")[0], "id": "goal",
}  # fmt: skip
GOAL["data"] |= {"start": "2026-01-01", "end": "2099-12-31"}
Series = Mapping[tuple[str, ...], float]


@asynccontextmanager
async def loaded(settings: Settings, text: str = HISTORY, **changes: Any) -> AsyncIterator[httpx.AsyncClient]:
    """An API whose tables hold a history and a goal; KPIs are of all time, so that they do not depend on today."""
    await load(settings, [*events(text), GOAL], 1000)
    async with serving(settings.model_copy(update={"metrics_windows": "all", **changes})) as client:
        yield client


async def scraped(client: httpx.AsyncClient) -> dict[str, Series]:
    """The samples of a scrape: by name, by the values of the labels in their order of the gauge, else sorted."""
    answer = await client.get("/metrics")
    assert answer.status_code == 200, answer.text
    order = {g.name: g.labels.split() for g in (*gauges.OF_KPIS.values(), *gauges.OF_GOALS, *gauges.OF_SERVICE)}
    return {
        family.name: {
            tuple(one.labels[name] for name in order.get(one.name, sorted(one.labels))): one.value
            for one in family.samples
        }
        for family in text_string_to_metric_families(answer.text)
    }


async def test_kpis_of_an_organisation_and_its_teams_are_told(settings: Settings) -> None:
    async with loaded(settings) as client:
        found = await scraped(client)
    assert found["crm_deals_won"] == {
        ("demo", "", "all", ""): 1, ("demo", "west", "all", ""): 1, ("demo", "(none)", "all", ""): 0,
    }  # fmt: skip
    assert found["crm_win_rate"]["demo", "", "all", ""] == 0.5
    assert found["crm_tasks_overdue"]["demo", "", "now", ""] == 1
    assert found["crmpulse_metrics_series"] == {(): sum(len(found[name]) for name in found if name.startswith("crm_"))}


async def test_a_kpi_without_a_value_has_no_series(settings: Settings) -> None:
    async with loaded(settings) as client:
        found = await scraped(client)
    assert ("demo", "", "all", "") in found["crm_win_rate"]
    assert ("demo", "(none)", "all", "") in found["crm_win_rate"]
    assert found["crm_csat_score"] == {}


async def test_users_are_told_when_allowed_each_with_the_team_of_now(settings: Settings) -> None:
    async with loaded(settings, metrics_level="user") as client:
        won = (await scraped(client))["crm_deals_won"]
    assert {labels for labels in won if labels[3]} == {
        ("demo", "west", "all", "ann"), ("demo", "", "all", "bo"), ("demo", "", "all", "(none)"),
    }  # fmt: skip


async def test_goals_are_told(settings: Settings) -> None:
    async with loaded(settings) as client:
        found = await scraped(client)
    goal = ("demo", "g", "west", "")
    assert found["crm_goal_progress"] == {goal: 1}
    assert found["crm_goal_target"] == {goal: 4}
    assert found["crm_goal_attainment"] == {goal: 0.25}
    assert found["crm_goal_pace"][goal] > 0
    assert found["crm_goal_state"] == {(*goal, "on_track"): 1}


async def test_alerts_that_fire_are_counted_by_rule(settings: Settings) -> None:
    async with loaded(settings) as client:
        tables = await service_of(client).engine.tables("demo")
        assert set((await scraped(client))["crmpulse_alerts_firing"].values()) == {0}
        for number, resolved_ms in enumerate((0, 0, 5)):
            entry = Entry(
                id=f"{number}", rule="deal_lost", record="deal/2", since_ms=1, fired_ms=2, resolved_ms=resolved_ms
            )
            await tables.redis.hset(tables.keys.alerts, entry.id, encode(entry))
        await tables.redis.incr(tables.keys.alert_changes)
        found = (await scraped(client))["crmpulse_alerts_firing"]
    assert found == {("demo", rule.name): 2 * (rule.name == "deal_lost") for rule in RULES}


async def test_a_deal_that_is_reopened_lowers_the_gauge(settings: Settings) -> None:
    async with loaded(settings, HISTORY + "02-01 deal.reopened 1 stage_id=new") as client:
        found = await scraped(client)
    assert found["crm_deals_won"]["demo", "", "all", ""] == 0
    assert found["crm_revenue_won"]["demo", "", "all", ""] == 0


async def test_help_says_unit_and_definition_and_there_is_a_gauge_for_each_single_value(settings: Settings) -> None:
    async with loaded(settings) as client:
        text = (await client.get("/metrics")).text
    told = dict(re.findall(r"^# HELP (crm_\w+) (.+)$", text, re.MULTILINE))
    assert {f"crm_{kpi.id}" for kpi in SHOWN} <= told.keys()
    assert told["crm_avg_deal_size"] == "revenue_won / deals_won. Unit: money of the organisation's currency."
    assert told["crm_first_resolution_time"].endswith("Unit: seconds, the p50.")
    left_out = {kpi.id: kpi for kpi in KPIS if kpi not in SHOWN}
    assert {"rank", "lost_reason_share", "goal_progress"} <= left_out.keys()
    from_records = {kpi.id for kpi in left_out.values() if isinstance(kpi.formula, Members) or derived_of(kpi)}
    assert {"segment_size", "duplicate_rate", "time_in_system"} <= from_records
    named = {kpi.id for kpi in left_out.values() if kpi.params or isinstance(kpi.formula, Bottlenecks | Score | Share)}
    assert left_out.keys() == from_records | named


async def test_an_organisation_is_computed_again_only_when_something_changed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed: list[str] = []

    async def counting(org: str, *arguments: Any) -> Any:
        computed.append(org)
        return await tell(org, *arguments)

    monkeypatch.setattr("api.kpi_metrics.tell", counting)
    async with loaded(settings, metrics_fresh_seconds=300) as client:
        for _ in range(3):
            await asyncio.gather(*(scraped(client) for _ in range(5)))
        assert computed == ["demo"]
        redis, (known,) = service_of(client).redis, service_of(client).kpi_metrics.told.values()
        (key,) = await redis.keys("*:ver")
        await redis.set(key, known.version + b"0")
        await scraped(client)
        assert computed == ["demo", "demo"]


async def test_a_scrape_does_not_wait_for_ever_for_a_computation(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = asyncio.Event()

    async def slow(org: str, *arguments: Any) -> Any:
        await done.wait()
        return await tell(org, *arguments)

    monkeypatch.setattr("api.kpi_metrics.tell", slow)
    monkeypatch.setattr("api.kpi_metrics.WAIT_SECONDS", 0.01)
    async with loaded(settings) as client:
        assert (await scraped(client))["crm_deals_won"] == {}
        done.set()
        monkeypatch.setattr("api.kpi_metrics.WAIT_SECONDS", 30)
        assert (await scraped(client))["crm_deals_won"]


async def test_one_organisation_that_cannot_be_computed_stops_no_other(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with loaded(settings) as client:
        before = await scraped(client)
        at = service_of(client)

        async def failing(org: str, *arguments: Any) -> Any:
            if org == "demo":
                raise UnsettledError
            return await tell(org, *arguments)

        monkeypatch.setattr("api.kpi_metrics.tell", failing)
        at.kpi_metrics.told["demo"] = at.kpi_metrics.told["demo"]._replace(version=b"older")
        (key,) = await at.redis.keys("*:orgs")
        await at.redis.zadd(key, {"globex": 0})
        found = await scraped(client)
    assert found["crmpulse_metrics_failed_organisations"] == {(): 1}
    assert {labels[0] for labels in found["crm_deals_won"]} == {"demo", "globex"}
    assert before["crm_deals_won"].items() <= found["crm_deals_won"].items()


@pytest.mark.parametrize(
    ("most", "kept", "dropped"),
    [
        (10_000, {"org", "team", "user"}, set()),
        (len(SHOWN) * 5, {"org", "team"}, {"user"}),
        (len(SHOWN) + 5, {"org"}, {"team", "user"}),
        (len(SHOWN) - 1, set(), {"org"}),
    ],
)
async def test_what_is_too_much_is_left_out_as_a_whole_and_counted(
    settings: Settings, most: int, kept: set[str], dropped: set[str]
) -> None:
    async with loaded(settings, metrics_level="user", metrics_series=most) as client:
        found = await scraped(client)
    levels = {"user" if user else "team" if team else "org" for _, team, _, user in found["crm_deals_won"]}
    assert levels == kept
    assert {level for (level,), count in found["crmpulse_metrics_series_dropped"].items() if count} == dropped
    assert found["crmpulse_metrics_series"][()] <= most


async def test_without_redis_the_health_is_told_and_no_number(settings: Settings) -> None:
    with Redis() as own:
        async with loaded(settings.model_copy(update={"redis": own.address})) as client:
            assert (await scraped(client))["crm_deals_won"]
            own.stop()
            found = await scraped(client)
    assert (found["crmpulse_redis_up"], found["crmpulse_kafka_up"]) == ({(): 0}, {(): 1})
    assert found["crm_deals_won"] == {}
    assert found["crmpulse_lag_events"] == {}


async def test_lag_and_freshness_are_told_by_partition(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "FRESH_SECONDS", 0)
    found = await scraped(client)
    assert found["crmpulse_lag_events"] == found["crmpulse_freshness_seconds"]
    assert found["crmpulse_lag_events"] == dict.fromkeys([("0",), ("1",), ("2",), ("3",)], 0)
    assert found["crmpulse_dead_letter_records"] == {(): 0}


async def test_with_tokens_only_the_token_for_metrics_is_answered(settings: Settings, tmp_path: Path) -> None:
    tokens, own = tmp_path / "tokens", tmp_path / "metrics-token"
    reader, line = make("demo", ["admin"])
    tokens.write_text(line)
    own.write_text("s3cret\n")
    with_tokens = {"tokens": str(tokens), "metrics_token": str(own)}
    async with loaded(settings, **with_tokens) as client:
        for sent, status in (("Bearer s3cret", 200), (f"Bearer {reader}", 401), ("s3cret", 401), ("", 401)):
            answer = await client.get("/metrics", headers={"Authorization": sent})
            assert answer.status_code == status
            assert ("crm_deals_won" in answer.text) == (status == 200)
        own.write_text("\n")
        assert (await client.get("/metrics", headers={"Authorization": "Bearer "})).status_code == 401
    async with loaded(settings, tokens=str(tokens)) as client:
        answer = await client.get("/metrics", headers={"Authorization": f"Bearer {reader}"})
        assert (answer.status_code, "CRMPULSE_METRICS_TOKEN" in answer.text) == (403, True)


async def test_without_tokens_a_page_from_elsewhere_sees_nothing(client: httpx.AsyncClient) -> None:
    assert (await client.get("/metrics", headers={"host": "evil.example.com"})).status_code == 403


def test_a_window_that_is_none_stops_the_start_with_the_nearest() -> None:
    assert windows(" today, last_7_days ,today") == ["today", "last_7_days"]
    for wrong in ("today,this_mont", "", ","):
        with pytest.raises(SettingsError, match=r"CRMPULSE_METRICS_WINDOWS='.*': must be some of today, .*") as raised:
            windows(wrong)
        assert ("nearest: this_month" in str(raised.value)) == ("mont" in wrong)


async def test_metrics_have_names_and_help_as_prometheus_wants(client: httpx.AsyncClient) -> None:
    await client.get("/v1/records/deal/1")
    await client.get("/nowhere/at/all")
    await client.request("BREW", "/v1/kpis")
    text = (await client.get("/metrics")).text
    own = set(re.findall(r"^# HELP (crmpulse_\w+) \w.+$", text, re.MULTILINE))
    assert own == {gauge.name for gauge in gauges.OF_SERVICE} | {
        "crmpulse_http_requests_total",
        "crmpulse_http_request_duration_seconds",
        "crmpulse_events_accepted_total",
    }
    assert 'crmpulse_http_requests_total{method="GET",route="/v1/records/{entity}/{id:path}",status="404"} 1.0' in text
    assert 'crmpulse_http_requests_total{method="GET",route="none",status="404"} 1.0' in text
    assert 'crmpulse_http_requests_total{method="other",route="/v1/kpis",status="405"} 1.0' in text
