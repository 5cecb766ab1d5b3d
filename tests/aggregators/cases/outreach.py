"""What comes of reaching out, and which deals stall."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

HALF, THIRD = Fraction(1, 2), Fraction(1, 3)
WAY = """
    01-01 deal.created 8 pipeline_id=p stage_id=new
    01-05 deal.stage_changed 8 new_stage_id=offer
    01-05 deal.lost 8
    01-01 deal.created 1 owner_id=ann pipeline_id=p stage_id=new value=50EUR
"""

CASES: dict[str, list[tuple[str, str, Mapping[str, Any]]]] = {
    "meetings_leading_to_deal": [
        ("a deal of the account within 30 days, or the one that they name is won", """
            01-01 contact.created c account_id=b
            01-01 meeting.scheduled 1 account_id=a start=01-10T00:00
            01-10 meeting.status_changed 1 new=completed actor=ann
            01-01 meeting.scheduled 2 contact_ids=c start=01-10T00:00
            01-10 meeting.status_changed 2 new=completed actor=bo
            01-01 meeting.scheduled 3 deal_id=3 start=01-10T00:00
            01-10 meeting.status_changed 3 new=completed actor=bo
            01-01 meeting.scheduled 4 account_id=a start=01-10T00:00
            01-01 meeting.scheduled 5 account_id=a start=01-20T00:00
            01-20 meeting.status_changed 5 new=completed actor=bo
            01-10 deal.created 1 account_id=a
            02-09 deal.created 2 account_id=b
            01-01 deal.created 3
            01-11 deal.won 3
        """, {"": 3, "by=user": {"ann": 1, "bo": 2}, "from=2026-01-11": 0, "scope=user:ann": 1}),
        ("not what is deleted, too late, won before, or lost again", """
            01-01 meeting.scheduled 1 account_id=a start=01-10T00:00
            01-10 meeting.status_changed 1 new=completed
            01-01 meeting.scheduled 2 deal_id=3 start=01-10T00:00
            01-10 meeting.status_changed 2 new=completed
            01-01 meeting.scheduled 3 deal_id=4 start=01-10T00:00
            01-10 meeting.status_changed 3 new=completed
            01-11 deal.created 1 account_id=a
            01-12 record.deleted deal/1
            02-09T00:01 deal.created 2 account_id=a
            01-09 deal.won 3
            01-11 deal.won 4
            01-12 deal.lost 4
        """, {"": 0}),
    ],
    "outreach_to_deal_rate": [
        ("contacts whom we touched first, by how we did", """
            01-01 contact.created d account_id=x owner_id=bo
            01-10 call.logged 1 actor=ann contact_ids=c direction=outbound
            01-10 email.logged 2 contact_ids=d direction=outbound channel=mail
            01-10 email.logged 3 actor=ann contact_ids=e,f direction=inbound
            01-11 email.logged 4 actor=ann contact_ids=e direction=outbound
            01-10 call.logged 5 actor=ann contact_ids=g direction=outbound
            01-09 email.logged 6 contact_ids=g direction=outbound automated=true
            04-10 deal.created 1 contact_ids=c
            01-10 deal.created 2 account_id=x
            04-10T00:01 deal.created 3 contact_ids=g
        """, {"": Fraction(2, 3), "by=activity": {"call": HALF, "email": 1}, "by=channel": {"mail": 1, "(none)": HALF},
              "by=user": {"ann": HALF, "bo": 1}, "denominator?": 3, "from=2026-01-11": None, "open_share?now=2026-04-10": THIRD,
              "open_share?now=2026-04-11": 0}),
        ("a deal of the account that names others is none of theirs, one before it neither", """
            01-01 contact.created d account_id=x
            01-10 email.logged 1 contact_ids=d direction=outbound
            01-11 deal.created 1 account_id=x contact_ids=e
            01-09 deal.created 2 account_id=x
        """, {"": 0}),
    ],
    "channel_effectiveness": [
        ("who answers, whom we meet, who buys, each contact once", """
            01-10 email.logged 1 actor=ann contact_ids=c,d direction=outbound channel=mail
            01-11 email.logged 2 actor=ann contact_ids=c direction=outbound channel=mail
            01-25 email.logged 3 contact_ids=c direction=inbound
            01-10 call.logged 4 actor=bo contact_ids=e direction=outbound outcome=connected
            01-12 meeting.scheduled 5 contact_ids=d start=01-20T00:00
            01-20 meeting.status_changed 5 new=completed actor=bo
            02-01 deal.won 1 contact_ids=d
        """, {"": 1, "by=channel": {"mail": 1, "(none)": 1}, "variant=meeting": THIRD, "variant=win": THIRD,
              "by=activity&variant=meeting": {"email": HALF}, "by=activity&variant=win": {"email": HALF, "meeting": 1},
              "by=user&variant=win": {"ann": HALF, "bo": HALF}, "from=2026-01-01&to=2026-01-11": Fraction(2, 3),
              "from=2026-01-11&to=2026-01-12": 1, "where=channel:mail&from=2026-01-01&to=2026-01-11": HALF}),
        ("a deleted contact is none, an answer after 14 days is none", """
            01-01 contact.created gone
            01-10 email.logged 1 contact_ids=c,gone direction=outbound
            01-24T00:01 email.logged 2 contact_ids=c direction=inbound
            02-01 record.deleted contact/gone
        """, {"": 0, "n?": 1}),
    ],
    "frequency_response_curve": [
        ("win_rate by touches in 30 days, of at least 30 days", """
            01-01 deal.created 1 pipeline_id=p
            01-02 call.logged 1 deal_id=1
            01-02 call.logged 2 deal_id=1
            01-03 deal.won 1
            01-01 deal.created 2 pipeline_id=p
            01-02 call.logged 3 deal_id=2
            01-02 call.logged 4 deal_id=2
            01-31T00:01 deal.lost 2
            01-01 deal.created 3
            01-02 deal.lost 3
        """, {"": THIRD, "by=pipeline": {"p": HALF}, "parts?": {
            "0-1": {"value": 0, "n": 2}, "2-3": {"value": 1, "n": 1}, "4-6": {"value": None, "n": 0}, "7+": {"value": None, "n": 0}},
            "parts?where=pipeline:x": {name: {"value": None, "n": 0} for name in ("0-1", "2-3", "4-6", "7+")}}),
    ],
    "deals_stalled": [
        ("longer in their stage than twice the usual", WAY + "01-02 call.logged 1 deal_id=1", {
            "now=2026-01-09": 0, "now=2026-01-09T00:01:00Z": 1, "now=2026-01-10&stat=sum": 50, "now=2026-01-10&by=stage": {"new": 1},
            "now=2026-01-10&by=user": {"ann": 1}, "now=2026-01-04": 0}),
        ("longer than the organisation says", """
            01-01 org.updated org/demo stalled_after_days.new=2
        """ + WAY, {"now=2026-01-03": 0, "now=2026-01-04": 1, "now=2026-01-04&by=pipeline": {"p": 2}} | {"now=2026-01-04": 2}),
        ("without a touch for 30 days, unless a meeting is ahead", """
            01-01 deal.created 1 account_id=a
            01-11 call.logged 1 account_id=a
            02-12 meeting.scheduled 1 account_id=a start=02-20T00:00
            02-12 meeting.scheduled 2 deal_id=1 start=03-20T00:00
            02-15 meeting.status_changed 2 new=cancelled
            03-10 deal.won 1
        """, {"now=2026-02-10": 0, "now=2026-02-11": 1, "now=2026-02-12": 1, "now=2026-02-13": 0, "now=2026-02-20": 0,
              "now=2026-02-21": 1,
              "now=2026-03-11": 0}),
        ("from where a deal was opened again", WAY + """
            01-06 call.logged 1 deal_id=1
            01-08 deal.lost 1
            01-20 deal.reopened 1
        """, {"now=2026-01-21": 0, "now=2026-02-20": 1}),
    ],
}  # fmt: skip
