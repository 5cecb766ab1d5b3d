"""How people stand among their peers."""

from collections.abc import Mapping
from typing import Any

AGENTS = """
    01-01 user.updated user/ann team_id=west
    01-01 user.updated user/bo team_id=west
    01-01 user.updated user/cy team_id=east
    01-05T10:00 ticket.created 1 owner_id=ann
    01-05T10:10 ticket.message 1 author=agent
    01-05T11:00 ticket.status_changed 1 new=solved
    01-06T10:00 ticket.created 2 owner_id=ann
    01-06T10:10 ticket.message 2 author=agent
    01-06T11:00 ticket.status_changed 2 new=solved
    01-06T11:00 feedback.received 1 kind=csat ticket_id=2 score=5 scale=5
    01-07T10:00 ticket.created 3 owner_id=bo
    01-07T10:30 ticket.message 3 author=agent
    01-07T10:40 feedback.received 2 kind=csat ticket_id=3 score=1 scale=5
    01-08 call.logged 1 actor=cy
"""
LAZY = """
    04-01 org.updated org/demo required_contact_fields=phone
    04-01 user.updated user/ann team_id=west
    04-01 user.updated user/bo team_id=west
    04-01 user.updated user/cy team_id=east
    04-01 user.updated user/dee team_id=east
    04-01 user.updated user/gone active=false
    06-01T10:00 session.heartbeat heartbeat/1 actor=ann active_ms=60000
    06-01T10:00 session.heartbeat heartbeat/2 actor=bo active_ms=60000
    06-01T10:00 session.heartbeat heartbeat/3 actor=cy active_ms=60000
    06-01T10:00 session.heartbeat heartbeat/4 actor=dee active_ms=1000
    06-01T10:00 call.logged 1 actor=ann
    06-01T10:00 call.logged 2 actor=bo
    06-01T10:00 call.logged 3 actor=cy
"""

CASES: dict[str, list[tuple[str, str, Mapping[str, Any]]]] = {
    "agent_performance_score": [
        ("standard deviations from the mean of the peers, weighted", AGENTS, {
            "scope=user:ann": 1, "scope=user:bo": -1, "scope=user:cy": None, "by=user": {"ann": 1, "bo": -1}, "n?scope=user:ann": 2,
            "parts?scope=user:bo": {
                "tickets_resolved": {"value": 0, "z": -1, "weight": 1}, "first_response_time": {"value": 1800, "z": -1, "weight": 1},
                "csat_score": {"value": 0, "z": -1, "weight": 1}},
            "scope=team:west": 0, "by=user&scope=team:west": {"ann": 1, "bo": -1}, "scope=user:nobody": None,
            "scope=user:ann&from=2026-01-05&to=2026-01-07": 0, "scope=user:ann&from=2026-02-01&to=2026-03-01": None,
            "scope=user:ann&every=month&from=2026-01-01&to=2026-03-01": [1, None]}),
        ("what one has no value of is left out", """
            01-05 ticket.created 1 owner_id=ann
            01-06 ticket.status_changed 1 new=solved
            01-05 ticket.created 2 owner_id=bo
            01-06 ticket.status_changed 2 new=solved
            01-06 record.deleted ticket/2
            01-06 feedback.received 2 kind=csat ticket_id=3 score=1 scale=5 owner_id=bo
            01-05 ticket.created 3 owner_id=bo
        """, {"by=user": {"ann": 1, "bo": -0.5}}),
    ],
    "training_need_users": [
        ("below the 25th percentile in three of the KPIs", LAZY, {
            "": 1, "by=team": {"east": 1}, "scope=team:west": 0, "scope=team:east": 1, "scope=user:dee": 1, "scope=user:ann": 0,
            "where=team:east": 1, "parts?": {"time_in_system": 1, "module_actions": 1, "activities_completed": 1,
            "task_on_time_rate": 0, "contact_completeness": 0, "csat_score": 0}, "now=2026-06-01": 0, "now=2026-10-01": 0}),
        ("two are not enough, and a quarter that is as low is not below", LAZY + """
            06-02 deal.created 1 owner_id=dee
            06-02 deal.created 2 owner_id=dee
        """, {"": 0}),
    ],
}  # fmt: skip
