"""Touches, and what they had to do with how deals ended."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

HALF, THIRD = Fraction(1, 2), Fraction("33.3333")
DEAL = "01-10 deal.created 1 owner_id=ann account_id=a contact_ids=c lead_id=l value=100EUR source=web\n"
WON = DEAL + "02-01 deal.won 1\n"
THREE = """
    01-11 call.logged 1 actor=ann deal_id=1 direction=outbound channel=phone
    01-12 email.logged 2 actor=bo deal_id=1 direction=inbound source=ads
    01-13 meeting.scheduled 3 deal_id=1 start=01-20T10:00
    01-20 meeting.status_changed 3 new=completed actor=bo
"""

CASES: dict[str, list[tuple[str, str, Mapping[str, Any]]]] = {
    "touches_per_won_deal": [
        ("what people on either side did, until the close", WON + THREE + """
            01-14 email.logged 4 deal_id=1 automated=true
            01-14 message.logged 5 deal_id=1 author=bot
            01-14 meeting.scheduled 6 deal_id=1 start=01-21T10:00
            01-09 call.logged 7 deal_id=1
            02-02 call.logged 8 deal_id=1
        """, {"": 3, "by=activity": {"call": 1, "email": 1, "meeting": 1}, "where=activity:call": 1, "n?": 1,
              "scope=user:ann": 3, "scope=user:bo": None, "by=source": {"web": 3}, "from=2026-02-02": None}),
        ("of the deal that they name alone, else of its lead, its contacts, its account and the contacts of that", WON + """
            01-01 contact.created d account_id=a
            01-01 contact.created gone account_id=a
            01-02 record.deleted contact/gone
            01-11 call.logged 1 lead_id=l
            01-11 call.logged 2 contact_ids=c,x
            01-11 call.logged 3 account_id=a
            01-11 call.logged 4 contact_ids=d
            01-11 call.logged 5 account_id=a deal_id=2
            01-11 call.logged 6 contact_ids=d account_id=b
            01-11 call.logged 7 contact_ids=gone
            01-11 call.logged 8
        """, {"": 4}),
        ("from the creation of its lead, also where only that names the deal", """
            01-10 deal.created 1
            02-01 deal.won 1
            01-02 lead.created l
            01-10 lead.status_changed l new=converted deal_id=1
            01-01 call.logged 1 lead_id=l
            01-02 call.logged 2 lead_id=l
            02-01 call.logged 3 deal_id=1
        """, {"": 2}),
        ("a deal without any counts too, and p50 is the lower middle", WON + THREE + """
            01-10 deal.created 2
            02-01 deal.won 2
        """, {"": Fraction(3, 2), "stat=p50": 0, "numerator?": 3, "denominator?": 2,
              "by=activity": {"call": HALF, "email": HALF, "meeting": HALF}, "where=activity:call&stat=p50": 0}),
        ("one that is lost after all is none that is won", WON + THREE + "02-03 deal.lost 1", {"": None}),
        ("a touch that is deleted was none", WON + THREE + "03-01 record.deleted call/1", {"": 2}),
    ],
    "touches_per_lost_deal": [
        ("until the loss, by its reason", DEAL + THREE + "01-15 deal.lost 1 lost_reason=price", {
            "": 2, "by=lost_reason": {"price": 2}, "where=activity:meeting": 0, "stat=p50": 2}),
    ],
    "attributed_revenue": [
        ("linear: alike, to who did it, by the source and channel of the touch, else of the deal", WON + THREE, {
            "": 100, "n?": 3, "by=activity": {"call": THIRD, "email": THIRD, "meeting": 100 - 2 * THIRD},
            "by=user": {"ann": THIRD, "bo": Fraction("66.6667")},
            "by=channel": {"phone": THIRD, "(none)": Fraction("66.6667")},
            "by=source": {"web": Fraction("66.6667"), "ads": THIRD}, "from=2026-02-02": 0,
            "where=source:ads&scope=user:bo": THIRD}),
        ("first, last and u-shape", WON + THREE, {
            "model=first&by=activity": {"call": 100},
            "model=last&by=activity": {"meeting": 100},
            "model=u_shape&by=activity": {"call": 40, "email": 20, "meeting": 40}, "model=u_shape": 100}),
        ("u-shape of two is half each, of one all", WON + """
            01-11 call.logged 1 deal_id=1
            01-10 deal.created 2 value=7EUR
            02-01 deal.won 2
            01-11 call.logged 2 deal_id=2
            01-12 email.logged 3 deal_id=2
        """, {"model=u_shape&by=activity": {"call": Fraction("103.5"), "email": Fraction("3.5")}}),
        ("a deal without touches counts as it is, for its owner", WON, {
            "": 100, "by=activity": {"(none)": 100}, "by=user": {"ann": 100}, "by=source": {"web": 100}, "n?": 1}),
        ("what nobody did is the deal's owner's", WON + "01-11 email.logged 1 deal_id=1 direction=inbound", {"by=user": {"ann": 100}}),
        ("orders are the sale, each in its currency at the rate of the close", WON + THREE + """
            01-01 fx_rate.set fx/USD/2026-01-01 rate=0.5
            02-02 order.created 1 deal_id=1 value=10USD
            02-02 order.status_changed 1 new=confirmed
            02-02 order.created 2 deal_id=1 value=0.0001EUR
            02-02 order.status_changed 2 new=confirmed
        """, {"": Fraction("5.0001"), "where=activity:meeting": Fraction("3.3334") / 2 + Fraction("0.0001")}),
        ("without a rate it is told as missing", "01-10 deal.created 1 value=9USD\n02-01 deal.won 1\n01-11 call.logged 1 deal_id=1",
         {"": 0, "fx_missing?": {"USD": 9}}),
        ("reopened, nothing was earned", WON + THREE + "02-03 deal.reopened 1", {"": 0}),
    ],
}  # fmt: skip
