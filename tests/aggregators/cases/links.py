"""KPIs that are told across records, by example: see tests/aggregators/test_kpis.py."""

from collections.abc import Mapping
from fractions import Fraction
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
    "primary_sales": [
        ("of an account the first of its deals and orders, whoever sold it", """
            01-05 deal.won 1 account_id=A owner_id=ann value=100EUR source=web lines=x*1@60,y*1@40
            02-05 deal.won 2 account_id=A owner_id=bo value=200EUR
            02-06 order.created 1 account_id=B owner_id=bo value=50EUR
            02-07 order.status_changed 1 new=confirmed
            02-08 order.created 2 account_id=A value=70EUR
            02-09 deal.won 3 value=1000EUR
            02-09 deal.lost 4 account_id=C
        """, {"": 2, "stat=sum": 150, "by=user": {"ann": 1, "bo": 1}, "by=source": {"web": 1, "(none)": 1},
              "by=product": {"x": 1, "y": 1, "(none)": 1}, "by=product&stat=sum": {"x": 60, "y": 40, "(none)": 50},
              "from=2026-01-01&to=2026-02-01": 1}),
        ("where the first is deleted the next takes its place, and gives it back", """
            01-05 deal.won 1 account_id=A value=100EUR
            02-05 deal.won 2 account_id=A value=200EUR
            03-05 deal.won 3 account_id=A value=300EUR
            04-01 record.deleted deal/1
            04-01 record.deleted deal/2
            04-02 record.deleted deal/2 restored=true
        """, {"": 1, "stat=sum": 200, "from=2026-02-01&to=2026-03-01": 1}),
        ("a reopened, a cancelled one and one of another account are the first no more", """
            01-05 deal.won 1 account_id=A value=1EUR
            01-06 deal.won 2 account_id=A value=2EUR
            01-07 order.created 3 account_id=A value=4EUR
            01-07 order.status_changed 3 new=confirmed
            01-08 deal.won 4 account_id=A value=8EUR
            02-01 deal.reopened 1
            02-01 record.updated deal/2 changed.account_id=B
            02-01 order.status_changed 3 new=cancelled
        """, {"": 2, "stat=sum": 10}),
        ("an order of a deal is the same sale: it counts alone, and is the deal's account's", """
            01-05 deal.won 1 account_id=A value=100EUR owner_id=ann
            01-10 order.created 1 deal_id=1 value=120EUR owner_id=bo
            01-11 order.status_changed 1 new=confirmed
        """, {"": 1, "stat=sum": 120, "by=user": {"bo": 1}}),
        ("until it is cancelled", """
            01-05 deal.won 1 account_id=A value=100EUR owner_id=ann
            01-10 order.created 1 deal_id=1 value=120EUR owner_id=bo
            01-11 order.status_changed 1 new=confirmed
            01-12 order.status_changed 1 new=cancelled
        """, {"": 1, "stat=sum": 100, "by=user": {"ann": 1}}),
        ("an order of a deal that is not won is a sale by itself", """
            01-05 deal.created 1 account_id=A value=100EUR
            01-10 order.created 1 deal_id=1 value=120EUR
            01-10 order.status_changed 1 new=confirmed
        """, {"": 1, "stat=sum": 120}),
        ("of one instant one is the first", "01-05 deal.won 1 account_id=A value=1EUR\n01-05 deal.won 2 account_id=A value=2EUR",
         {"": 1, "stat=sum": 1}),
    ],
    "repeat_sales": [
        ("the sales of an account after its first", """
            01-05 deal.won 1 account_id=A value=100EUR owner_id=ann
            02-05 deal.won 2 account_id=A value=200EUR owner_id=bo
            02-06 order.created 1 account_id=A value=50EUR
            02-06 order.status_changed 1 new=confirmed
            02-09 deal.won 3 value=1000EUR
        """, {"": 2, "stat=sum": 250, "by=user": {"bo": 1, "(none)": 1}}),
        ("an earlier one that is told late makes the former first a repeated one", """
            02-05 deal.won 2 account_id=A value=200EUR
            01-05 deal.won 1 account_id=A value=100EUR
        """, {"from=2026-02-01&to=2026-03-01": 1, "from=2026-01-01&to=2026-02-01": 0}),
        ("several orders of a deal are a sale each", """
            01-05 deal.won 1 account_id=A value=100EUR
            01-10 order.created 1 deal_id=1 value=120EUR
            01-10 order.status_changed 1 new=confirmed
            01-11 order.created 2 deal_id=1 value=30EUR
            01-11 order.status_changed 2 new=confirmed
        """, {"": 1, "stat=sum": 30}),
    ],
    "new_customers": [
        ("accounts by the month of their first sale", """
            01-05 deal.won 1 account_id=A owner_id=ann region=IT
            01-06 deal.won 2 account_id=A owner_id=bo
            02-05 deal.won 3 account_id=A
            02-06 deal.won 4 account_id=B
        """, {"": 2, "every=month&from=2026-01-01&to=2026-03-01": [1, 1], "by=region": {"IT": 1, "(none)": 1}}),
        ("a deleted account's sales stay", "01-05 deal.won 1 account_id=A\n01-01 account.created A\n01-06 record.deleted account/A",
         {"": 1}),
    ],
    "email_reply_rate": [
        ("of threads that a person of ours began, those answered in time", """
            01-05 email.logged 1 thread_id=t1 direction=outbound actor=ann channel=mail source=web
            01-06 email.logged 2 thread_id=t1 direction=inbound
            01-05 email.logged 3 thread_id=t2 direction=outbound actor=ann
            01-05 email.logged 4 thread_id=t3 direction=outbound actor=bo
            01-19T00:01 email.logged 5 thread_id=t3 direction=inbound
            01-05 email.logged 6 thread_id=t4 direction=inbound
            01-06 email.logged 7 thread_id=t4 direction=outbound actor=bo
            01-05 email.logged 8 thread_id=t5 direction=outbound automated=true actor=bo
            01-06 email.logged 9 thread_id=t5 direction=inbound
            01-05 email.logged 10 direction=outbound actor=bo
            06-30 email.logged 11 thread_id=t6 direction=outbound actor=bo
            01-05 message.logged 1 conversation_id=c direction=outbound actor=bo
        """, {"numerator?": 1, "denominator?": 3, "by=user": {"ann": 0.5}, "by=source": {"web": 1}, "by=channel": {"mail": 1},
              "now=2026-01-10": 1, "from=2026-01-19&to=2026-01-20": 0}),
        ("an answer by a machine is none, and one that is deleted is gone", """
            01-05 email.logged 1 thread_id=t1 direction=outbound
            01-06 email.logged 2 thread_id=t1 direction=inbound automated=true
            01-05 email.logged 3 thread_id=t2 direction=outbound
            01-06 email.logged 4 thread_id=t2 direction=inbound
            01-07 record.deleted email/4
        """, {"": 0, "denominator?": 2}),
        ("a mail that moves to another thread begins or answers that", """
            01-05 email.logged 1 thread_id=t1 direction=outbound
            01-06 email.logged 2 thread_id=t2 direction=inbound
            01-07 record.updated email/2 changed.thread_id=t1
        """, {"": 1, "denominator?": 1}),
    ],
    "customer_reply_rate": [
        ("mails and chats alike", """
            01-05 email.logged 1 thread_id=1 direction=outbound actor=ann
            01-06 email.logged 2 thread_id=1 direction=inbound
            01-05 message.logged 1 conversation_id=1 direction=outbound author=human channel=sms actor=ann
            01-05 message.logged 2 conversation_id=2 direction=outbound author=human channel=chat actor=bo
            01-06 message.logged 3 conversation_id=2 direction=inbound channel=chat
            01-05 message.logged 4 conversation_id=3 direction=outbound author=bot channel=chat actor=bo
        """, {"": Fraction(2, 3), "by=user": {"ann": 0.5, "bo": 1}, "by=activity": {"email": 1, "message": 0.5},
              "by=channel": {"chat": 1, "(none)": 1}}),
        ("in the segments of the account and the contacts that our message names", """
            01-01 segment.updated segment/south entity=account where.region=DE-BY
            01-01 segment.updated segment/web where.source=web
            01-02 account.created A region=DE-BY
            01-02 contact.created c source=web
            01-05 email.logged 1 thread_id=1 direction=outbound account_id=A
            01-06 email.logged 2 thread_id=1 direction=inbound contact_ids=c
            01-05 email.logged 3 thread_id=2 direction=outbound contact_ids=c
        """, {"by=segment": {"south": 1}, "where=segment:south": 1, "where=segment:web": 0, "where=segment:none": None}),
    ],
    "customer_reply_time": [
        ("turn by turn, from our first message since the last answer", """
            01-05T09:00 message.logged 1 conversation_id=1 direction=outbound actor=ann
            01-05T09:10 message.logged 2 conversation_id=1 direction=outbound actor=bo
            01-05T09:30 message.logged 3 conversation_id=1 direction=inbound
            01-05T09:40 message.logged 4 conversation_id=1 direction=inbound
            01-05T10:00 message.logged 5 conversation_id=1 direction=outbound author=bot
            01-05T10:30 message.logged 6 conversation_id=1 direction=outbound actor=bo
            01-05T10:40 message.logged 7 conversation_id=1 direction=inbound
        """, {"stat=count": 2, "stat=mean": 20 * MINUTE, "by=user&stat=mean": {"ann": 30 * MINUTE, "bo": 10 * MINUTE}}),
        ("what is deleted leaves the turn to what is left", """
            01-05T09:00 email.logged 1 thread_id=1 direction=outbound actor=ann
            01-05T09:10 email.logged 2 thread_id=1 direction=outbound actor=bo
            01-05T09:30 email.logged 3 thread_id=1 direction=inbound
            01-06 record.deleted email/1
        """, {"stat=mean": 20 * MINUTE, "scope=user:bo&stat=count": 1}),
        ("in the segments of our message", """
            01-01 segment.updated segment/web where.source=web
            01-02 contact.created c source=web
            01-05T09:00 email.logged 1 thread_id=1 direction=outbound contact_ids=c
            01-05T09:10 email.logged 2 thread_id=1 direction=inbound
            01-05T09:20 email.logged 3 thread_id=1 direction=outbound
            01-05T09:40 email.logged 4 thread_id=1 direction=inbound contact_ids=c
        """, {"by=segment&stat=mean": {"web": 10 * MINUTE, "(none)": 20 * MINUTE}}),
    ],
    "lead_to_customer_rate": [
        ("of the leads of a month, those with a sale to date: of their own, their contact or their account", """
            01-01 lead.created 1 owner_id=ann source=web
            01-01 lead.created 2 owner_id=ann contact_ids=c2
            01-01 lead.created 3 owner_id=bo account_id=A
            01-01 lead.created 4 owner_id=bo contact_ids=c4
            01-01 lead.created 5 owner_id=bo account_id=B
            02-01 lead.created 6
            01-02 contact.created c4 account_id=A
            03-01 deal.won 1 lead_id=1
            03-01 order.created 2 contact_ids=c2
            03-02 order.status_changed 2 new=confirmed
            03-01 deal.won 3 account_id=A
            03-01 deal.lost 4 account_id=B lead_id=5 contact_ids=c2
        """, {"from=2026-01-01&to=2026-02-01": Fraction(4, 5), "by=user": {"ann": 1, "bo": Fraction(2, 3)}, "": Fraction(2, 3)}),
        ("a sale that goes takes the customer with it", """
            01-01 lead.created 1 account_id=A
            01-01 lead.created 2 contact_ids=c
            02-01 contact.created c account_id=A
            03-01 deal.won 1 account_id=A
            03-01 deal.won 2 account_id=B
            03-02 record.deleted deal/1
            03-02 record.updated contact/c changed.account_id=B
        """, {"": 0.5}),
        ("who comes to a customer later is one", "03-01 deal.won 1 account_id=A\n04-01 lead.created 1 account_id=A", {"": 1}),
    ],
    "contact_to_customer_rate": [
        ("contacts of a sale, or of an account with one", """
            01-01 contact.created 1 owner_id=ann
            01-01 contact.created 2 owner_id=ann account_id=A
            01-01 contact.created 3 owner_id=bo account_id=B
            03-01 deal.won 1 contact_ids=1 account_id=C
            03-01 deal.won 2 account_id=A
            03-01 deal.won 3 account_id=B
            03-02 deal.reopened 3
        """, {"": Fraction(2, 3), "by=user": {"ann": 1}}),
        ("a deleted contact is in neither", "01-01 contact.created 1\n03-01 deal.won 1 contact_ids=1\n04-01 record.deleted contact/1",
         {"": None}),
    ],
}  # fmt: skip
