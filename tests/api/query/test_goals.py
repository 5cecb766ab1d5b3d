"""How goals stand: what they ask the engine, in which period, and what is said of those that cannot be told."""

from typing import Any

from crmpulse.embedded import Redis
from tests.loading import Event
from tests.telling import Told, events, instant, params, telling

STORY = """
    01-01 org.updated org/demo name=Acme currency=EUR time_zone=Europe/Berlin week_start=sunday fiscal_year_start_month=2
    01-01 user.updated user/ann team_id=west name="Ann B."
    01-01 user.updated user/bo team_id=west
    01-01 team.updated team/west name=West
    02-05 deal.won 1 owner_id=ann value=100EUR source=web
    02-10 deal.won 2 owner_id=bo value=300EUR source=ads deal_type=new
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
