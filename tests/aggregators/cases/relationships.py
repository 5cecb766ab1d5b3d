"""How accounts and we stand: whom we touch, and how they answer."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

ACCOUNT = "01-01 account.created a owner_id=ann\n"
ANSWERED = (
    ACCOUNT
    + """
    01-10 call.logged 1 actor=ann account_id=a contact_ids=c direction=outbound outcome=connected
    01-11 email.logged 2 actor=ann account_id=a direction=outbound
    01-12 email.logged 3 account_id=a direction=inbound contact_ids=c,d
    01-13 meeting.scheduled 4 account_id=a start=01-20T00:00 contact_ids=c
    01-20 meeting.status_changed 4 new=completed actor=ann
"""
)

CASES: dict[str, list[tuple[str, str, Mapping[str, Any]]]] = {
    "accounts_touched": [
        ("each once, by who touched it: its own, else its deal's, its lead's, its contacts'", ACCOUNT + """
            01-02 deal.created 1 account_id=b
            01-02 lead.created 1 account_id=c
            01-02 contact.created 1 account_id=d
            01-02 contact.created 2 account_id=e
            01-10 call.logged 1 actor=ann account_id=a direction=outbound
            01-11 call.logged 2 actor=bo account_id=a direction=outbound
            01-11 call.logged 3 actor=bo deal_id=1 lead_id=1 direction=outbound
            01-11 email.logged 4 actor=bo lead_id=1 contact_ids=1 direction=outbound
            02-11 email.logged 5 actor=bo contact_ids=1,2 direction=outbound
        """, {"": 5, "by=user": {"ann": 1, "bo": 5}, "from=2026-02-01&to=2026-03-01": 2, "scope=user:ann": 1}),
        ("no inbound ones, no automated ones, no bots; meetings held", ACCOUNT + """
            01-10 call.logged 1 account_id=a direction=inbound
            01-10 email.logged 2 account_id=b direction=outbound automated=true
            01-10 message.logged 3 account_id=c direction=outbound author=bot
            01-10 meeting.scheduled 4 account_id=d start=01-11T00:00
            01-10 meeting.scheduled 5 account_id=e start=01-11T00:00
            01-11 meeting.status_changed 5 new=completed
        """, {"": 1}),
        ("a deleted one does not count; what nobody did is for its owner", ACCOUNT + """
            01-10 call.logged 1 account_id=a direction=outbound
            01-10 call.logged 2 account_id=b direction=outbound
            01-11 record.deleted account/b
        """, {"": 1, "by=user": {"ann": 1}}),
    ],
    "contacts_active": [
        ("who took part, by their source and segment", """
            01-01 segment.updated segment/web where.source=web
            01-01 contact.created c source=web
            01-01 contact.created gone
            01-09 record.deleted contact/gone
        """ + ANSWERED + """
            01-13 email.logged 5 contact_ids=e direction=outbound
            01-13 call.logged 6 contact_ids=f direction=inbound outcome=voicemail
            01-13 email.logged 7 contact_ids=gone direction=inbound
        """, {"": 2, "by=source": {"web": 1, "(none)": 1}, "by=segment": {"web": 1, "(none)": 1}, "scope=user:ann": 1,
              "window=last_30_days&now=2026-02-20": 0, "window=last_30_days&now=2026-02-12": 1}),
    ],
    "chats_handled": [
        ("each once, in which a person of ours wrote", """
            01-10 message.logged 1 actor=ann conversation_id=c direction=outbound channel=chat
            01-10 message.logged 2 actor=bo conversation_id=c direction=outbound channel=sms
            01-10 message.logged 3 conversation_id=d direction=inbound channel=chat
            01-10 message.logged 4 conversation_id=d direction=outbound author=bot channel=chat
            01-10 message.logged 5 direction=outbound
        """, {"": 1, "by=user": {"ann": 1, "bo": 1}, "by=channel": {"chat": 1, "sms": 1}, "where=channel:sms": 1}),
    ],
    "touch_frequency": [
        ("touches per account and 30 days, of prospects and customers apart", ANSWERED + """
            01-11T12:00 call.logged 5 actor=bo account_id=b channel=phone
            01-12 deal.won 1 account_id=a
        """, {"from=2026-01-01&to=2026-01-31": Fraction(5, 2), "from=2026-01-01&to=2026-03-02": Fraction(5, 4),
              "from=2026-01-01&to=2026-03-02&now=2026-01-31": Fraction(5, 2), "now=2026-02-09": Fraction(5, 2),
              "from=2026-01-01&to=2026-01-31&variant=customers": 2, "from=2026-01-01&to=2026-01-31&variant=prospects": Fraction(3, 2),
              "parts?from=2026-01-01&to=2026-01-31": {"customers": 2, "prospects": Fraction(3, 2)},
              "from=2026-01-01&to=2026-01-31&by=activity": {"call": 1, "email": 2, "meeting": 1},
              "from=2026-01-01&to=2026-01-31&where=channel:phone": 1, "from=2026-05-01&to=2026-05-31": None}),
    ],
    "days_since_last_touch": [
        ("since they took part last, as of an instant", ANSWERED + """
            01-21 email.logged 5 account_id=a direction=outbound
            01-30 call.logged 6 account_id=b direction=inbound duration_ms=30000
            01-01 call.logged 7 account_id=c direction=outbound
        """, {"now=2026-01-20": 8, "now=2026-01-21T12:00:00Z": Fraction(3, 2), "now=2026-01-31": 1, "now=2026-01-31&stat=p90": 11,
              "now=2026-01-31&stat=mean": 6, "now=2026-01-31&stat=count": 2, "now=2026-01-31&by=user": {"ann": 11, "(none)": 1},
              "now=2026-01-10": None, "every=day&from=2026-01-20&to=2026-01-23": [1, 2, 3]}),
        ("a touch that is deleted was none", ANSWERED + "02-01 record.deleted meeting/4", {"now=2026-01-31": 19}),
    ],
    "accounts_neglected": [
        ("longer than the least cadence of its segments, else 90 days", ANSWERED + """
            01-01 account.created b source=web
            01-01 account.created c source=web
            01-01 segment.updated segment/web entity=account where.source=web cadence_days=7
            01-01 segment.updated segment/all entity=account where.region=null cadence_days=60
            01-01 segment.updated segment/none entity=account where.source=web
            01-05 call.logged 5 account_id=b direction=outbound
        """, {"now=2026-01-12": 0, "now=2026-01-13": 1, "now=2026-03-21": 1, "now=2026-03-22": 2, "now=2027-01-06": 1,
              "now=2026-03-22&by=user": {"ann": 1, "(none)": 1}, "now=2026-03-22&by=segment": {"web": 1, "all": 2, "none": 1}}),
        ("segments of contacts say how often to be in touch with these", """
            01-01 segment.updated segment/people entity=contact cadence_days=1
            01-01 segment.updated segment/firms entity=account cadence_days=9
            01-01 contact.created c
            01-01 account.created a contact_ids=c
            01-01 email.logged 1 account_id=a direction=outbound
        """, {"now=2026-01-05": 0, "now=2026-01-11": 1, "now=2026-01-11&by=segment": {"firms": 1, "people": 1}}),
        ("one that buys is active, also where nobody ever touched it", ACCOUNT + "01-02 deal.won 1 account_id=a", {
            "now=2026-04-02": 0, "now=2026-04-03": 1, "now=2028-04-03": 1, "now=2026-01-01": 0}),
    ],
    "engagement_level": [
        ("recency, frequency, reply and breadth, falling day by day", ANSWERED, {
            "now=2026-01-20T01:00:00Z": 40 + 20 * Fraction(333333, 10**6) + 20 * Fraction(3, 4) + 20 * Fraction(666666, 10**6),
            "parts?now=2026-01-29T01:00:00Z": {"recency": 90, "frequency": Fraction("33.3333"), "reply": 75,
                                                "breadth": Fraction("66.6666")},
            "now=2026-06-20": 0, "now=2026-01-09": None, "now=2026-01-21&scope=user:bo": None}),
        ("who opens a mail of ours is heard of", ACCOUNT + """
            01-01 email.logged 1 account_id=a direction=outbound
            01-10 email.engaged 1 kind=open
            01-20 email.engaged 1 kind=bounce
        """, {"now=2026-01-05": 20 * Fraction(83333, 10**6), "now=2026-01-10T01:00:00Z": 40 + 20 * Fraction(83333, 10**6)}),
        ("who opens a mail of theirs is not", ACCOUNT + """
            01-01 email.logged 1 account_id=a direction=inbound
            01-10 email.engaged 1 kind=open
        """, {"parts?now=2026-01-11": {"recency": Fraction("88.8888"), "frequency": Fraction("8.3333"), "reply": 100, "breadth": 0}}),
        ("the mean over accounts that were touched", ANSWERED + """
            01-01 account.created b
            01-10 call.logged 9 account_id=c direction=outbound
        """,
         {"n?now=2026-01-21": 2, "n?now=2026-01-09": 0}),
    ],
    "relationship_strength": [
        ("reciprocity x recency x contacts x csat", ANSWERED + """
            01-12 email.logged 5 account_id=a direction=outbound
            01-13 ticket.created 1 account_id=a
            01-14 feedback.received 1 kind=csat score=5 ticket_id=1
            01-14 feedback.received 2 kind=csat score=1 account_id=a
        """, {"now=2026-01-13": Fraction("43.950617"),
              "now=2026-01-20T01:00:00Z": Fraction(25),
              "parts?now=2026-01-20T01:00:00Z": {"reciprocity": 75, "recency": 100, "contacts": Fraction("66.6666"), "csat": 50}}),
        ("without a rating it is as the rest says, without a touch it is none", ANSWERED, {
            "now=2026-01-20T01:00:00Z": Fraction("66.666666"), "now=2026-01-10": None}),
    ],
}  # fmt: skip
