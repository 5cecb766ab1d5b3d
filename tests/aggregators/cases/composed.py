"""What is made of several other numbers."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

HALF = Fraction(1, 2)
SOLD = """
    01-01 contact.created c account_id=a owner_id=ann source=web
    01-01 contact.created d owner_id=bo
    01-01 contact.created e owner_id=bo source=web
    01-01 account.created a owner_id=ann source=web
    01-02 segment.updated segment/vip where.source=web
    01-05 deal.won 1 value=100EUR contact_ids=c owner_id=ann source=web
    01-06 deal.lost 2 value=50EUR contact_ids=d owner_id=bo
    02-06 deal.won 3 value=40EUR owner_id=bo
"""

CASES: dict[str, list[tuple[str, str, Mapping[str, Any]]]] = {
    "marketing_roi": [
        ("what touches of a source earned beside what was spent on it", """
            01-05 spend.recorded 1 value=50EUR source=ads
            01-05 spend.recorded 2 kind=sales value=900EUR source=ads
            01-06 spend.recorded 3 value=30EUR source=web channel=shop
            01-05 deal.created 1
            01-06 call.logged 1 deal_id=1 source=ads direction=outbound outcome=connected
            01-07 call.logged 2 deal_id=1 source=web direction=outbound outcome=connected
            01-08 deal.won 1 value=200EUR
            02-08 deal.won 2 value=99EUR
        """, {"from=2026-01-01&to=2026-02-01": Fraction(120, 80), "by=source&from=2026-01-01&to=2026-02-01": {
                  "ads": 1, "web": Fraction(70, 30)}, "by=source&from=2026-01-01&to=2026-02-01&model=first": {"ads": 3, "web": -1},
              "from=2026-02-01&to=2026-03-01": None, "where=source:web&from=2026-01-01&to=2026-02-01&model=last": Fraction(170, 30),
              "numerator?from=2026-01-01&to=2026-02-01": 120, "every=month&from=2026-01-01&to=2026-03-01": [Fraction(3, 2), None]}),
    ],
    "contact_value": [
        ("what they brought, and what they are likely to", SOLD + """
            03-01 call.logged 1 account_id=a contact_ids=c direction=inbound outcome=connected owner_id=ann
        """, {"from=2026-01-01&to=2026-02-01": Fraction(100, 3), "scope=user:ann&from=2026-01-01&to=2026-02-01": 100,
              "by=user&from=2026-01-01&to=2026-02-01": {"ann": 100}, "by=source&from=2026-01-01&to=2026-02-01": {"web": 50},
              "from=2025-12-01&to=2026-01-01": None, "n?": 3, "parts?from=2026-01-01&to=2026-02-01": {
                  "revenue_per_contact": Fraction(100, 3), "engagement": None, "win_rate": HALF, "avg_deal_size": 100, "potential": 0},
              "where=segment:vip&from=2026-01-01&to=2026-02-01": 50, "unit?": "EUR"}),
        ("the more they take part", """
            01-01 account.created a
            01-01 contact.created c account_id=a
            01-02 deal.won 1 value=100EUR
            01-03 deal.lost 2
            01-04 call.logged 1 account_id=a contact_ids=c direction=inbound outcome=connected
        """, {"now=2026-01-04T00:00:01": 100 + Fraction("34.16666"), "now=2026-01-04": 100}),
    ],
    "source_effectiveness": [
        ("the share of leads that buy, and what contacts are worth", SOLD + """
            01-03 lead.created 1 contact_ids=c source=web
            01-03 lead.created 2 source=web
            01-03 lead.created 3 source=ads
        """, {"": Fraction(100, 3), "by=source": {"web": 50}, "stat=sum&by=source&from=2026-01-01&to=2026-02-01": {"web": 50},
              "low_sample?": True, "unit?": "%", "unit?stat=sum": "EUR", "from=2026-03-01&to=2026-04-01": None,
              "parts?where=source:web&from=2026-01-01&to=2026-02-01": {"lead_to_customer_rate": HALF, "contact_value": 50}}),
        ("of twenty leads it is no low sample", "\n".join(f"01-05 lead.created {n}" for n in range(20)), {"": 0, "low_sample?": False}),
    ],
    "crm_roi": [
        ("what was earned beyond the window before, and spared, beyond what it cost", """
            01-01 org.updated org/demo hourly_cost=60EUR
            01-05 deal.won 1 value=100EUR
            02-05 deal.won 2 value=160EUR
            02-06 automation.run 1 minutes_saved=30
            02-07 spend.recorded 1 kind=crm value=40EUR
            02-07 spend.recorded 2 value=900EUR
        """, {"from=2026-02-01&to=2026-03-01": (60 + 30 - 40) / Fraction(40), "from=2026-01-01&to=2026-02-01": None,
              "from=2026-02-01&to=2026-03-01&variant=last_year": (160 + 30 - 40) / Fraction(40),
              "window=last_month&now=2026-03-05": (60 + 30 - 40) / Fraction(40),
              "parts?window=last_month&now=2026-03-05": {"revenue": 160, "baseline": 100, "savings": 30, "cost": 40, "baseline_of": {
                  "from": "2026-01-01T00:00:00+00:00", "to": "2026-02-01T00:00:00+00:00"}}}),
        ("savings that nobody can put a price on are none", """
            02-06 automation.run 1 minutes_saved=30
            02-07 spend.recorded 1 kind=crm value=40EUR
        """, {"": -1, "numerator?": -40, "denominator?": 40}),
    ],
}  # fmt: skip
