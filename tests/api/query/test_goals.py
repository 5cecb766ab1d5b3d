"""How goals stand: what they ask the engine, in which period, and what is said of those that cannot be told."""

from fractions import Fraction
from typing import Any

import pytest

from api.query.engine import Engine
from api.query.errors import ImpossibleError, UnknownError
from crmpulse.embedded import Redis
from crmpulse.settings import Settings
from tests.committing import committing
from tests.loading import Event
from tests.telling import Told, events, instant, params, telling

STORY = """
    01-01 org.updated org/demo name=Acme currency=EUR time_zone=Europe/Berlin week_start=sunday fiscal_year_start_month=2
    01-01 user.updated user/ann team_id=west name="Ann B."
    01-01 user.updated user/bo team_id=west
    01-01 team.updated team/west name=West
    02-05 deal.won 1 owner_id=ann value=100EUR source=web
    02-09 deal.created 2 owner_id=bo source=ads deal_type=new
    02-10 deal.won 2 value=300EUR
    03-04 deal.won 3 owner_id=ann value=50EUR source=web
    03-05 deal.lost 4 owner_id=ann value=50EUR source=web
    03-06 task.created 5 assignee_id=bo due_at=03-08
"""


def goal(at: str, name: str, /, **data: Any) -> Event:
    """Return the event that sets a goal, of the organisation to win 10 deals a month where nothing else is said."""
    said = {"kpi": "deals_won", "assignee": "org", "target": 10, "period": "month", **data}
    said = {member: value for member, value in said.items() if value is not None}
    return _event(f"goal.set {name} {at}", "goal.set", name, at, said)


def deleted(at: str, name: str) -> Event:
    """Return the event that deletes a goal."""
    return _event(f"goal.deleted {name} {at}", "goal.deleted", name, at, {})


def _event(key: str, kind: str, name: str, at: str, said: dict[str, Any]) -> Event:
    about = {"type": f"crm.{kind}", "subject": f"goal/{name}", "time": instant(at), "orgid": "demo", "data": said}
    return {"specversion": "1.0", "id": key, "source": "/goals", **about}


async def standing(asking: Told, name: str, now: str) -> Any:
    """Return how a goal stands at an instant."""
    return await asking.engine.goal(asking.org, name, params(f"now={instant(now)}"))


async def test_a_goal_is_found_as_soon_as_it_is_set_by_who_asked_before(redis_server: Redis) -> None:
    async with committing(Settings(redis=redis_server.address)) as tables:
        engine = Engine(tables.redis, tables.settings)
        await tables.commit("01-05", STORY)
        for name in ("g", "later"):
            with pytest.raises(UnknownError):
                await engine.goal(tables.org, name, params("now=2026-02-15"))
            await tables.commit("01-06", [goal("01-01", name)])
            assert (await engine.goal(tables.org, name, params("now=2026-02-15")))["goal"] == name


async def test_a_goal_tells_all_of_how_it_stands(redis_server: Redis) -> None:
    set_ = goal("01-01", "g", target=4, name="Deals", milestones=[0.25, 0.5])
    async with telling(redis_server, [*events(STORY), set_]) as asking:
        found = await standing(asking, "g", "02-15T00:00+01:00")
    assert found == {
        "goal": "g",
        "name": "Deals",
        "kpi": "deals_won",
        "unit": "deals",
        "assignee": "org",
        "assignee_name": "Acme",
        "target": 4,
        "direction": "at_least",
        "period": "month",
        "from": "2026-02-01T00:00:00+01:00",
        "to": "2026-03-01T00:00:00+01:00",
        "where": {},
        "stat": None,
        "params": {},
        "progress": 2,
        "attainment": 0.5,
        "expected_by_now": 2,
        "pace": 1,
        "projection": 4,
        "state": "on_track",
        "milestones": [{"share": 0.25, "reached": True}, {"share": 0.5, "reached": True}],
        "as_of": "2026-02-14T23:00:00Z",
    }


async def told(redis_server: Redis, now: str, *goals: Event) -> dict[str, Any]:
    """Return how goals stand, by id."""
    async with telling(redis_server, [*events(STORY), *goals]) as asking:
        found = await asking.engine.goals(asking.org, params(f"now={instant(now)}"))
    return {one["goal"]: one for one in found["goals"]}


@pytest.mark.parametrize(
    ("kpi", "unit"),
    [("goal_progress", "EUR"), ("goal_projection", "EUR"), ("goal_attainment", "ratio"), ("goal_pace", "ratio")],
)
async def test_what_is_told_in_the_unit_of_the_goals_kpi_and_what_as_a_ratio(
    kpi: str, unit: str, redis_server: Redis
) -> None:
    set_ = goal("01-01", "g", kpi="revenue_won", target={"amount": "1000", "currency": "EUR"})
    async with telling(redis_server, [*events(STORY), set_]) as asking:
        found = await asking.engine.kpi(asking.org, kpi, params(f"goal=g&now={instant('02-15')}"))
    assert found["unit"] == unit


async def test_progress_is_the_value_of_the_kpi_under_the_goals_filters(redis_server: Redis) -> None:
    set_ = [
        goal("01-01", "web", where={"source": "web"}, period="quarter"),
        goal("01-01", "two", where={"source": "ads", "deal_type": "new"}, period="quarter"),
        goal("01-01", "none", where={"deal_type": None}, period="quarter", assignee="team:west"),
        goal("01-01", "rate", kpi="win_rate", params={"variant": "value"}, target=0.5, period="quarter"),
        goal("01-01", "late", kpi="tasks_overdue", target=0, direction="at_most", assignee="user:bo"),
    ]
    found = await told(redis_server, "03-10", *set_)
    progress = {name: one["progress"] for name, one in found.items()}
    assert progress == {"web": 2, "two": 1, "none": 2, "rate": Fraction(9, 10), "late": 1}
    assert {name: found[name]["state"] for name in ("rate", "late")} == {"rate": "on_track", "late": "off_track"}
    assert found["late"]["attainment"] == 0
    async with telling(redis_server, [*events(STORY), *set_]) as asking:
        asked = "scope=team:west&from=2026-02-01T00:00:00%2B01:00&to=2026-03-10T00:00:00Z&where=deal_type:(none)"
        assert await asking.value("deals_won", asked.replace("%2B", "+")) == 2


@pytest.mark.parametrize(
    ("now", "progress", "expected", "state"),
    [
        ("01-15", 0, 0, "on_track"),
        ("02-01T00:00+01:00", 0, 0, "on_track"),
        ("02-06", 1, None, "on_track"),
        ("03-01T00:00+01:00", 2, 2, "reached"),
        ("06-01", 2, 2, "reached"),
    ],
)
async def test_a_goal_with_own_dates_is_told_before_and_after_too(
    redis_server: Redis, now: str, progress: int, expected: int | None, state: str
) -> None:
    set_ = goal("01-01", "g", target=2, period=None, start="2026-02-01", end="2026-02-28")
    found = (await told(redis_server, now, set_))["g"]
    assert (found["progress"], found["state"]) == (progress, state)
    assert expected in (None, found["expected_by_now"])
    assert (found["from"], found["to"]) == ("2026-02-01T00:00:00+01:00", "2026-03-01T00:00:00+01:00")


async def test_a_level_has_no_value_before_its_dates_and_is_missed_without_one(redis_server: Redis) -> None:
    own = {"period": None, "start": "2026-04-01", "end": "2026-04-30"}
    goals = [goal("01-01", "open", kpi="deals_open", **own), goal("01-01", "rate", kpi="win_rate", **own)]
    for now, state in (("03-31", "on_track"), ("05-01", "missed")):
        found = await told(redis_server, now, *goals)
        assert [(found[name]["progress"], found[name]["state"]) for name in ("open", "rate")] == [
            (None if now == "03-31" else 0, state),
            (None, state),
        ]


async def test_a_target_in_another_currency_has_the_rate_of_the_periods_beginning(redis_server: Redis) -> None:
    rates = """
        01-01 fx_rate.set fx/USD/2026-01-15 rate=0.5
        01-01 fx_rate.set fx/USD/2026-02-02 rate=0.9
    """
    usd = goal("01-01", "usd", kpi="revenue_won", target={"amount": "1000", "currency": "USD"})
    gbp = goal("01-01", "gbp", kpi="revenue_won", target={"amount": "1000", "currency": "GBP"})
    async with telling(redis_server, [*events(STORY), *events(rates), usd, gbp]) as asking:
        found = await standing(asking, "usd", "02-20")
        assert (found["target"], found["progress"], found["unit"], found["attainment"]) == (
            500,
            400,
            "EUR",
            Fraction(4, 5),
        )
        found = await standing(asking, "gbp", "02-20")
        assert (found["target"], found["progress"], found["state"], found["fx_missing"]) == (
            None,
            400,
            None,
            {"GBP": 1000},
        )
        assert found["problem"] == "There is no rate of GBP at the beginning of the period."


async def test_what_came_through_the_log_and_cannot_be_told_says_why_and_stops_nothing(redis_server: Redis) -> None:
    wrong: dict[str, dict[str, Any]] = {
        "unknown": {"kpi": "deals_wun"}, "place": {"kpi": "rank"}, "own": {"kpi": "goal_pace"}, "both": {"start": "2026-01-01"},
        "none": {"period": None}, "filter": {"where": {"colour": "red"}}, "stat": {"stat": "p90"},
        "param": {"params": {"now": "2026"}}, "money": {"target": {"amount": "1", "currency": "EUR"}},
    }  # fmt: skip
    found = await told(redis_server, "02-20", goal("01-01", "good"), *(goal("01-01", n, **w) for n, w in wrong.items()))
    assert found.keys() == {"good", *wrong}
    assert (found["good"]["progress"], found["good"]["state"]) == (2, "off_track")
    for name in wrong:
        assert (found[name]["state"], found[name]["progress"], found[name]["from"]) == (None, None, None)
        assert found[name]["problem"]
    async with telling(redis_server, [goal("01-01", "bad", kpi="x"), goal("01-01", "good")]) as asking:
        assert await asking.value("goals_met_share", "window=last_month") == 0
        assert (await asking.answer("goal_pace", "goal=bad"))["problem"].startswith("kpi: there is no KPI 'x'")


async def test_who_may_see_a_scope_sees_no_other_goal(redis_server: Redis) -> None:
    set_ = [
        goal("01-01", "ours"),
        goal("01-01", "west", assignee="team:west"),
        goal("01-01", "ann", assignee="user:ann"),
    ]
    async with telling(redis_server, [*events(STORY), *set_]) as asking:
        for scope, seen in (("org", {"ours", "west", "ann"}), ("team:west", {"west", "ann"}), ("user:ann", {"ann"})):
            answer = await asking.answer("goal_progress", f"by=goal&scope={scope}&now=2026-02-15")
            assert {group["key"]["goal"] for group in answer["groups"]} == seen
        with pytest.raises(ImpossibleError, match="There is no goal 'ours'"):
            await asking.answer("goal_progress", "goal=ours&scope=team:west")


@pytest.mark.parametrize(
    "asked", ["", "by=user", "goal=ours&credit=current", "goal=ours&by=colour", "by=goal&every=hour"]
)
async def test_what_cannot_be_asked_of_goals_is_refused(redis_server: Redis, asked: str) -> None:
    async with telling(redis_server, [*events(STORY), goal("01-01", "ours"), goal("01-01", "more")]) as asking:
        with pytest.raises(ImpossibleError):
            await asking.answer("goal_pace", f"{asked}&window=last_year" if "every" in asked else asked)
        with pytest.raises(ImpossibleError, match="goal_pace has neither records nor a ranking"):
            await asking.engine.leaderboard(asking.org, params("kpi=goal_pace"))


async def test_what_was_deleted_is_gone_until_it_is_set_again(redis_server: Redis) -> None:
    gone = [goal("01-01", "g"), deleted("01-02", "g")]
    assert await told(redis_server, "02-20", *reversed(gone)) == {}
    assert (await told(redis_server, "02-20", goal("01-03", "g", target=2), *gone))["g"]["state"] == "reached"
