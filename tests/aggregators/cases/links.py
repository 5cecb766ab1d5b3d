"""KPIs that are told across records, by example: see tests/aggregators/test_kpis.py."""

from collections.abc import Mapping
from typing import Any

Case = tuple[str, str, Mapping[str, Any]]
MINUTE, HOUR, DAY = 60, 3_600, 86_400

LEAD = "01-05T09:00 lead.created 1 inbound=true owner_id=ann source=web\n"

CASES: dict[str, list[Case]] = {
    "speed_to_lead": [
        ("to the first contact that a person made, whatever that is", LEAD + """
            01-05T09:10 email.logged 1 lead_id=1 direction=outbound automated=true
            01-05T09:20 message.logged 1 lead_id=1 direction=outbound author=bot
            01-05T09:30 call.logged 1 lead_id=1 direction=inbound
            01-05T08:00 call.logged 2 lead_id=1 direction=outbound actor=bo
            01-05T10:00 call.logged 3 lead_id=1 direction=outbound actor=bo
            01-05T11:00 email.logged 2 lead_id=1 direction=outbound actor=cy
            01-05T09:05 call.logged 4 lead_id=2 direction=outbound
        """, {"stat=mean": HOUR, "stat=count": 1, "by=user&stat=mean": {"bo": HOUR}, "by=source&stat=mean": {"web": HOUR}}),
        ("a meeting counts once it was held, at its start", LEAD + """
            01-05T09:10 meeting.scheduled 1 lead_id=1 owner_id=bo start=01-06T09:00
            01-05T09:10 meeting.scheduled 2 lead_id=1 owner_id=bo start=01-05T10:00
            01-06T10:00 meeting.status_changed 1 new=completed
            01-06T10:00 meeting.status_changed 2 new=no_show
        """, {"stat=mean": DAY, "scope=user:bo&stat=mean": DAY}),
        ("the first that goes leaves the place to the next, and may come back", LEAD + """
            01-05T09:30 call.logged 1 lead_id=1 direction=outbound
            01-05T10:00 call.logged 2 lead_id=1 direction=outbound
            01-05T10:30 call.logged 3 lead_id=1 direction=outbound
            02-01 record.deleted call/1
            02-01 record.deleted call/2
            02-02 record.deleted call/2 restored=true
        """, {"stat=mean": HOUR}),
        ("what is corrected to name another lead, or to have come in, answers no more", LEAD + """
            01-05T09:30 call.logged 1 lead_id=1 direction=outbound
            01-05T09:40 call.logged 2 lead_id=1 direction=outbound
            01-05T10:00 call.logged 3 lead_id=1 direction=outbound
            01-06 record.updated call/1 changed.lead_id=2
            01-05T09:40 call.logged 2 lead_id=1 direction=inbound sequence=1
        """, {"stat=mean": HOUR}),
        ("of inbound leads only: they say so, or have a form and do not say, or a visit with a form names them", """
            01-05T09:00 lead.created 1 inbound=false form_id=f
            01-05T09:00 lead.created 2 form_id=f
            01-05T09:00 lead.created 3
            01-05T09:00 lead.created 4 inbound=false
            01-05T09:30 web.visit visit/1 kind=form lead_id=3
            01-05T09:45 web.visit visit/2 kind=form lead_id=3
            01-05T09:10 web.visit visit/3 kind=page lead_id=4
            01-05T09:20 call.logged 1 lead_id=1 direction=outbound
            01-05T10:00 call.logged 2 lead_id=2 direction=outbound
            01-05T10:00 call.logged 3 lead_id=3 direction=outbound
            01-05T10:00 call.logged 4 lead_id=4 direction=outbound
        """, {"stat=count": 2, "stat=mean": 45 * MINUTE}),
        ("the lead's creation may be told after its answer, and corrected", """
            01-05T10:00 call.logged 1 lead_id=1 direction=outbound
            01-05T09:00 lead.created 1 inbound=true
            01-05T09:30 lead.created 1 inbound=true
        """, {"stat=mean": 30 * MINUTE}),
        ("a deleted lead is not there", LEAD + """
            01-05T10:00 call.logged 1 lead_id=1 direction=outbound
            01-06 record.deleted lead/1
        """, {"stat=count": 0}),
    ],
    "lead_response_within_target_rate": [
        ("half an hour, where nothing else is said", """
            01-05T09:00 lead.created 1 inbound=true owner_id=ann
            01-05T09:00 lead.created 2 inbound=true owner_id=ann
            01-05T09:00 lead.created 3 inbound=true owner_id=bo
            01-05T09:00 lead.created 4 inbound=true owner_id=bo
            01-05T09:05 lead.status_changed 4 new=disqualified
            01-05T09:30 call.logged 1 lead_id=1 direction=outbound
            01-05T09:31 call.logged 2 lead_id=2 direction=outbound
        """, {"numerator?": 1, "denominator?": 4, "by=user": {"ann": 0.5}, "from=2026-01-05&to=2026-01-06": 0.25}),
        ("the target of when the lead came, also when that is told late", """
            01-01 org.updated org/demo lead_response_target_ms=3600000
            01-06 org.updated org/demo lead_response_target_ms=60000
            01-05T09:00 lead.created 1 inbound=true
            01-06T09:00 lead.created 2 inbound=true
            01-05T10:00 call.logged 1 lead_id=1 direction=outbound
            01-06T09:02 call.logged 2 lead_id=2 direction=outbound
        """, {"from=2026-01-05&to=2026-01-06": 1, "from=2026-01-06&to=2026-01-07": 0}),
        ("what is not due yet is left out", LEAD, {"now=2026-01-05T09:29:00Z": None, "now=2026-01-05T09:30:01Z": 0}),
    ],
    "leads_awaiting_response": [
        ("until somebody answers, or the lead is decided", """
            01-05T09:00 lead.created 1 inbound=true owner_id=ann
            01-05T10:00 lead.created 2 inbound=true owner_id=ann source=web
            01-05T11:00 lead.created 3 inbound=true owner_id=bo
            01-05T11:00 lead.created 4 owner_id=bo
            01-05T12:00 call.logged 1 lead_id=1 direction=outbound
            01-05T13:00 lead.status_changed 3 new=disqualified
        """, {"": 1, "now=2026-01-05T11:30:00Z&by=user": {"ann": 2, "bo": 1}, "now=2026-01-05T12:30:00Z": 2,
              "now=2026-01-05T11:15:00Z&stat=late": 2, "now=2026-01-05T11:30:00Z&stat=oldest": 2.5 * HOUR,
              "now=2026-01-05T11:30:00Z&stat=oldest&by=user": {"ann": 2.5 * HOUR, "bo": 0.5 * HOUR},
              "now=2026-01-05T12:30:00Z&stat=oldest&scope=user:ann": 2.5 * HOUR, "where=source:web&stat=late": 1,
              "now=2026-01-05T08:00:00Z&stat=oldest": None}),
        ("by the owner of then, who hands on the time that it waited", LEAD + """
            01-05T10:00 record.owner_changed lead/1 new_owner=bo
        """, {"by=user": {"bo": 1}, "now=2026-01-05T09:30:00Z&by=user": {"ann": 1},
              "now=2026-01-05T11:00:00Z&stat=oldest&scope=user:bo": 2 * HOUR}),
    ],
}  # fmt: skip
