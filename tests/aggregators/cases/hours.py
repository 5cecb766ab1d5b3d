"""Durations in business hours, and promises that run in them."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

HOUR = 3_600
HALF, THIRD = Fraction(1, 2), Fraction(1, 3)
BUSINESS = "stat=mean&hours=business"
TEAMS = """
    01-01 org.updated org/demo business_hours.monday=09:00-17:00 business_hours.tuesday=09:00-17:00
    01-01 team.updated team/night business_hours.monday=20:00-24:00 business_hours.tuesday=00:00-04:00
    01-01 user.updated user/ann team_id=night
    01-01 user.updated user/bo team_id=day
"""

CASES: dict[str, list[tuple[str, str, Mapping[str, Any]]]] = {
    "first_response_time": [
        ("in business hours a weekend and a night do not count", """
            01-02T16:00 ticket.created 1 owner_id=ann channel=mail
            01-05T10:00 ticket.message 1 author=agent
        """, {BUSINESS: 2 * HOUR, "stat=mean": 66 * HOUR, "stat=mean&hours=calendar": 66 * HOUR,
              f"by=channel&{BUSINESS}": {"mail": 2 * HOUR}, f"where=channel:mail&{BUSINESS}": 2 * HOUR,
              f"scope=user:ann&{BUSINESS}": 2 * HOUR, "hours=business&stat=count": 1}),
        ("an answer on a day off took no business hours", """
            01-03T10:00 ticket.created 1
            01-03T18:00 ticket.message 1 author=agent
        """, {BUSINESS: 0, "hours=business": 0}),
        ("several intervals a day, and holidays, however late they are told", """
            01-05T11:30 ticket.created 1
            01-07T09:15 ticket.message 1 author=agent
            01-01 org.updated org/demo business_hours.monday=09:00-12:00,13:00-14:00 business_hours.wednesday=09:00-10:00
            06-01 org.updated org/demo holidays=01-06,12-25
        """, {BUSINESS: Fraction(7, 4) * HOUR}),
        ("a holiday stops the clock of everybody", """
            01-05T16:00 ticket.created 1
            01-07T10:00 ticket.message 1 author=agent
            06-01 org.updated org/demo holidays=01-06
        """, {BUSINESS: 2 * HOUR}),
        ("hours hold from the instant at which they were said", """
            01-06T12:00 org.updated org/demo business_hours.monday=10:00-11:00 business_hours.tuesday=10:00-11:00
            01-05T09:00 ticket.created 1
            01-12T12:00 ticket.message 1 author=agent
        """, {BUSINESS: 12 * HOUR}),
        ("in the organisation's zone, over a change of clocks by what passes", """
            01-01 org.updated org/demo time_zone=Europe/Berlin business_hours.sunday=01:00-05:00 business_hours.monday=00:00-24:00
            03-28T12:00 ticket.created 1
            03-29T12:00 ticket.message 1 author=agent
            10-24T12:00 ticket.created 2 channel=autumn
            10-25T12:00 ticket.message 2 author=agent
        """, {f"to=2026-04-01&{BUSINESS}": 3 * HOUR, f"from=2026-04-01&{BUSINESS}": 5 * HOUR}),
        ("each team by its own hours, of who has the ticket", TEAMS + """
            01-05T08:00 ticket.created 1 owner_id=ann
            01-05T21:00 ticket.message 1 author=agent actor=ann
            01-05T08:00 ticket.created 2 owner_id=bo
            01-05T21:00 ticket.message 2 author=agent actor=bo
            01-05T08:00 ticket.created 3 owner_id=bo
            01-05T16:00 record.owner_changed ticket/3 new_owner=ann
            01-06T01:00 ticket.message 3 author=agent actor=ann
            01-05T08:00 ticket.created 4 team_id=night
            01-05T21:00 ticket.message 4 author=agent actor=bo
        """, {f"scope=user:ann&{BUSINESS}": Fraction(1 + 7 + 4 + 1, 2) * HOUR, f"scope=user:bo&{BUSINESS}": Fraction(8 + 1, 2) * HOUR}),
        ("who joins a team has its hours from that day on, also when it is told late", TEAMS + """
            01-05T08:00 ticket.created 1 owner_id=bo
            01-06T10:00 ticket.message 1 author=agent actor=bo
            01-06T23:00 user.updated user/bo team_id=night
        """, {BUSINESS: (8 + 4) * HOUR}),
    ],
    "next_response_time": [
        ("in business hours", """
            01-02T16:00 ticket.created 1 owner_id=ann
            01-02T16:30 ticket.message 1 author=customer
            01-05T10:00 ticket.message 1 author=agent actor=ann
        """, {BUSINESS: Fraction(3, 2) * HOUR}),
    ],
    "first_resolution_time": [
        ("in business hours", """
            01-02T16:00 ticket.created 1
            01-05T10:00 ticket.status_changed 1 new=solved
            01-06T10:00 ticket.status_changed 1 new=open
        """, {BUSINESS: 2 * HOUR}),
    ],
    "full_resolution_time": [
        ("in business hours, over years", """
            2016-01-04 ticket.created 1
            2026-01-05T10:00 ticket.status_changed 1 new=solved
        """, {BUSINESS: (522 * 5 * 8 + 1) * HOUR}),
    ],
    "handle_time": [
        ("in the business hours of each agent", TEAMS + """
            01-05T08:00 ticket.created 1 owner_id=bo
            01-05T16:00 record.owner_changed ticket/1 new_owner=ann
            01-05T22:00 ticket.status_changed 1 new=solved
        """, {f"by=user&{BUSINESS}": {"ann": 2 * HOUR, "bo": 7 * HOUR}}),
    ],
    "sla_first_response_rate": [
        ("a promise is in business hours, unless it says calendar", """
            01-09T16:30 ticket.created 1 owner_id=ann sla.first_response_ms=3600000
            01-12T09:20 ticket.message 1 author=agent actor=ann
            01-09T16:30 ticket.created 2 owner_id=bo sla.first_response_ms=3600000 sla.hours=calendar
            01-12T09:20 ticket.message 2 author=agent actor=bo
        """, {"by=user": {"ann": 1}, "": 0.5}),
        ("who answered in time and waits for the customer then kept the promise", """
            01-01 ticket.created 1 sla.first_response_ms=3600000
            01-01T00:30 ticket.message 1 author=agent
            01-01T00:31 ticket.status_changed 1 new=pending
            01-02 ticket.status_changed 1 new=solved
        """, {"": 1, "n?": 1}),
        ("a promise in business hours, kept and broken", """
            01-02T16:00 ticket.created 1 owner_id=ann sla.first_response_ms=7200000 sla.hours=business
            01-05T10:00 ticket.message 1 author=agent actor=ann
            01-02T16:00 ticket.created 2 owner_id=bo sla.first_response_ms=7200000 sla.hours=business
            01-05T10:01 ticket.message 2 author=agent actor=bo
            01-02T16:00 ticket.created 3 sla.first_response_ms=7200000 sla.hours=business
        """, {"by=user": {"ann": 1}, "": THIRD, "now=2026-01-05T09:59": None, "now=2026-01-05T10:01": THIRD,
              "from=2026-01-05T10:00&to=2026-01-05T10:01": THIRD}),
        ("is due at the end of a working day, not when the next begins", """
            01-05T09:00 ticket.created 1 sla.first_response_ms=28800000 sla.hours=business
            01-06T09:00 ticket.message 1 author=agent
        """, {"from=2026-01-05T17:00&to=2026-01-05T17:01": 0}),
        ("stands while it is pending, in business hours too", """
            01-05T09:00 ticket.created 1 sla.first_response_ms=7200000 sla.hours=business
            01-05T10:00 ticket.status_changed 1 new=pending
            01-06T10:00 ticket.status_changed 1 new=open
            01-06T10:59 ticket.message 1 author=agent
            01-05T09:00 ticket.created 2 sla.first_response_ms=7200000 sla.hours=business
            01-05T10:00 ticket.status_changed 2 new=pending
            01-06T10:00 ticket.status_changed 2 new=open
            01-06T11:01 ticket.message 2 author=agent
        """, {"": HALF}),
        ("who never works is never due", """
            01-01 org.updated org/demo business_hours.monday=
            01-05 ticket.created 1 sla.first_response_ms=1 sla.hours=business
            01-05 ticket.created 2 sla.first_response_ms=0 sla.hours=business
        """, {"": 0, "n?": 1}),
        ("a deadline moves with the hours, told late", """
            01-05T16:30 ticket.created 1 sla.first_response_ms=3600000 sla.hours=business
            01-05T17:45 ticket.message 1 author=agent
            01-01 org.updated org/demo business_hours.monday=09:00-18:00
        """, {"from=2026-01-05T17:30&to=2026-01-05T17:31": 0}),
    ],
    "speed_to_lead": [
        ("in business hours, of who has the lead", TEAMS + """
            01-05T08:00 lead.created 1 owner_id=bo inbound=true
            01-06T10:00 call.logged 1 direction=outbound lead_id=1 actor=ann
            01-05T08:00 lead.created 2 owner_id=ann inbound=true
            01-06T10:00 call.logged 2 direction=outbound lead_id=2 actor=bo
        """, {f"scope=user:ann&{BUSINESS}": 9 * HOUR, f"scope=user:bo&{BUSINESS}": 8 * HOUR, "scope=user:bo&stat=mean": 26 * HOUR}),
    ],
    "sla_resolution_rate": [
        ("solved in time of those solved or too late", """
            01-05 ticket.created 1 owner_id=ann sla.resolution_ms=3600000 sla.hours=calendar channel=mail
            01-05T01:00 ticket.status_changed 1 new=solved
            01-05 ticket.created 2 owner_id=bo sla.resolution_ms=3600000 sla.hours=calendar
            01-05T01:01 ticket.status_changed 2 new=solved
            01-05 ticket.created 3 sla.resolution_ms=3600000 sla.hours=calendar
            01-05 ticket.created 4 sla.resolution_ms=99999999999 sla.hours=calendar
            01-05 ticket.created 5
            01-05T00:10 ticket.status_changed 5 new=solved
            01-05 ticket.created 6 sla.first_response_ms=1 sla.hours=calendar
            01-05T00:10 ticket.status_changed 6 new=solved
        """, {"": THIRD, "n?": 3, "by=user": {"ann": 1}, "by=channel": {"mail": 1}, "now=2026-01-05T00:30": None}),
        ("reopening lets the clock run on, and pending stops it", """
            01-05T00:00 ticket.created 1 sla.resolution_ms=3600000 sla.hours=calendar
            01-05T00:20 ticket.status_changed 1 new=solved
            01-06T00:00 ticket.status_changed 1 new=open
            01-06T00:20 ticket.status_changed 1 new=pending
            01-07T00:00 ticket.status_changed 1 new=open
            01-07T00:20 ticket.status_changed 1 new=closed
            01-05T00:00 ticket.created 2 sla.resolution_ms=3600000 sla.hours=calendar
            01-05T00:20 ticket.status_changed 2 new=solved
            01-06T00:00 ticket.status_changed 2 new=open
            01-06T00:41 ticket.status_changed 2 new=solved
            01-05T00:00 ticket.created 3 sla.resolution_ms=3600000 sla.hours=calendar
            01-05T00:20 ticket.status_changed 3 new=pending
        """, {"": HALF, "n?": 2, "from=2026-01-07": 1, "from=2026-01-06T00:40&to=2026-01-06T00:41": 0}),
        ("in business hours", """
            01-02T16:00 ticket.created 1 sla.resolution_ms=7200000 sla.hours=business
            01-05T10:00 ticket.status_changed 1 new=solved
            01-02T16:00 ticket.created 2 sla.resolution_ms=7200000 sla.hours=business
            01-05T10:01 ticket.status_changed 2 new=solved
        """, {"": HALF}),
        ("a deleted ticket promised nothing", """
            01-05 ticket.created 1 sla.resolution_ms=1
            01-06 record.deleted ticket/1 reason=spam
        """, {"": None}),
    ],
}  # fmt: skip
