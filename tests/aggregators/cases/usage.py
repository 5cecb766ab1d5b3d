"""How the system is used."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

HALF = Fraction(1, 2)
BEATS = """
    01-01 user.updated user/ann team_id=east
    01-01 user.updated user/bo team_id=west
    01-01 team.updated team/east parent_id=top
    01-10T09:00 session.heartbeat heartbeat/1 actor=ann feature=mail
    01-10T09:01 session.heartbeat heartbeat/2 actor=ann feature=search
    01-10T10:00 session.heartbeat heartbeat/3 owner_id=bo feature=mail
    01-11T10:00 session.heartbeat heartbeat/4 actor=bo
    01-12T10:00 session.heartbeat heartbeat/5
"""

CASES: dict[str, list[tuple[str, str, Mapping[str, Any]]]] = {
    "active_users": [
        ("each counts once, in whatever window", BEATS, {
            "": 2, "every=day&from=2026-01-10&to=2026-01-13": [2, 1, 0], "from=2026-01-10T09:00:30&to=2026-01-10T09:30": 1,
            "by=team": {"east": 1, "west": 1, "top": 1}, "scope=team:top": 1, "scope=user:bo": 1, "scope=team:top&by=team": {
                "east": 1, "top": 1}, "where=team:top": 1, "n?": 2, "compare?window=last_month&now=2026-02-01&compare=previous": {
                "value": 0, "change": 2}}),
        ("who changed teams is in both, and once in all", """
            01-01 user.updated user/ann team_id=east
            01-11 user.updated user/ann team_id=west
            01-10 session.heartbeat heartbeat/1 actor=ann
            01-11 session.heartbeat heartbeat/2 actor=ann
        """, {"": 1, "by=team": {"east": 1, "west": 1}, "by=team&from=2026-01-11&to=2026-02-01": {"west": 1}}),
        ("corrected and deleted heartbeats", """
            01-10 session.heartbeat heartbeat/1 actor=ann
            01-11 session.heartbeat heartbeat/1 actor=bo
            01-11 session.heartbeat heartbeat/2 actor=cy
            01-12 record.deleted heartbeat/2
            01-12 record.updated heartbeat/3 changed.owner_id=dee
        """, {"": 1, "scope=user:bo": 1}),
    ],
    "time_in_system": [
        ("the union of what heartbeats say, tabs not doubled, up to a gap", """
            01-10T09:00 session.heartbeat heartbeat/1 actor=ann session_id=a active_ms=60000
            01-10T09:01 session.heartbeat heartbeat/2 actor=ann session_id=b active_ms=60000
            01-10T09:01:30 session.heartbeat heartbeat/3 actor=ann session_id=a active_ms=90000
            01-10T09:07:30 session.heartbeat heartbeat/4 actor=ann session_id=a active_ms=60000
            01-10T09:20 session.heartbeat heartbeat/5 actor=ann session_id=a
            01-10T09:20 session.heartbeat heartbeat/6 actor=bo active_ms=900000
            01-10T09:20 session.heartbeat heartbeat/7 active_ms=60000
        """, {"": 510 + 300, "by=user": {"ann": 510, "bo": 300}, "scope=user:ann": 510, "every=day&from=2026-01-10&to=2026-01-12": [
            810, 0], "scope=user:bo&from=2026-01-10T09:15&to=2026-01-10T09:30": 300, "unit?": "s"}),
        ("longer than the gap apart they are two, and days and quarters are cut", """
            01-10T23:58 session.heartbeat heartbeat/1 actor=ann active_ms=60000
            01-11T00:02 session.heartbeat heartbeat/2 actor=ann
            01-11T00:07:00.001 session.heartbeat heartbeat/3 actor=ann
        """, {"every=day&from=2026-01-10&to=2026-01-12": [180, 120], "from=2026-01-10T23:58&to=2026-01-11": 0}),
        ("corrected and deleted ones", """
            01-10T09:00 session.heartbeat heartbeat/1 actor=ann active_ms=60000
            01-10T09:05 session.heartbeat heartbeat/1 actor=bo active_ms=30000
            01-10T09:05 session.heartbeat heartbeat/2 actor=bo active_ms=60000
            01-11 record.deleted heartbeat/2
        """, {"by=user": {"bo": 30}}),
    ],
    "feature_utilization": [
        ("users of a feature of the active ones", BEATS, {
            "": 1, "by=feature": {"mail": 1, "search": HALF}, "where=feature:search": HALF, "where=feature:none": 0,
            "by=feature,team": {"mail | east": 1, "mail | west": 1, "mail | top": 1, "search | east": 1, "search | top": 1},
            "by=team,feature&where=feature:search": {"east | search": 1, "top | search": 1}, "scope=team:west&by=feature": {
                "mail": 1}, "from=2026-01-11&to=2026-01-12": 0, "from=2026-02-01&to=2026-03-01": None}),
        ("names may be any", """
            01-10 session.heartbeat heartbeat/1 actor=ann feature=a/b:@c
            01-10 session.heartbeat heartbeat/2 actor=bo feature=(none)
        """, {"by=feature": {"a/b:@c": HALF, "(none)": HALF}, "where=feature:a/b:@c": HALF}),
    ],
}  # fmt: skip
