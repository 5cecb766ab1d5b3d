"""What work brings in, and when."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

CASES: dict[str, list[tuple[str, str, Mapping[str, Any]]]] = {
    "result_per_activity": [
        ("all that was earned by what was done, of a kind all that was earned too", """
            01-05 call.logged 1 direction=outbound owner_id=ann
            01-06 call.logged 2 direction=outbound owner_id=bo
            01-06 email.logged 1 direction=outbound owner_id=ann
            01-20 deal.won 1 owner_id=ann value=60EUR
            01-21 deal.won 2 owner_id=bo value=30EUR
            02-21 deal.won 3 owner_id=bo value=9EUR
        """, {"from=2026-01-01&to=2026-02-01": 30, "by=activity": {"call": Fraction(99, 2), "email": 99}, "": 33,
              "by=user": {"ann": 30, "bo": 39}, "by=user,activity": {"ann | call": 60, "ann | email": 60, "bo | call": 39},
              "by=activity,user": {"call | ann": 60, "email | ann": 60, "call | bo": 39},
              "where=activity:call": Fraction(99, 2), "where=activity:email&scope=user:bo": None, "numerator?": 99, "n?": 3,
              "from=2026-02-01&to=2026-03-01": None, "unit?": "EUR/act"}),
        ("lagged by what half of the deals took", """
            01-05T12:00 call.logged 1 direction=outbound
            01-06T12:00 call.logged 2 direction=outbound owner_id=ann
            03-01 deal.created 1
            03-15T12:00 call.logged 3 direction=outbound
            03-11 deal.won 1 owner_id=ann value=60EUR
            02-01 deal.created 2
            03-12 deal.won 2 owner_id=ann value=60EUR
            01-01 deal.created 3
            03-13 deal.won 3 value=60EUR
        """, {"from=2026-02-14&to=2026-03-14&variant=lagged": 180, "from=2026-02-14&to=2026-03-14": None,
              "from=2026-02-14&to=2026-03-14&variant=lagged&by=user": {"ann": 120},
              "from=2026-04-01&to=2026-05-01&variant=lagged": None}),
        ("amounts without a rate are told", """
            01-05 call.logged 1 direction=outbound
            01-06 deal.won 1 value=60USD
        """, {"": 0, "fx_missing?": {"USD": 60}}),
    ],
    "seasonality_index": [
        ("what is, by what was in the same month of the years before", """
            2023-03-10 deal.won 1 owner_id=ann
            2024-03-05 deal.won 2 owner_id=bo
            2024-03-06 deal.lost 3
            2025-03-07 deal.won 4 owner_id=ann
            2025-03-07 deal.won 5 owner_id=ann
            2025-03-08 deal.won 6 owner_id=bo
            2026-03-02 deal.won 7 owner_id=ann
            2026-03-02 deal.won 8 owner_id=ann
            2026-03-02 deal.won 9 owner_id=ann
            2026-03-03 deal.won 10 owner_id=cy
        """, {"of=deals_won&from=2026-03-01&to=2026-04-01": Fraction(12, 5), "n?of=deals_won&from=2026-03-01&to=2026-04-01": 3,
              "of=deals_won&from=2025-03-01&to=2025-04-01": 3, "of=deals_won&from=2024-03-01&to=2024-04-01": None,
              "of=deals_won&from=2026-02-01&to=2026-04-01&every=month": [None, Fraction(12, 5)],
              "of=deals_won&from=2026-03-01&to=2026-04-01&by=user": {"ann": 3},
              "of=deals_won&window=this_month&now=2026-03-06": 12,
              "of=win_rate&from=2026-03-01&to=2026-04-01": Fraction(6, 5), "of=win_rate&from=2026-02-01&to=2026-03-01": None}),
        ("or on the same weekday and hour of the weeks before, by the local clock", """
            01-01 org.updated org/demo time_zone=Europe/Berlin
            2024-01-05 lead.created 1
            03-23T08:30 lead.created 2
            03-16T08:30 lead.created 3
            03-16T07:30 lead.created 4
            03-30T07:30 lead.created 5
            03-30T07:31 lead.created 6
            03-30T07:32 lead.created 7
        """, {"of=leads_created&variant=week&from=2026-03-30T09:00&to=2026-03-30T10:00": 78,
              "of=leads_created&variant=week&from=2026-03-30&to=2026-03-31": 52,
              "of=leads_created&variant=week&from=2026-03-30T08:00&to=2026-03-30T11:00&every=hour": [0, 78, None]}),
        ("of nothing is null", "01-05 lead.created 1", {"of=deals_won": None, "of=deals_won&by=user": {}}),
    ],
    "sales_heatmap": [
        ("by region, and by the local weekday and hour of the close", """
            01-01 org.updated org/demo time_zone=Europe/Berlin
            01-05T08:30 deal.won 1 value=10EUR region=DE-BY owner_id=ann
            01-05T08:59 deal.won 2 value=20EUR region=IT-25
            01-06T23:30 deal.won 3 value=40EUR pipeline_id=p
            01-12T08:00 deal.lost 4 value=80EUR region=DE-BY
        """, {"": 70, "by=region": {"DE-BY": 10, "IT-25": 20, "(none)": 40}, "by=hour": {"09": 30, "00": 40},
              "by=weekday": {"monday": 30, "wednesday": 40},
              "by=weekday,hour": {"monday | 09": 30, "wednesday | 00": 40},
              "by=hour,weekday": {"09 | monday": 30, "00 | wednesday": 40},
              "by=weekday,region": {"monday | DE-BY": 10, "monday | IT-25": 20, "wednesday | (none)": 40},
              "where=weekday:monday&by=hour": {"09": 30}, "scope=user:ann&by=weekday,hour": {"monday | 09": 10},
              "where=hour:09&where=weekday:monday": 30, "by=weekday&where=region:IT-25": {"monday": 20},
              "variant=lost&by=weekday,hour": {"monday | 09": 80}, "variant=lost&by=region": {"DE-BY": 80},
              "by=weekday&from=2026-01-05T09:45&to=2026-01-12": {"monday": 20, "wednesday": 40},
              "by=hour&every=week&from=2026-01-05&to=2026-01-19": [70, 0]}),
        ("an hour that there is twice is one, one that was left out has nothing", """
            01-01 org.updated org/demo time_zone=Europe/Berlin
            10-25T00:30 deal.won 1 value=1EUR
            10-25T01:30 deal.won 2 value=2EUR
            03-29T01:30 deal.won 3 value=4EUR
        """, {"by=hour": {"02": 3, "03": 4}, "by=weekday": {"sunday": 7}}),
        ("by product each line", "01-05T08:30 deal.won 1 value=100EUR lines=a*2@30,b@10",
         {"by=product,weekday": {"a | monday": 60, "b | monday": 10}, "by=weekday": {"monday": 100}}),
    ],
}  # fmt: skip
