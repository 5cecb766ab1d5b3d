"""What it takes to win customers, and where they come from."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

HALF, THIRD = Fraction(1, 2), Fraction(1, 3)
VISITS = """
    01-05 web.visit visit/1 kind=session source=ads channel=shop owner_id=ann count=3
    01-05 web.visit visit/2 kind=page source=ads count=0
    01-06 web.visit visit/3 source=web actor=bo
    01-06 web.visit visit/4 kind=store_entry count=2 region=DE-BY
    01-06 web.visit visit/5 kind=click
    02-06 web.visit visit/6 kind=form
    02-07 web.visit visit/7 kind=page count=8
    01-07 deal.won 1 owner_id=ann value=100EUR source=ads
    01-08 deal.won 2 owner_id=bo value=50EUR
    01-09 order.created 1 deal_id=2 value=60EUR region=DE-BY owner_id=bo
    01-10 order.status_changed 1 new=confirmed
    01-11 order.created 2 value=7EUR
    02-10 order.status_changed 1 new=refunded refund=10EUR
    02-11 deal.lost 3 value=70EUR
"""

CASES: dict[str, list[tuple[str, str, Mapping[str, Any]]]] = {
    "customer_acquisition_cost": [
        ("what was spent on marketing and sales, by accounts that bought for the first time", """
            01-05 spend.recorded 1 kind=marketing value=100EUR source=ads
            01-05 spend.recorded 2 kind=sales value=40EUR channel=shop
            01-05 spend.recorded 3 kind=crm value=900EUR
            01-06 spend.recorded 4 value=10EUR source=ads
            01-10 deal.won 1 account_id=a source=ads
            01-11 deal.won 2 account_id=a
            01-12 order.created 1 account_id=b channel=shop
            01-12 order.status_changed 1 new=confirmed
            01-13 deal.won 3
            02-05 spend.recorded 5 kind=sales value=9EUR
        """, {"window=last_month&now=2026-02-20": 75, "numerator?": 159, "denominator?": 2, "window=this_month&now=2026-02-20": None,
              "by=source": {"ads": 110, "(none)": 49}, "by=channel": {"shop": 40, "(none)": 119}, "unit?": "EUR"}),
        ("what cannot be converted is told", """
            01-05 spend.recorded 1 value=10USD
            01-10 deal.won 1 account_id=a
        """, {"": 0, "fx_missing?": {"USD": 10}}),
    ],
    "account_channel_effectiveness": [
        ("of the accounts of a channel, those with a won deal to date", """
            01-05 account.created a channel=shop region=DE-BY
            01-06 account.created b channel=shop
            01-07 account.created c channel=phone
            02-07 account.created d
            02-08 account.created e channel=phone
            02-09 record.deleted account/e
            03-01 deal.won 1 account_id=a
            03-02 deal.won 2 account_id=a
            03-02 deal.won 3 account_id=b
            03-03 deal.reopened 3
            03-04 deal.won 4 account_id=e
            03-05 deal.lost 5 account_id=c
            03-06 order.created 1 account_id=c
            03-07 order.status_changed 1 new=confirmed
        """, {"by=channel": {"shop": HALF}, "": Fraction(1, 4), "where=region:DE-BY": 1,
              "from=2026-02-01&to=2026-03-01": 0, "from=2026-03-01&to=2026-04-01": None, "where=channel:shop&by=region": {
                  "DE-BY": 1}}),
        ("a deal that moves to another account takes its win along", """
            01-05 account.created a
            01-05 account.created b
            03-01 deal.won 1 account_id=a
            03-02 record.updated deal/1 changed.account_id=b
            03-03 deal.won 2 account_id=b
            03-04 record.deleted deal/2
        """, {"": HALF, "numerator?": 1}),
    ],
    "touchpoint_conversion_rate": [
        ("sales by sessions, or by what else is asked for", VISITS, {
            "": HALF, "denominator?": 4, "touchpoint=session": HALF, "touchpoint=page": Fraction(1, 4), "touchpoint=click": 2,
            "touchpoint=form": 2, "touchpoint=store_entry": 1, "touchpoint=call": None, "touchpoint=meeting": None,
            "from=2026-02-01&to=2026-03-01&touchpoint=page": 0, "from=2026-02-01&to=2026-03-01": None,
            "by=user": {"ann": THIRD, "bo": 1}, "by=source": {"ads": THIRD},
            "touchpoint=page&from=2026-01-01&to=2026-02-01": None}),
        ("connected calls in either direction, and meetings held", """
            01-05 call.logged 1 direction=inbound outcome=connected owner_id=ann
            01-05 call.logged 2 direction=outbound duration_ms=30000 owner_id=bo
            01-05 call.logged 3 direction=outbound outcome=busy
            01-06 meeting.scheduled 1 start=01-07 owner_id=ann
            01-07 meeting.status_changed 1 new=completed
            01-08 deal.won 1 owner_id=ann
        """, {"touchpoint=call": HALF, "touchpoint=meeting": 1, "touchpoint=call&by=user": {"ann": 1}, "": None}),
    ],
    "revenue_per_visitor": [
        ("what was sold less what was paid back, by sessions and store entries", VISITS, {
            "": 25, "numerator?": 150, "denominator?": 6, "by=source": {"ads": Fraction(100, 3), "(none)": 25},
            "by=region": {"DE-BY": 25, "(none)": 25}, "from=2026-02-01&to=2026-03-01": None, "where=channel:shop": 0,
            "unit?": "EUR"}),
        ("a visit that is said again is another; one that was deleted is none", """
            01-05 web.visit visit/1 kind=session count=3
            01-06 web.visit visit/1 kind=session count=4
            01-06 web.visit visit/2 kind=session
            01-07 record.deleted visit/2
            01-08 deal.won 1 value=20EUR
        """, {"": 5}),
    ],
}  # fmt: skip
