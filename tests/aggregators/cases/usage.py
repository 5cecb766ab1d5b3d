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
                "value": 0, "change": None}}),
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
    "adoption_rate": [
        ("who was there and wrote, of the active users", BEATS + """
            01-01 user.updated user/cy team_id=west
            01-01 user.updated user/dee active=false
            01-10 call.logged 1 actor=ann direction=outbound
            01-11 deal.created 1 owner_id=cy
            01-20 deal.won 1 actor=bo
        """, {"": Fraction(2, 3), "by=team": {"east": 1, "west": HALF, "top": 1}, "scope=team:top": 1, "scope=team:west": HALF,
              "from=2026-01-10&to=2026-01-11": Fraction(1, 3), "denominator?": 3, "from=2026-01-11&to=2026-01-12": 0,
              "every=month&from=2026-01-01&to=2026-03-01": [Fraction(2, 3), 0], "where=team:west": HALF, "scope=user:bo": 1,
              "scope=user:cy": 0, "scope=user:nobody": None}),
        ("of the licences where the organisation says how many it has", """
            01-01 org.updated org/demo licences=8
            01-01 user.updated user/ann team_id=west
            01-10 session.heartbeat heartbeat/1 actor=ann
            01-10 call.logged 1 actor=ann
            01-10 session.heartbeat heartbeat/2 actor=bo
            01-12 call.logged 2 actor=bo
        """, {"": Fraction(1, 4), "by=team&from=2026-01-02&to=2026-02-01": {"west": 1, "(none)": 1},
              "compare?window=last_month&now=2026-02-01&compare=previous": {"value": 0, "change": None}}),
        ("in a team on the days of membership", """
            01-01 user.updated user/ann team_id=east
            01-11 user.updated user/ann team_id=west
            01-10 session.heartbeat heartbeat/1 actor=ann
            01-11 call.logged 1 actor=ann
        """, {"": 1, "by=team": {}, "denominator?scope=team:west": 1}),
        ("a user who is named as a team is not one of it", """
            01-01 user.updated user/ann team_id=west
            01-01 user.updated user/west team_id=east
            01-10 session.heartbeat heartbeat/1 actor=ann
            01-10 call.logged 1 actor=ann
        """, {"scope=team:west": 1, "denominator?scope=team:west": 1}),
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
    "module_actions": [
        ("each event of a record, by who wrote it, and a call once", """
            01-05 deal.created 1 owner_id=ann value=5EUR
            01-06 deal.stage_changed 1 new_stage_id=demo actor=bo
            02-07 record.owner_changed deal/1 new_owner=cy
            02-08 deal.won 1
            01-09 call.logged 1 actor=bo owner_id=ann direction=inbound
            01-10 call.logged 1 actor=bo owner_id=ann direction=outbound
            02-11 record.updated call/1 changed.outcome=connected
            01-12 quote.created 1 owner_id=ann
        """, {"": 6, "by=module": {"deal": 4, "call": 1, "quote": 1}, "by=user": {"ann": 2, "bo": 2, "cy": 2}, "where=module:call": 1,
              "scope=user:bo&by=module": {"deal": 1, "call": 1}, "every=month&from=2026-01-01&to=2026-03-01": [4, 2],
              "by=module,user&where=user:cy": {"deal | cy": 2}, "where=module:visit": 0}),
        ("what customers, machines and forms wrote is left out", """
            01-05 ticket.created 1 owner_id=ann created_by=customer
            01-06 ticket.message 1 author=customer
            01-06 ticket.message 1 author=agent actor=ann
            01-06 ticket.message 1
            01-06 ticket.status_changed 1 new=solved
            01-07 lead.created 1 owner_id=ann inbound=true
            01-07 lead.created 2 owner_id=ann form_id=f
            01-08 lead.status_changed 2 new=working
            01-09 contact.created 1 origin=import
            01-09 contact.created 2 origin=manual
            01-09 email.logged 1 direction=inbound
            01-09 email.logged 2 direction=outbound automated=true
            01-09 message.logged 1 direction=outbound author=bot
            01-09 message.logged 2 direction=outbound author=human
            01-09 session.heartbeat heartbeat/1 actor=ann
            01-09 feedback.received 1 kind=nps score=9
            01-09 web.visit visit/1 owner_id=ann
            01-09 automation.run 1 owner_id=ann workflow_id=w
        """, {"by=module": {"ticket": 3, "lead": 1, "contact": 1, "message": 1}}),
        ("who is named wrote it, whoever it came from, but what a machine sent", """
            01-05 ticket.created 1 created_by=customer actor=ann
            01-07 lead.created 1 owner_id=ann inbound=true actor=bo
            01-07 lead.created 2 owner_id=ann form_id=f actor=ann
            01-09 contact.created 1 origin=import actor=ann
            01-09 email.logged 1 direction=inbound actor=ann
            01-09 email.logged 2 direction=outbound automated=true actor=ann
            01-09 session.heartbeat heartbeat/1 actor=ann
            01-09 feedback.received 1 kind=nps score=9 actor=ann
            01-09 web.visit visit/1 kind=store_entry actor=ann
            01-09 automation.run 1 workflow_id=w actor=ann
            02-09 record.updated automation/1 actor=bo changed.note=x
        """, {"by=module": {"ticket": 1, "lead": 2, "contact": 1, "email": 1, "feedback": 1, "visit": 1, "automation": 2},
              "by=user": {"ann": 7, "bo": 2}}),
        ("each event of any record counts", """
            01-05 task.created 1 assignee_id=ann
            01-06 order.created 1 owner_id=ann
            01-07 order.status_changed 1 new=refunded
            01-07 contract.status_changed 1 new=ended owner_id=ann actor=bo
            01-08 invoice.issued 1 owner_id=ann
            01-08 payment.received 1 owner_id=ann
            02-08 record.owner_changed payment/1 new_owner=bo
            01-09 spend.recorded 1 owner_id=ann value=5EUR
            01-09 spend.recorded 2 owner_id=ann value=0EUR
            02-09 record.updated feedback/1 owner_id=ann changed.note=x
            01-10 user.updated user/ann team_id=west actor=ann
        """, {"by=module": {"task": 1, "order": 2, "contract": 1, "invoice": 1, "payment": 2, "spend": 2, "feedback": 1},
              "by=user": {"ann": 8, "bo": 2}, "from=2026-02-01&to=2026-03-01": 2}),
        ("deleted records do not count, restored ones do with what was done to them", """
            01-05 account.created 1 owner_id=ann
            01-06 record.deleted account/1
            01-05 account.created 2 owner_id=ann
            01-06 record.deleted account/2
            01-07 record.deleted account/2 restored=true
            01-08 task.created 1 assignee_id=ann
            01-08 task.created 2 assignee_id=ann due_at=01-20
            01-08 task.created 3 assignee_id=ann
            01-09 task.status_changed 3 new=done
            01-08 order.created 1
            01-08 contract.status_changed 1 new=signed
        """, {"by=module": {"account": 3, "task": 4, "contract": 1, "order": 1}}),
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
    "event_freshness": [
        # When a commit is made is no matter of a history: tests/api/query/test_freshness.py has the cases of that.
        ("what the log had before the tables were begun tells nothing", BEATS, {
            "": None, "stat=count": 0, "by=source": {}, "every=day&from=2026-01-10&to=2026-01-11": [None]}),
    ],
}  # fmt: skip
