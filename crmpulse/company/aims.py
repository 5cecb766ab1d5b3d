"""What everybody is to reach: goals of the company, of its teams and of each seller."""

from typing import Any

from crmpulse.company.directory import user_id
from crmpulse.company.office import Office
from crmpulse.company.rhythm import DAY_S
from crmpulse.company.tables import CALLS_A_WEEK, COMPANY_AIMS, SELLERS, TEAM_REVENUE, WINS_A_MONTH

MILESTONES = [0.5, 0.9, 1.0]


def aim(office: Office) -> None:
    """Set all goals, told before anything else happens."""
    for name, aims in COMPANY_AIMS.items():
        _set(office, name, assignee="org", **aims)
    for team, (title, members) in SELLERS.items():
        revenue = {"kpi": "revenue_won", "target": TEAM_REVENUE[team], "period": "month", "pace": "working_days"}
        _set(office, f"revenue-{team}", name=f"Revenue of {title}", assignee=f"team:{team}", **revenue)
        for person, habit in members:
            user = user_id(person)
            calls = {"kpi": "calls_made", "target": CALLS_A_WEEK[habit], "period": "week", "pace": "working_days"}
            wins = {"kpi": "deals_won", "target": WINS_A_MONTH[habit], "period": "month", "pace": "working_days"}
            _set(office, f"calls-{user}", name="Calls a week", assignee=f"user:{user}", **calls)
            _set(office, f"wins-{user}", name="Deals won a month", assignee=f"user:{user}", **wins)


def _set(office: Office, goal: str, **data: Any) -> None:
    announced = {"milestones": MILESTONES} if data.get("direction") != "at_most" else {}
    office.say("goal.set", f"goal/{goal}", {**data, **announced}, ago_s=DAY_S)
