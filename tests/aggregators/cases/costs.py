"""What is spent for leads, what automation saves, and tickets that repeat others."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

HALF = Fraction(1, 2)

CASES: dict[str, list[tuple[str, str, Mapping[str, Any]]]] = {
    "cost_per_lead": [
        ("spread evenly over the days that it is for, to the last unit", """
            01-05 spend.recorded s1 kind=marketing value=100EUR start=01-31 end=02-02 source=ads
            01-05 spend.recorded s2 kind=sales value=900EUR
            01-31 lead.created 1 source=ads
            02-01 lead.created 2 source=ads
            02-01 lead.created 3 source=web
        """, {"from=2026-01-01&to=2026-02-01": Fraction("33.3333"), "from=2026-02-01&to=2026-03-01": Fraction("66.6667") / 2,
              "": Fraction(100, 3), "by=source": {"ads": 50}, "from=2026-03-01&to=2026-04-01": None,
              "where=source:ads&from=2026-02-01&to=2026-03-01": Fraction("66.6667")}),
        ("on the day that it was recorded, at its rate; corrected and deleted", """
            01-01 fx_rate.set fx/USD/2026-01-01 rate=0.5
            01-02 fx_rate.set fx/USD/2026-01-06 rate=0.6
            01-05 spend.recorded s1 value=10USD
            01-06 spend.recorded s2 value=10USD
            01-07 spend.recorded s3 value=10EUR
            01-08 spend.recorded s3 value=20EUR
            01-08 spend.recorded s4 value=50EUR
            01-09 record.deleted spend/s4
            01-05 lead.created 1
        """, {"": 31, "from=2026-01-05&to=2026-01-06": 5}),
        ("an end before its beginning is a day", """
            01-05 spend.recorded s1 value=10EUR start=01-05 end=01-02
            01-05 lead.created 1
        """, {"from=2026-01-05&to=2026-01-06": 10, "": 10}),
    ],
    "automation_savings": [
        ("hours, or what they cost", """
            01-01 org.updated org/demo hourly_cost=60EUR
            01-05 automation.run 1 actor=ann workflow_id=a minutes_saved=30
            01-06 automation.run 2 owner_id=bo workflow_id=b minutes_saved=7.5
            01-07 automation.run 3 workflow_id=b
            01-07 record.updated automation/4 changed.workflow_id=b
        """, {"": Fraction(37.5) / 60, "stat=sum": Fraction("37.5"), "by=process": {"a": HALF, "b": Fraction(1, 8)}, "n?": 3,
              "unit?": "h", "unit?stat=sum": "EUR", "from=2026-01-06&to=2026-01-07": Fraction(1, 8), "scope=user:ann": HALF}),
        ("in another currency, at the rate of the end", """
            01-01 org.updated org/demo hourly_cost=60USD
            01-05 automation.run 1 minutes_saved=60
            03-01 fx_rate.set fx/USD/2026-03-01 rate=0.5
        """, {"stat=sum": 30, "stat=sum&from=2026-01-01&to=2026-02-01": None, "fx_missing?stat=sum&from=2026-01-01&to=2026-02-01": {
            "USD": 60}}),
        ("nobody said what an hour costs", "01-05 automation.run 1 minutes_saved=60", {"": 1, "stat=sum": None}),
    ],
    "repeat_issue_share": [
        ("of a category that another requester has within 30 days", """
            01-01 ticket.created 1 category=bug requester_id=a channel=chat
            01-20 ticket.created 2 category=bug requester_id=b
            01-21 ticket.created 3 category=other requester_id=b
            02-19 ticket.created 4 category=bug requester_id=b
            03-22 ticket.created 5 category=bug requester_id=a
            01-02 ticket.created 6 category=bug
        """, {"": Fraction(1, 3), "by=category": {"bug": Fraction(2, 5)}, "where=channel:chat": 1,
              "from=2026-02-01&to=2026-03-01": 0, "from=2026-05-01&to=2026-06-01": None}),
        ("to the instant, and no more where the other is gone", """
            01-01 ticket.created 1 category=bug requester_id=a
            01-31 ticket.created 2 category=bug requester_id=b
            01-01 ticket.created 3 category=slow requester_id=a
            01-31T00:00:00.001 ticket.created 4 category=slow requester_id=b
            01-01 ticket.created 5 category=old requester_id=a
            01-02 ticket.created 6 category=old requester_id=b
            01-03 record.deleted ticket/6 reason=spam
        """, {"": Fraction(2, 5), "by=category": {"bug": 1}}),
    ],
}  # fmt: skip
