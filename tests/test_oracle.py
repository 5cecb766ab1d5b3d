"""The oracle itself: against the reference tables of the exports, and by hand where those say nothing."""

import csv
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from crmpulse.cloudevent import Event, Publisher
from crmpulse.formats import helpdesk, maven_crm
from tests.crmpulse.formats import DATASETS
from tests.oracle import Oracle
from tests.recounts.record import NONE

MAVEN = DATASETS / "maven-crm"
EVER = (0, 4 * 10**12)
PUBLISHER = Publisher("demo", "/x")


@pytest.fixture(scope="module")
def maven() -> Oracle:
    return Oracle(maven_crm.events(MAVEN))


@pytest.fixture(scope="module")
def tickets() -> Oracle:
    return Oracle(helpdesk.events(DATASETS / "helpdesk" / "helpdesk_full.csv"))


def ms(*day: int) -> int:
    return int(datetime(*day, tzinfo=UTC).timestamp() * 1000)  # type: ignore[arg-type,misc]


def reference(name: str) -> list[dict[str, str]]:
    with (MAVEN / "reference" / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def said(kind: str, subject: str, time: str, /, actor: str = "", **data: Any) -> Event:
    event = PUBLISHER.event(kind, subject, f"2026-01-{time}:00Z", data, f"{kind}{subject}{time}{data}")
    return event | ({"actorid": actor} if actor else {})


def answer(kpi: str, *events: Event, scope: str = "org", until: int = EVER[1], **asked: Any) -> Any:
    return Oracle(events).kpi(kpi, scope, 0, until, **asked)


def test_agrees_with_the_totals_of_the_sales_export(maven: Oracle) -> None:
    assert maven.kpi("deals_won", "org", *EVER)["value"] == 4238
    assert maven.kpi("deals_lost", "org", *EVER)["value"] == 2473
    assert maven.kpi("revenue_won", "org", *EVER)["value"] == 10_005_534
    assert float(maven.kpi("win_rate", "org", *EVER)["value"]) == pytest.approx(0.631501, abs=1e-6)
    cycle = maven.kpi("sales_cycle_length", "org", *EVER)
    assert float(cycle["mean"]) / 86_400 == pytest.approx(51.782, abs=1e-3)
    assert cycle["p50"] / 86_400 == 57


def test_agrees_with_every_agent_and_quarter(maven: Oracle) -> None:
    rows = reference("won_per_agent_quarter.csv")
    for quarter in sorted({row["quarter"] for row in rows}):
        first = int(quarter[-1]) * 3 - 2
        window = ms(2017, first, 1), ms(2017 + first // 10, (first + 3) % 12, 1)
        won, lost, value = (
            maven.kpi(kpi, "org", *window, by="user")["groups"] for kpi in ("deals_won", "deals_lost", "revenue_won")
        )
        for row in [row for row in rows if row["quarter"] == quarter]:
            agent = (row["sales_agent"],)
            found = [groups.get(agent, {"value": 0})["value"] for groups in (won, lost, value)]
            assert found == [int(row["won"]), int(row["lost"]), int(row["won_value"])]


def test_agrees_with_what_was_open_on_a_day(maven: Oracle) -> None:
    for row in reference("open_engaged_as_of_each_day.csv")[::120]:
        next_day = date.fromisoformat(row["day"]) + timedelta(days=1)
        end = ms(next_day.year, next_day.month, next_day.day)
        engaging = [("stage", "engaging")]
        assert maven.kpi("deals_open", "org", 0, end, where=engaging)["value"] == int(row["open_engaged"])
        darcel = maven.kpi("deals_open", "user:Darcel Schlecht", 0, end, where=engaging)
        assert darcel["value"] == int(row["open_darcel"])


def test_a_team_is_its_agents(maven: Oracle) -> None:
    rows = reference("agent_totals.csv")
    won = sum(int(row["won"]) for row in rows if row["manager"] == "Celia Rouche")
    assert maven.kpi("deals_won", "team:Celia Rouche", *EVER)["value"] == won
    assert maven.kpi("deals_won", "org", *EVER, by="team")["groups"]["Celia Rouche",]["value"] == won


def test_agrees_with_the_help_desk(tickets: Oracle) -> None:
    first = tickets.kpi("first_resolution_time", "org", *EVER)
    assert first["count"] == 4569
    assert float(first["mean"]) / 3600 == pytest.approx(266.9404, abs=1e-4)
    assert float(first["p50"]) / 3600 == pytest.approx(143.5933, abs=1e-4)
    assert tickets.kpi("tickets_created", "org", *EVER)["value"] == 4580


def test_a_deal_counts_where_its_latest_close_says() -> None:
    created = said("deal.created", "deal/1", "01T00:00", owner_id="ann", value={"amount": "10", "currency": "EUR"})
    lost, won = said("deal.lost", "deal/1", "02T00:00"), said("deal.won", "deal/1", "03T00:00")
    reopened = said("deal.reopened", "deal/1", "04T00:00")
    assert answer("win_rate", created, lost)["value"] == 0
    assert answer("win_rate", won, created, lost)["value"] == 1
    assert answer("win_rate", reopened, created, lost, won)["value"] is None
    assert answer("deals_open", created, lost, won, until=ms(2026, 1, 2))["value"] == 1
    assert answer("deals_open", created, lost, won)["value"] == 0


def test_explicit_facts_outrank_creation_whatever_their_time() -> None:
    late = said("deal.created", "deal/1", "05T00:00", owner_id="ann")
    early = said("record.owner_changed", "deal/1", "01T00:00", new_owner="bob")
    assert answer("deals_created", late, early, scope="user:bob")["value"] == 1


def test_before_its_first_owner_a_record_is_whose_it_was() -> None:
    made = said("lead.created", "lead/1", "01T00:00")
    moved = said("record.owner_changed", "lead/1", "02T00:00", new_owner="bob", old_owner="ann")
    assert answer("leads_created", made, moved, scope="user:ann")["value"] == 1
    assert answer("leads_open", made, moved, scope="user:bob")["value"] == 1


def test_the_latest_log_of_a_call_replaces_what_was_logged_and_what_it_says_anew() -> None:
    first = said("call.logged", "call/1", "01T00:00", direction="outbound", outcome="connected")
    again = said("call.logged", "call/1", "02T00:00", direction="outbound")
    changed = said("record.updated", "call/1", "01T12:00", changed={"outcome": {"new": "connected"}})
    assert answer("call_connect_rate", first, again)["value"] == 0
    assert answer("call_connect_rate", first, again, changed)["value"] == 1
    busy = said("call.logged", "call/1", "03T00:00", direction="outbound", outcome="busy")
    assert answer("call_connect_rate", first, again, changed, busy)["value"] == 0


@pytest.mark.parametrize(("zone", "overdue"), [("Pacific/Apia", 1), ("America/New_York", 0)])
def test_a_date_ends_where_the_assignee_is(zone: str, overdue: int) -> None:
    task = said("task.created", "task/1", "01T00:00", assignee_id="ann", due_date="2026-01-05")
    ann = said("user.updated", "user/ann", "01T00:00", time_zone=zone)
    assert answer("tasks_overdue", task, ann, until=ms(2026, 1, 6))["value"] == overdue


def test_a_later_due_replaces_one_of_the_other_kind() -> None:
    task = said("task.created", "task/1", "01T00:00", due_at="2026-01-02T00:00:00Z")
    moved = said("task.status_changed", "task/1", "01T12:00", new="due_changed", due_date="2026-01-20")
    assert answer("tasks_overdue", task, moved, until=ms(2026, 1, 10))["value"] == 0
    assert answer("tasks_overdue", task, until=ms(2026, 1, 10))["value"] == 1


def test_a_ticket_is_rated_once_and_the_latest_counts() -> None:
    ticket = said("ticket.created", "ticket/1", "01T00:00", owner_id="ann")
    good = said("feedback.received", "feedback/1", "02T00:00", kind="csat", score=5, ticket_id="1")
    bad = said("feedback.received", "feedback/2", "03T00:00", kind="csat", score=1, ticket_id="1")
    gone = said("record.deleted", "feedback/2", "04T00:00")
    assert answer("csat_score", ticket, good, bad, scope="user:ann")["value"] == 0
    assert answer("csat_score", ticket, good, bad, gone)["value"] == 1


def test_money_without_a_rate_is_missing_and_products_have_their_lines() -> None:
    lines = [{"product_id": "a", "quantity": 2, "unit_price": "1.5"}, {"product_id": "b", "unit_price": "1"}]
    won = said("deal.won", "deal/1", "05T00:00", value={"amount": "10", "currency": "USD"}, lines=lines)
    missing = answer("revenue_won", won)
    assert (missing["value"], missing["fx_missing"]) == (0, 1)
    rate = said("fx_rate.set", "fx/USD/2026-01-05", "09T00:00", rate="0.5")
    groups = answer("revenue_won", won, rate, by="product")["groups"]
    assert {group: told["value"] for group, told in groups.items()} == {("a",): Fraction(3, 2), ("b",): Fraction(1, 2)}


def test_teams_count_whole_days_of_membership() -> None:
    call = said("call.logged", "call/1", "05T08:00", actor="ann", direction="outbound")
    joins = said("user.updated", "user/ann", "05T20:00", team_id="sub")
    below = said("team.updated", "team/sub", "09T00:00", parent_id="top")
    assert answer("calls_made", call, joins, below, scope="team:top")["value"] == 1
    leaves = said("user.updated", "user/ann", "05T21:00", team_id="other")
    assert answer("calls_made", call, joins, leaves, below, scope="team:top")["value"] == 0


def test_reasons_are_compared_without_regard_to_case_and_blanks() -> None:
    lost = [
        said("deal.lost", f"deal/{n}", "01T00:00", lost_reason=text)
        for n, text in enumerate((" Too  DEAR", "too dear", " "))
    ]
    groups = answer("lost_reason_share", *lost)["groups"]
    assert {group: told["value"] for group, told in groups.items()} == {
        ("too dear",): Fraction(2, 3),
        (NONE,): Fraction(1, 3),
    }
