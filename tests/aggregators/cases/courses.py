"""Where clients stand, which of them stay, and how long processes take."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

HALF, THIRD = Fraction(1, 2), Fraction(1, 3)
DAY, HOUR = 86_400, 3_600
SALES = "01-01 pipeline.updated pipeline/sales stages=new:0.1,demo:0.5,lost:0\n"

CASES: dict[str, list[tuple[str, str, Mapping[str, Any]]]] = {
    "clients_by_funnel_stage": [
        ("each at the stage of its furthest open deal", SALES + """
            01-05 deal.created 1 account_id=a pipeline_id=sales stage_id=new owner_id=ann source=web
            01-06 deal.created 2 account_id=a pipeline_id=sales stage_id=demo owner_id=bo
            01-07 deal.created 3 account_id=b pipeline_id=sales stage_id=new owner_id=bo
            01-08 deal.created 4 contact_ids=c,d pipeline_id=other stage_id=x owner_id=ann
            01-09 deal.created 5 pipeline_id=sales stage_id=demo
            02-05 deal.won 2
            02-06 deal.stage_changed 3 new_stage_id=lost
        """, {"now=2026-01-20": 4, "now=2026-01-20&by=stage": {"demo": 1, "new": 1, "x": 2}, "now=2026-01-20&by=user": {
                  "bo": 2, "ann": 2}, "now=2026-01-06": 1, "now=2026-01-06&by=source": {"web": 1}, "now=2026-02-06&by=stage": {
                  "new": 2, "x": 2},
              "by=stage": {"new": 1, "lost": 1, "x": 2}, "now=2026-02-05T00:00:01&by=user": {"ann": 3, "bo": 1},
              "where=pipeline:other": 2, "scope=user:ann": 3}),
        ("a contact stands for its account, and what was deleted for nobody", """
            01-01 contact.created c account_id=a
            01-01 contact.created d
            01-01 contact.created e
            01-01 account.created f
            01-05 deal.created 1 contact_ids=c
            01-05 deal.created 2 contact_ids=c,d,e
            01-05 deal.created 3 account_id=a
            01-05 deal.created 4 account_id=f
            01-06 record.deleted contact/e
            01-06 record.deleted account/f reason=merge merged_into=a
        """, {"": 2, "now=2026-01-05T12:00": 2}),
        ("a deal that is reopened brings its client back", """
            01-05 deal.created 1 account_id=a stage_id=x
            01-06 deal.lost 1
            01-08 deal.reopened 1 stage_id=y
        """, {"now=2026-01-07": 0, "": 1, "by=stage": {"y": 1}, "every=day&from=2026-01-05&to=2026-01-09": [1, 0, 0, 1]}),
    ],
    "customer_retention_rate": [
        ("customers that order again", """
            01-01 account.created a owner_id=ann region=DE-BY
            01-05 order.created 1 account_id=a
            01-05 order.status_changed 1 new=confirmed
            01-06 order.created 2 account_id=b
            01-06 order.status_changed 2 new=confirmed
            01-07 order.created 3 account_id=c
            01-07 order.status_changed 3 new=confirmed
            01-08 order.status_changed 3 new=cancelled
            02-05 order.created 4 account_id=a
            02-05 order.status_changed 4 new=confirmed
            02-06 order.created 5 account_id=d
            02-06 order.status_changed 5 new=confirmed
        """, {"from=2026-02-01&to=2026-03-01": HALF, "from=2026-01-01&to=2026-02-01": None, "from=2026-03-01&to=2026-04-01": 0,
              "denominator?from=2026-03-01&to=2026-04-01": 3, "from=2026-02-01&to=2026-03-01&by=region": {"DE-BY": 1},
              "from=2026-02-01&to=2026-03-01&scope=user:ann": 1, "every=month&from=2026-01-01&to=2026-03-01": [None, HALF],
              "window=this_month&now=2026-02-03": 0, "from=2027-01-06&to=2027-02-01&now=2027-02-01": 0,
              "denominator?from=2027-01-06&to=2027-02-01&now=2027-02-01": 3,
              "denominator?from=2027-01-07&to=2027-02-01&now=2027-02-01": 2}),
        ("or whose contract runs", """
            01-05 contract.status_changed 1 new=signed account_id=a end=2026-02-28
            01-05 contract.status_changed 2 new=signed account_id=b
            01-05 contract.status_changed 3 new=signed account_id=c start=2026-02-01
            01-05 contract.status_changed 4 new=signed account_id=d
            02-05 contract.status_changed 4 new=ended
            01-05 contract.status_changed 5 new=signed account_id=e end=2026-02-10
            02-09 contract.status_changed 5 new=renewed end=2026-12-31
            01-05 contract.status_changed 6 new=signed account_id=f
            02-05 record.deleted account/f
        """, {"from=2026-02-01&to=2026-03-01": Fraction(3, 4), "from=2026-03-01&to=2026-04-01": Fraction(3, 4),
              "denominator?from=2026-03-01&to=2026-04-01": 4, "denominator?from=2026-02-28&to=2026-03-02": 4,
              "from=2026-02-28&to=2026-03-02": Fraction(3, 4)}),
        ("an order of a deal is that of its account", """
            01-05 deal.created 1 account_id=a
            01-05 order.created 1 deal_id=1
            01-05 order.status_changed 1 new=confirmed
            02-05 deal.won 2 account_id=a
        """, {"from=2026-02-01&to=2026-03-01": 0}),
    ],
    "process_duration": [
        ("workflows, leads, quotes and tickets, when they ended", """
            01-05T02:00 automation.run 1 workflow_id=mail duration_ms=90000 actor=ann
            01-05T02:00 automation.run 2 workflow_id=mail started_at=2026-01-05T01:00:00Z owner_id=bo
            01-05 automation.run 3 workflow_id=mail
            01-05 lead.created 1 owner_id=ann
            01-07 lead.status_changed 1 new=converted
            01-08 lead.status_changed 1 new=converted
            01-05 quote.created 1
            01-06 order.created 1 quote_id=1 owner_id=bo
            01-08 order.status_changed 1 new=confirmed
            01-08 order.created 2 quote_id=none
            01-08 order.status_changed 2 new=confirmed
            01-05 ticket.created 1 owner_id=ann
            01-06 ticket.status_changed 1 new=solved
            01-07 ticket.status_changed 1 new=open
            01-09 ticket.status_changed 1 new=closed
            01-09 ticket.created 2
            01-10 ticket.status_changed 2 new=solved
            01-11 ticket.status_changed 2 new=open
        """, {"stat=mean&by=process": {"mail": 1845, "lead_to_deal": 2 * DAY, "quote_to_order": 3 * DAY, "ticket": 4 * DAY},
              "stat=count": 5, "stat=mean&scope=user:ann": (90 + 6 * DAY) / Fraction(3), "stat=count&where=process:mail": 2,
              "stat=count&from=2026-01-08&to=2026-01-09": 1, "unit?": "s",
              "stat=mean&where=process:mail&scope=user:bo": HOUR}),
        ("a quote that was deleted began nothing", """
            01-05 quote.created 1
            01-06 record.deleted quote/1
            01-08 order.created 1 quote_id=1
            01-08 order.status_changed 1 new=confirmed
        """, {"": None, "stat=count": 0}),
    ],
}  # fmt: skip
