"""Every KPI by example: what is told, and what the answers are, asked of the engine on real tables.

A question is a query string; `<member>?` before it asks for a member of the answer other than its value. Each history is also
told backwards, every event twice and in batches of one, and has the same answers.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest

from aggregators.catalogue import BY_ID
from crmpulse.embedded import Redis
from tests.aggregators.cases import (
    acquisition,
    composed,
    contacts,
    costs,
    courses,
    fields,
    forecasts,
    hours,
    links,
    outreach,
    peers,
    relationships,
    results,
    stages,
    touches,
    usage,
)
from tests.telling import Told, events, telling

Case = tuple[str, str, Mapping[str, Any]]
DAY, HOUR = 86_400, 3_600
THIRD = Fraction(1, 3)

DEAL = "01-01 deal.created 1 owner_id=ann value=100EUR\n"
TICKET = "01-01 ticket.created 1 owner_id=ann\n"
TASK = "01-01 task.created 1 assignee_id=ann due_at=01-05T12:00\n"

GOALS = """
    01-01 org.updated org/demo time_zone=UTC
    01-01 user.updated user/ann team_id=west
    01-01 user.updated user/bo team_id=west
    01-05 goal.set sum kpi=deals_won assignee=org target=4 period=month
    01-05 goal.set money kpi=revenue_won assignee=user:bo target=600 period=month where.source=web
    01-05 goal.set most kpi=deals_lost assignee=org target=1 period=month direction=at_most
    02-02 goal.set level kpi=win_rate assignee=org target=0.8 start=02-01 end=03-30
    02-03 goal.set gone kpi=deals_won assignee=org target=1 period=month
    02-04 goal.deleted gone
    02-05 deal.won 1 owner_id=ann value=100EUR source=web
    02-10 deal.won 2 owner_id=bo value=300EUR source=web
    03-02 deal.won 3 owner_id=bo value=500EUR source=ads
    03-03 deal.lost 4 owner_id=bo
    03-03 deal.lost 5 owner_id=bo
    02-09 deal.lost 6 owner_id=bo
    02-09 deal.lost 7 owner_id=bo
"""

CASES: dict[str, list[Case]] = {
    "leads_created": [
        ("count once, in their month and for the owner at creation", """
            01-31T23:59 lead.created 1 owner_id=ann source=web
            02-01 lead.created 2 owner_id=bo source=ads
            02-02 record.owner_changed lead/1 new_owner=bo
        """, {"": 2, "from=2026-01-01&to=2026-02-01": 1, "by=user": {"ann": 1, "bo": 1}, "by=source": {"web": 1, "ads": 1},
              "by=user&credit=current": {"bo": 2}}),
        ("a later announcement replaces the earlier one whole", """
            01-05 lead.created 1 owner_id=ann source=web
            02-05 lead.created 1 owner_id=bo
        """, {"": 1, "from=2026-01-01&to=2026-02-01": 0, "scope=user:ann": 0, "by=source": {"(none)": 1}}),
        ("are retracted by deletion and come back restored", """
            01-05 lead.created 1
            01-05 lead.created 2
            01-06 record.deleted lead/1 reason=spam
            01-06 record.deleted lead/2 reason=user
            01-07 record.deleted lead/2 restored=true
        """, {"": 1}),
        ("need no announcement: the first mention makes one", "03-05 lead.status_changed 1 new=working owner_id=ann",
         {"from=2026-03-05&to=2026-03-06&scope=user:ann": 1}),
        ("months are those of the organisation's zone, also when that is told late", """
            01-31T23:30 lead.created 1
            06-01 org.updated org/demo time_zone=Europe/Berlin
        """, {"from=2026-02-01&to=2026-03-01": 1, "from=2026-01-01&to=2026-02-01": 0}),
        ("the zone told last holds for all history", """
            01-31T23:30 lead.created 1
            01-01 org.updated org/demo time_zone=Europe/Berlin
            01-02 org.updated org/demo time_zone=America/Sao_Paulo
        """, {"from=2026-01-31&to=2026-02-01": 1, "window=last_month&now=2026-02-10": 1}),
        ("a day on which clocks change has 23 hours", """
            01-01 org.updated org/demo time_zone=Europe/Berlin
            03-28T23:00 lead.created first
            03-29T21:59 lead.created last
            03-29T22:00 lead.created next
        """, {"from=2026-03-29&to=2026-03-30": 2, "from=2026-03-29&to=2026-03-31&every=day": [2, 1]}),
        ("custom fields are dimensions", """
            01-05 lead.created 1 custom.size=big custom.vip=true
            01-06 record.updated lead/1 changed.custom.size=small
            01-07 lead.created 2
        """, {"by=custom.size": {"small": 1, "(none)": 1}, "where=custom.vip:true": 1, "by=custom.vip": {"true": 1, "(none)": 1}}),
        ("a source may have the very name that stands for none", """
            01-05 lead.created 1 source=(none)
            01-06 lead.created 2
            01-07 lead.created 3 source=web
        """, {"by=source": {"web": 1, "(none)": 2}, "where=source:(none)": 2, "by=source,user": {"web | (none)": 1,
              "(none) | (none)": 2}}),
    ],
    "leads_open": [
        ("are open from creation until decided", """
            01-05 lead.created 1 owner_id=ann
            01-10 lead.status_changed 1 new=working
            01-20 lead.status_changed 1 new=qualified
        """, {"now=2026-01-05": 0, "now=2026-01-06": 1, "now=2026-01-15": 1, "now=2026-01-20": 1, "now=2026-01-21": 0}),
        ("a regress opens again, for the owner as of then", """
            01-05 lead.created 1 owner_id=ann
            01-10 lead.status_changed 1 new=converted
            01-20 lead.status_changed 1 new=working owner_id=bo
        """, {"now=2026-01-15": 0, "by=user": {"bo": 1}, "now=2026-01-07&by=user": {"ann": 1}}),
        ("a deleted one never was open", "01-05 lead.created 1\n02-01 record.deleted lead/1", {"now=2026-01-06": 0}),
    ],
    "leads_converted": [
        ("at the first entry, whatever came after", """
            01-05 lead.created 1 owner_id=ann
            02-10 lead.status_changed 1 new=converted
            02-11 lead.status_changed 1 new=working
            03-10 lead.status_changed 1 new=converted owner_id=bo
        """, {"": 1, "from=2026-02-01&to=2026-03-01&by=user": {"ann": 1}, "from=2026-03-01&to=2026-04-01": 0}),
        ("an earlier one that is told late moves it", """
            02-10 lead.status_changed 1 new=converted
            01-10 lead.status_changed 1 new=converted
        """, {"every=month&from=2026-01-01&to=2026-03-01": [1, 0]}),
    ],
    "lead_conversion_rate": [
        ("of the leads of a month, those converted to date", """
            01-05 lead.created 1 source=web
            01-06 lead.created 2 source=ads
            01-07 lead.created 3 source=ads
            05-01 lead.status_changed 1 new=converted
            05-01 lead.status_changed 2 new=disqualified
        """, {"from=2026-01-01&to=2026-02-01": THIRD, "open_share?": THIRD, "denominator?": 3,
              "from=2026-05-01&to=2026-06-01": None,
              "by=source": {"web": 1}}),
        ("a regress does not retract, and credit is that of the creation", """
            01-05 lead.created 1 owner_id=ann
            02-01 lead.status_changed 1 new=converted owner_id=bo
            02-02 lead.status_changed 1 new=working
        """, {"scope=user:ann": 1, "scope=user:bo": None, "open_share?": 0}),
        ("as a flow: converted of those decided, when they were", """
            01-05 lead.created 1
            01-05 lead.created 2
            02-01 lead.status_changed 1 new=converted
            02-02 lead.status_changed 2 new=disqualified reason=price
        """, {"variant=flow&from=2026-02-01&to=2026-03-01": Fraction(1, 2), "variant=flow&from=2026-01-01&to=2026-02-01": None}),
    ],
    "deals_created": [
        ("once, for the owner then, by the stage's pipeline", """
            01-05 deal.created 1 owner_id=ann pipeline_id=sales deal_type=new
            01-06 deal.stage_changed 1 new_stage_id=x pipeline_id=key
        """, {"": 1, "by=pipeline": {"sales": 1}, "by=deal_type": {"new": 1}, "by=user": {"ann": 1}}),
        ("by its own pipeline, whatever other deal it names", """
            01-05 deal.created 1 owner_id=ann pipeline_id=sales
            01-05 deal.created 2 owner_id=ann deal_id=1 source=web
        """, {"by=pipeline": {"sales": 1, "(none)": 1}, "by=source,pipeline&where=source:web": {"web | (none)": 1}}),
        ("what nobody owns is its team's, else only the organisation's", """
            01-05 deal.created 1 team_id=west
            01-05 deal.created 2
            01-05 deal.created 3 owner_id=ann team_id=west
        """, {"": 3, "scope=team:west": 1, "by=team": {"west": 1, "(none)": 2}, "by=user": {"ann": 1, "(none)": 2}}),
        ("an explicit owner outranks that of the announcement, whatever its time", """
            01-05 deal.created 1 owner_id=ann
            01-01 record.owner_changed deal/1 new_owner=bo
        """, {"scope=user:bo": 1, "scope=user:ann": 0, "from=2026-01-05&to=2026-01-06": 1}),
        ("before its first owner it was whose it was taken from", """
            01-05 deal.created 1
            02-05 record.owner_changed deal/1 new_owner=bo old_owner=ann
        """, {"by=user": {"ann": 1}, "by=user&credit=current": {"bo": 1}}),
    ],
    "deals_open": [
        ("from creation to close, and again from reopening", DEAL + """
            02-01 deal.lost 1
            03-01 deal.reopened 1
            04-01 deal.won 1
        """, {"from=2026-01-01&to=2026-06-01&every=month": [1, 0, 1, 0, 0], "now=2026-02-02": 0, "now=2026-04-01": 1, "": 0}),
        ("by the stage and the owner of then", """
            01-05 deal.created 1 owner_id=ann stage_id=new
            02-01 deal.stage_changed 1 new_stage_id=demo
            03-01 record.owner_changed deal/1 new_owner=bo
        """, {"by=stage": {"demo": 1}, "now=2026-01-10&by=stage": {"new": 1}, "now=2026-02-10&by=user,stage": {"ann | demo": 1},
              "now=2026-02-10&by=user&credit=current": {"bo": 1}}),
        ("a series goes on after the last event, and begins before the first", DEAL,
         {"from=2025-12-01&to=2026-04-01&every=month": [0, 1, 1, 1], "window=last_7_days&every=day&now=2026-05-20": [1] * 7}),
        ("what was said of a deal before its creation holds from then on", """
            01-05 deal.created 1 stage_id=new
            01-01 deal.stage_changed 1 new_stage_id=demo
        """, {"now=2026-01-04": 0, "now=2026-01-06&by=stage": {"demo": 1}}),
    ],
    "deals_won": [
        ("at the latest close, if that is a win", """
            01-05 deal.lost 1
            02-05 deal.won 1 owner_id=ann
            02-06 deal.won 2
            03-06 deal.lost 2
            02-07 deal.won 3
            02-08 deal.reopened 3
            02-09 deal.won 4
            03-09 deal.won 4
        """, {"": 2, "every=month&from=2026-01-01&to=2026-04-01": [0, 1, 1], "scope=user:ann": 1}),
        ("for who owned it then; a later owner has it with credit=current", DEAL + """
            02-01 deal.won 1
            02-02 record.owner_changed deal/1 new_owner=bo
        """, {"by=user": {"ann": 1}, "by=user&credit=current": {"bo": 1}, "scope=user:ann&credit=current": 0}),
        ("an owner change that is told late moves the credit", DEAL + """
            02-01 deal.won 1
            01-20 record.owner_changed deal/1 new_owner=bo
        """, {"by=user": {"bo": 1}}),
        ("once per deal, by product once for each", "01-01 deal.won 1 lines=atlas*2@10,beacon@5,atlas@1\n01-01 deal.won 2",
         {"": 2, "by=product": {"atlas": 1, "beacon": 1, "(none)": 1}, "where=product:beacon": 1,
          "by=product,user": {"atlas | (none)": 1, "beacon | (none)": 1, "(none) | (none)": 1}}),
        ("teams count their members of that day, their sub-teams included", """
            01-01 team.updated team/sub parent_id=west
            01-10T20:00 user.updated user/ann team_id=sub
            02-01 user.updated user/ann team_id=east
            01-09T23:00 deal.won 1 owner_id=ann
            01-10T01:00 deal.won 2 owner_id=ann
            01-31T23:59 deal.won 3 owner_id=ann
            02-01 deal.won 4 owner_id=ann
        """, {"by=team": {"sub": 2, "west": 2, "east": 1, "(none)": 1}, "scope=team:west": 2,
              "scope=team:west&by=team": {"sub": 2, "west": 2},
              "scope=team:west&credit=current": 0, "scope=team:east&credit=current": 4}),
        ("a repeated or equal-timed event is put in order by sequence", """
            01-05 deal.won 1 sequence=2
            01-05 deal.lost 1 sequence=1
            01-05 deal.lost 2 sequence=2
            01-05 deal.won 2 sequence=1
        """, {"": 1}),
        ("a user who was deleted keeps what they won, and so do the teams, deleted or not", """
            01-01 user.updated user/ann team_id=west
            01-01 team.updated team/west parent_id=top
            01-05 deal.won 1 owner_id=ann source=web region=DE-BY
            01-06 record.deleted user/ann
            01-06 record.deleted team/west
        """, {"": 1, "by=user": {"ann": 1}, "scope=team:west": 1, "scope=team:top": 1, "by=source,region": {"web | DE-BY": 1},
              "from=2026-01-04T23:30&to=2026-01-05T00:30": 1}),
    ],
    "deals_lost": [
        ("at the latest close, if that is a loss, by the stage then", DEAL + """
            02-01 deal.stage_changed 1 new_stage_id=offer
            02-02 deal.lost 1 lost_reason="Too  Dear "
            03-02 deal.won 2
            04-02 deal.lost 2 lost_reason="too dear" stage_id=demo
        """, {"": 2, "by=lost_reason": {"too dear": 2}, "by=stage": {"offer": 1, "demo": 1},
              "every=month&from=2026-02-01&to=2026-05-01": [1, 0, 1]}),
        ("a reason that is corrected is the reason, until the deal is lost again", """
            01-02 deal.lost 1 lost_reason=price
            01-03 record.updated deal/1 changed.lost_reason=timing
            01-02 deal.lost 2 lost_reason=price
            01-03 deal.updated 2 changed.lost_reason=timing
            01-04 deal.lost 2
        """, {"by=lost_reason": {"timing": 1, "(none)": 1}}),
        ("reopening and winning retract", "01-02 deal.lost 1\n01-03 deal.reopened 1\n01-02 deal.lost 2\n01-03 deal.won 2", {"": 0}),
    ],
    "revenue_won": [
        ("the latest amount, corrected after the win too", DEAL + """
            02-01 deal.won 1
            05-01 deal.updated 1 changed.value=250.5EUR
        """, {"": Fraction("250.5"), "from=2026-02-01&to=2026-03-01": Fraction("250.5"), "n?": 1}),
        ("an amount of the win outranks the first one", DEAL + "02-01 deal.won 1 value=80EUR", {"": 80, "by=user": {"ann": 80}}),
        ("where none is given it is the sum of the lines, rounded half to even", """
            01-05 deal.won 1 lines=a*0.5@0.0001,b*1.5@0.0001,c*3@10
        """, {"": Fraction("30.0002"), "by=product": {"b": Fraction("0.0002"), "c": 30}}),
        ("by product each line counts with its own value, beside the deal's", """
            01-05 deal.won 1 value=100EUR lines=atlas*2@30,beacon@10
            01-06 deal.won 2 value=7EUR
        """, {"": 107, "by=product": {"atlas": 60, "beacon": 10, "(none)": 7}, "where=product:atlas": 60}),
        ("other currencies at the rate of the local day of the close", """
            01-01 org.updated org/demo time_zone=America/Sao_Paulo
            01-06T02:00 deal.won 1 value=100USD
            01-01 fx_rate.set fx/USD/2026-01-01 rate=0.5
            01-01 fx_rate.set fx/USD/2026-01-06 rate=0.9
        """, {"": 50, "fx_missing?": None}),
        ("a rate that comes late restates, and one that is missing is told", """
            01-06 deal.won 1 value=100USD
            01-06 deal.won 2 value=10EUR
            01-07 fx_rate.set fx/USD/2026-01-07 rate=0.9
            02-01 deal.won 3 value=10USD
            02-01 deal.won 4 value=3GBP
        """, {"": 19, "fx_missing?": {"USD": 100, "GBP": 3}, "from=2026-02-01&to=2026-03-01": 9}),
        ("a currency that is told late restates all history", """
            01-06 deal.won 1 value=100USD
            06-01 org.updated org/demo currency=USD
        """, {"": 100, "unit?": "USD", "fx_missing?": None}),
        ("reopened or deleted is nothing", DEAL + "02-01 deal.won 1\n02-02 deal.won 2 value=5EUR\n02-03 deal.reopened 1\n"
          "02-03 record.deleted deal/2",
         {"": 0}),
    ],
    "win_rate": [
        ("a reason that is said of a deal that is won is none", """
            01-02 deal.lost 1 lost_reason=price
            01-03 deal.won 1
            01-04 deal.updated 1 changed.lost_reason=timing
            01-05 deal.lost 2
        """, {"where=lost_reason:timing": None, "": Fraction(1, 2)}),
        ("won of all closed, null of none", """
            01-01 deal.won 1 source=web
            01-02 deal.lost 2 source=web
            01-03 deal.lost 3 source=ads
            01-04 deal.created 4 source=ads
        """, {"": THIRD, "numerator?": 1, "denominator?": 3, "by=source": {"web": Fraction(1, 2)},
              "from=2026-03-01&to=2026-04-01": None}),
        ("by value each deal weighs its amount", ("01-01 deal.won 1 value=30EUR\n01-02 deal.lost 2 value=10EUR\n"
          "01-03 deal.lost 3 value=9USD"),
         {"variant=value": Fraction(3, 4), "fx_missing?variant=value": {"USD": 9}}),
        ("a won deal has no reason", "01-01 deal.lost 1 lost_reason=x\n01-02 deal.won 1\n01-02 deal.lost 2 lost_reason=X",
         {"by=lost_reason": {"(none)": 1}, "where=lost_reason:x": 0}),
    ],
    "avg_deal_size": [
        ("revenue by deal", "01-01 deal.won 1 value=30EUR\n01-02 deal.won 2 value=11EUR\n01-03 deal.lost 3 value=500EUR",
         {"": Fraction(41, 2), "n?": 2, "from=2026-03-01&to=2026-04-01": None}),
    ],
    "sales_cycle_length": [
        ("from creation to the latest win, counted there", DEAL + """
            01-11 deal.won 1
            01-12 deal.reopened 1
            01-21 deal.won 1
            02-01 deal.created 2
            02-03 deal.won 2
        """, {"stat=mean": 11 * DAY, "stat=count": 2, "from=2026-02-01&to=2026-03-01&stat=mean": 2 * DAY,
              "stat=p90": pytest.approx(20 * DAY, rel=0.008), "": pytest.approx(2 * DAY, rel=0.008)}),
        ("won before it was created took no time", "02-01 deal.created 1\n01-11 deal.won 1", {"stat=mean": 0, "": 0}),
        ("an earlier creation that is told late lengthens it", ("01-21 deal.won 1\n01-20 deal.created 1\n"
          "01-20 record.updated deal/1"),
         {"stat=mean": DAY}),
        ("nothing ended is null", DEAL, {"": None, "stat=mean": None, "stat=count": 0}),
    ],
    "lost_reason_share": [
        ("spelling does not matter, blank is none", """
            01-01 deal.lost 1 lost_reason=" Too  DEAR" owner_id=ann
            01-02 deal.lost 2 lost_reason="too dear"
            01-03 deal.lost 3 lost_reason=" "
            01-04 deal.lost 4 value=30EUR
        """, {"groups?": {"too dear": Fraction(1, 2), "(none)": Fraction(1, 2)}, "by=user": {"ann": Fraction(1, 4),
              "(none)": Fraction(3, 4)},
              "where=lost_reason:too dear": Fraction(1, 2)}),
        ("by value, their amounts", "01-01 deal.lost 1 lost_reason=a value=30EUR\n01-02 deal.lost 2 lost_reason=b value=10EUR",
         {"variant=value&by=lost_reason": {"a": Fraction(3, 4), "b": Fraction(1, 4)}}),
        ("the reason of the latest loss", "01-01 deal.lost 1 lost_reason=a\n01-02 deal.reopened 1\n01-03 deal.lost 1 lost_reason=b",
         {"by=lost_reason": {"b": 1}}),
        ("of no loss is null", DEAL, {"": None}),
    ],
    "deals_with_problems": [
        ("open ones whose health says so as of then, and their money", DEAL + """
            02-01 deal.health_changed 1 new=has_problems
            03-01 deal.health_changed 1 new=ok
            04-01 deal.health_changed 1 new=has_problems
            05-01 deal.won 1
        """, {"now=2026-02-02": 1, "now=2026-02-02&stat=sum": 100, "now=2026-03-02": 0, "now=2026-04-02": 1, "": 0, "stat=sum": 0}),
        ("by the stage of then", """
            01-01 deal.created 1 stage_id=new value=10USD
            02-01 deal.health_changed 1 new=has_problems
            03-01 deal.stage_changed 1 new_stage_id=demo
            01-01 fx_rate.set fx/USD/2026-01-01 rate=2
        """, {"by=stage": {"demo": 1}, "now=2026-02-10&by=stage": {"new": 1}, "stat=sum": 20, "unit?stat=sum": "EUR",
              "unit?": "deals"}),
    ],
    "pipeline_value": [
        ("the amount as of then", DEAL + "02-01 deal.updated 1 changed.value=300EUR\n04-01 deal.lost 1",
         {"now=2026-01-15": 100, "now=2026-03-01": 300, "": 0, "every=month&from=2026-01-01&to=2026-05-01": [100, 300, 300, 0]}),
        ("other currencies at the rate of the day that is asked for", """
            01-01 deal.created 1 value=100USD
            01-10 fx_rate.set fx/USD/2026-01-10 rate=0.5
            02-01 fx_rate.set fx/USD/2026-02-01 rate=0.7
        """, {"now=2026-01-05": 0, "fx_missing?now=2026-01-05": {"USD": 100}, "now=2026-01-20": 50, "now=2026-02-02": 70}),
        ("lines where there is no amount, each product its own", """
            01-01 deal.created 1 lines=atlas*2@10,beacon@5 stage_id=new
            01-02 deal.created 2 value=1EUR stage_id=new
        """, {"": 26, "by=product": {"atlas": 20, "beacon": 5, "(none)": 1}, "by=stage": {"new": 26}}),
        ("lines as of then, also where they are others since, or it was won with others", """
            01-01 deal.created 1 lines=atlas*1@10
            02-01 deal.updated 1 changed.lines=atlas*5@10
            04-01 deal.won 1 lines=beacon*1@70
        """, {"now=2026-01-15": 10, "now=2026-03-01": 50, "now=2026-05-01": 0, "now=2026-03-01&by=product": {"atlas": 50},
              "every=month&from=2026-01-01&to=2026-05-01": [10, 50, 50, 0]}),
    ],
    "weighted_pipeline": [
        ("the deal's own probability, else that of its stage, else none", """
            01-01 deal.created 1 value=100EUR pipeline_id=p stage_id=new
            01-01 deal.created 2 value=100EUR pipeline_id=p stage_id=new probability=0.5
            01-01 deal.created 3 value=7EUR pipeline_id=p stage_id=offer
            01-01 pipeline.updated pipeline/p stages=new:0.1,offer
        """, {"": 60, "probability_missing?": 7, "by=stage": {"new": 60}}),
        ("a stage's probability is the latest told, for all history", """
            01-01 deal.created 1 value=100EUR pipeline_id=p stage_id=new
            01-01 pipeline.updated pipeline/p stages=new:0.1
            06-01 pipeline.updated pipeline/p stages=new:0.3
        """, {"now=2026-02-01": 30}),
        ("the probability as of then; one that was cleared is the stage's", """
            01-01 deal.created 1 value=100EUR pipeline_id=p stage_id=new probability=0.5
            02-01 deal.updated 1 changed.probability=0.9
            03-01 deal.updated 1 changed.probability=null
            01-01 pipeline.updated pipeline/p stages=new:0.1
        """, {"now=2026-01-15": 50, "now=2026-02-15": 90, "": 10}),
        ("amounts without a rate are told as they would weigh, those of all stages together", """
            01-01 deal.created 1 value=100USD pipeline_id=p stage_id=new
            01-01 deal.created 2 value=100USD pipeline_id=p stage_id=demo
            01-01 deal.created 3 value=100USD pipeline_id=p stage_id=demo probability=0.5
            01-01 pipeline.updated pipeline/p stages=new:0.1,demo:0.2
        """, {"": 0, "fx_missing?": {"USD": 80}}),
        ("in another currency at the rate of that day", """
            01-01 deal.created 1 value=100USD probability=0.5
            01-01 fx_rate.set fx/USD/2026-02-01 rate=2
        """, {"": 100, "now=2026-01-15": 0, "fx_missing?now=2026-01-15": {"USD": 50}}),
    ],
    "activities_completed": [
        ("what people did, by kind", """
            01-01 call.logged 1 direction=inbound owner_id=ann
            01-01 email.logged 1 direction=outbound owner_id=ann
            01-01 email.logged 2 direction=outbound automated=true owner_id=ann
            01-01 email.logged 3 direction=inbound owner_id=ann
            01-01 message.logged 1 direction=outbound author=human owner_id=ann
            01-01 message.logged 2 direction=outbound author=bot owner_id=ann
            01-01 message.logged 3 direction=inbound author=human owner_id=ann
            01-01 meeting.scheduled 1 start=01-02T10:00 owner_id=ann
            01-03 meeting.status_changed 1 new=completed
            01-01 task.created 1 assignee_id=ann
            01-04 task.status_changed 1 new=done
        """, {"": 5, "by=activity": dict.fromkeys(("call", "email", "message", "meeting", "task"), 1), "scope=user:ann": 5}),
        ("credited to who did it, else to the owner", """
            01-01 call.logged 1 owner_id=ann actor=bo
            01-01 call.logged 2 owner_id=ann
            01-01 task.created 1 assignee_id=ann
            01-02 task.status_changed 1 new=done actor=bo
        """, {"by=user": {"ann": 1, "bo": 2}, "by=user&credit=current": {"ann": 1, "bo": 2}}),
        ("the pipeline is that of the deal that it names", """
            01-01 call.logged 1 deal_id=1
            01-01 call.logged 2
            01-05 deal.created 1 pipeline_id=sales
        """, {"by=pipeline": {"sales": 1, "(none)": 1}, "where=pipeline:sales": 1}),
    ],
    "calls_made": [
        ("outbound ones, the latest word replacing what was said", """
            01-01 call.logged 1 direction=outbound owner_id=ann
            01-02 call.logged 1 direction=inbound owner_id=ann
            01-03 call.logged 2 direction=inbound
            01-04 call.logged 2 direction=outbound custom.desk=1
            01-05 call.logged 3 direction=outbound
            01-06 record.deleted call/3
        """, {"": 1, "from=2026-01-04&to=2026-01-05": 1, "by=custom.desk": {"1": 1}}),
        ("a part of an hour counts what is in it", ("01-01T10:15 call.logged 1 direction=outbound\n"
          "01-01T10:30 call.logged 2 direction=outbound"),
         {"from=2026-01-01T10:15&to=2026-01-01T10:30": 1, "from=2026-01-01T10:15&to=2026-01-01T10:30:00.001": 2,
              "every=hour&from=2026-01-01T09:00&to=2026-01-01T12:00": [0, 2, 0]}),
    ],
    "call_connect_rate": [
        ("connected by what is said or by half a minute", """
            01-01 call.logged 1 direction=outbound outcome=connected duration_ms=1000
            01-01 call.logged 2 direction=outbound outcome=voicemail duration_ms=30000
            01-01 call.logged 3 direction=outbound duration_ms=29999
            01-01 call.logged 4 direction=outbound outcome=busy
            01-01 call.logged 5 direction=inbound outcome=connected
        """, {"": Fraction(1, 2), "numerator?": 2, "denominator?": 4}),
        ("a duration corrected later counts", ("01-01 call.logged 1 direction=outbound\n"
          "01-02 record.updated call/1 changed.duration_ms=40000"), {"": 1}),
        ("of no outbound call is null", "01-01 call.logged 1 direction=inbound", {"": None}),
    ],
    "call_talk_time": [
        ("seconds of connected calls in both directions", """
            01-01 call.logged 1 direction=outbound outcome=connected duration_ms=1500
            01-01 call.logged 2 direction=inbound duration_ms=60000 actor=ann
            01-01 call.logged 3 direction=outbound outcome=busy duration_ms=20000
        """, {"": Fraction("61.5"), "stat=mean": Fraction("30.75"), "stat=count": 2, "scope=user:ann": 60,
              "scope=user:bo&stat=mean": None}),
    ],
    "emails_sent": [
        ("outbound and by people", """
            01-01 email.logged 1 direction=outbound
            01-01 email.logged 2 direction=outbound automated=true
            01-01 email.logged 3 direction=inbound
            01-01 email.engaged 4 kind=open email_id=1
        """, {"": 1}),
    ],
    "meetings_held": [
        ("at their latest start, for who completed them", """
            01-01 meeting.scheduled 1 start=01-10T10:00 owner_id=ann
            01-02 meeting.status_changed 1 new=rescheduled start=02-10T10:00
            02-11 meeting.status_changed 1 new=completed actor=bo
        """, {"": 1, "from=2026-02-10&to=2026-02-11&scope=user:bo": 1, "by=activity": {"meeting": 1}}),
        ("without a start when it was told, for the owner then", """
            01-01 meeting.scheduled 1 owner_id=ann
            01-05 record.owner_changed meeting/1 new_owner=bo
            01-11 meeting.status_changed 1 new=completed
        """, {"from=2026-01-11&to=2026-01-12&scope=user:bo": 1}),
        ("the latest status holds", """
            01-11 meeting.status_changed 1 new=completed
            01-12 meeting.status_changed 1 new=no_show
            01-11 meeting.status_changed 2 new=cancelled
            01-12 meeting.status_changed 2 new=completed
        """, {"": 1}),
    ],
    "tasks_completed": [
        ("at the first done since it was reopened, for the assignee then", TASK + """
            01-02 task.status_changed 1 new=done
            01-03 task.status_changed 1 new=reopened
            02-04 task.status_changed 1 new=done actor=cy
            02-05 task.status_changed 1 new=done
            02-06 record.owner_changed task/1 new_owner=bo
        """, {"": 1, "from=2026-02-04&to=2026-02-05": 1, "by=user": {"ann": 1}, "by=user&credit=current": {"bo": 1}}),
        ("reopened is not completed, cancelled after it is, a new due is no status", TASK + """
            01-02 task.status_changed 1 new=done
            01-03 task.status_changed 1 new=due_changed due_at=02-01
            01-02 task.status_changed 2 new=done
            01-03 task.status_changed 2 new=reopened
            01-02 task.status_changed 3 new=done
            01-03 task.status_changed 3 new=cancelled
        """, {"": 2, "from=2026-01-02&to=2026-01-03": 2}),
    ],
    "tasks_overdue": [
        ("after the due instant, not at it, until done", TASK + "01-06 task.status_changed 1 new=done",
         {"now=2026-01-05T12:00": 0, "now=2026-01-05T12:00:00.001": 1, "now=2026-01-06": 1, "now=2026-01-06T00:00:00.001": 0}),
        ("a due that is moved, and one of another kind", TASK + """
            01-06 task.status_changed 1 new=due_changed due_at=01-08
            01-09 task.status_changed 1 new=due_changed due_date=01-20
        """, {"now=2026-01-05T13:00": 1, "now=2026-01-07": 0, "now=2026-01-08T01:00": 1, "now=2026-01-20T23:59": 0,
              "now=2026-01-21": 1}),
        ("what counts within a team counts for those that it is a part of", TASK + """
            01-01 team.updated team/east parent_id=top
            01-01 user.updated user/ann team_id=east
        """, {"scope=team:east&where=team:top&now=2026-01-06": 1, "scope=team:east&by=team&now=2026-01-06": {"east": 1},
              "scope=team:top&where=team:east&now=2026-01-06": 1, "scope=team:east&where=team:west&now=2026-01-06": 0}),
        ("a date ends where the assignee is", """
            01-01 task.created 1 assignee_id=ann due_date=01-05
            01-01 user.updated user/ann time_zone=America/New_York
        """, {"now=2026-01-06T04:59:59": 0, "now=2026-01-06T05:00": 1}),
        ("else where the organisation is, on a day of 25 hours too", """
            10-01 task.created 1 assignee_id=ann due_date=10-25
            01-01 org.updated org/demo time_zone=Europe/Berlin
        """, {"now=2026-10-25T22:59:59Z": 0, "now=2026-10-25T23:00:00Z": 1}),
        ("who takes it over takes its due to their zone", """
            01-01 task.created 1 assignee_id=ann due_date=01-05
            01-02 record.owner_changed task/1 new_owner=bo
            01-01 user.updated user/bo time_zone=Asia/Tokyo
        """, {"now=2026-01-05T14:59:00Z": 0, "now=2026-01-05T15:00:00Z&by=user": {"bo": 1}}),
        ("done in time, cancelled, deleted or without a due is never", TASK + """
            01-02 task.status_changed 1 new=done
            01-01 task.created 2 due_at=01-05
            01-02 task.status_changed 2 new=cancelled
            01-01 task.created 3 due_at=01-05
            02-01 record.deleted task/3
            01-01 task.created 4
        """, {"": 0, "now=2026-01-10": 0}),
        ("created after its due, or reopened, is so at once", """
            01-10 task.created 1 due_at=01-05
            01-11 task.status_changed 1 new=done
            01-12 task.status_changed 1 new=reopened
        """, {"now=2026-01-10": 0, "now=2026-01-10T01:00": 1, "now=2026-01-11T12:00": 0, "now=2026-01-13": 1}),
    ],
    "tickets_created": [
        ("once, by the category known now", """
            01-01 ticket.created 1 category=bug channel=chat
            01-02 ticket.status_changed 1 new=open category=billing
            01-03 ticket.created 2
            01-04 record.deleted ticket/2 reason=merge merged_into=1
        """, {"": 1, "by=category": {"billing": 1}, "by=channel": {"chat": 1}}),
    ],
    "tickets_open": [
        ("until solved or closed, again when reopened", TICKET + """
            01-02 ticket.status_changed 1 new=pending
            01-03 ticket.status_changed 1 new=solved
            01-05 ticket.status_changed 1 new=open
            01-07 ticket.status_changed 1 new=closed
        """, {"every=day&from=2026-01-01&to=2026-01-08": [1, 1, 0, 0, 1, 1, 0], "now=2026-01-06&by=user": {"ann": 1}}),
    ],
    "tickets_resolved": [
        ("once, at the latest resolution", TICKET + """
            01-02 ticket.status_changed 1 new=solved
            01-03 ticket.status_changed 1 new=open
            01-04 ticket.status_changed 1 new=solved
            01-05 ticket.status_changed 1 new=closed
        """, {"": 1, "from=2026-01-04&to=2026-01-05": 1}),
        ("closed without having been solved is resolved then", TICKET + "01-05 ticket.status_changed 1 new=closed",
         {"from=2026-01-05&to=2026-01-06": 1}),
        ("reopened is not, and the owner is that of then", TICKET + """
            01-02 ticket.status_changed 1 new=solved
            01-03 ticket.status_changed 1 new=open
            01-01 ticket.created 2 owner_id=ann
            01-02 record.owner_changed ticket/2 new_owner=bo
            01-03 ticket.status_changed 2 new=solved
            01-04 record.owner_changed ticket/2 new_owner=cy
        """, {"": 1, "by=user": {"bo": 1}}),
    ],
    "first_resolution_time": [
        ("to the first one, also if it is open again", TICKET + """
            01-01T02:00 ticket.status_changed 1 new=solved
            01-01T03:00 ticket.status_changed 1 new=open
        """, {"stat=mean": 2 * HOUR, "": pytest.approx(2 * HOUR, rel=0.008), "stat=count": 1}),
        ("a first one that is told late shortens it", TICKET + """
            01-01T05:00 ticket.status_changed 1 new=closed
            01-01T01:00 ticket.status_changed 1 new=solved
        """, {"stat=mean": HOUR}),
    ],
    "full_resolution_time": [
        ("to the latest one, of tickets that are resolved", TICKET + """
            01-01T02:00 ticket.status_changed 1 new=solved
            01-01T03:00 ticket.status_changed 1 new=open
            01-01T04:00 ticket.status_changed 1 new=solved
            01-01T09:00 ticket.status_changed 1 new=closed
            01-01 ticket.created 2
            01-01T01:00 ticket.status_changed 2 new=solved
            01-01T01:30 ticket.status_changed 2 new=open
        """, {"stat=mean": 4 * HOUR, "stat=count": 1, "by=user&stat=mean": {"ann": 4 * HOUR}}),
    ],
    "csat_score": [
        ("feedback that comes again counts as it came last, also after a correction", """
            01-01 feedback.received 1 kind=csat score=5
            01-02 record.updated feedback/1 changed.score=1
            01-03 feedback.received 1 kind=csat score=5
            01-01 feedback.received 2 kind=csat score=5
            01-02 record.updated feedback/2 changed.score=1
        """, {"n?": 2, "": 0.5}),
        ("satisfied is four of five, or four fifths of another scale", """
            01-01 feedback.received 1 kind=csat score=4
            01-01 feedback.received 2 kind=csat score=3
            01-01 feedback.received 3 kind=csat score=8 scale=10
            01-01 feedback.received 4 kind=csat score=2.3 scale=3
            01-01 feedback.received 5 kind=nps score=10
        """, {"": Fraction(1, 2), "n?": 4}),
        ("the latest rating of a ticket, for its owner then", TICKET + """
            01-05 feedback.received 1 kind=csat score=5 ticket_id=1
            02-05 feedback.received 2 kind=csat score=1 ticket_id=1 owner_id=zed
            02-01 record.owner_changed ticket/1 new_owner=bo
        """, {"": 0, "n?": 1, "from=2026-01-01&to=2026-02-01": None, "scope=user:bo": 0, "scope=user:ann": None}),
        ("a rating that is deleted uncovers the one before", TICKET + """
            01-05 feedback.received 1 kind=csat score=5 ticket_id=1
            02-05 feedback.received 2 kind=csat score=1 ticket_id=1
            02-06 record.deleted feedback/2
        """, {"": 1, "from=2026-01-01&to=2026-02-01": 1}),
        ("a rating that is corrected, and moved to another ticket", TICKET + """
            01-01 ticket.created 2 owner_id=bo
            01-05 feedback.received 1 kind=csat score=1 ticket_id=1
            01-06 record.updated feedback/1 changed.score=5
            01-07 record.updated feedback/1 changed.ticket_id=2
        """, {"": 1, "n?": 1, "scope=user:bo": 1, "scope=user:ann": None}),
        ("of a deleted ticket there is none, of an unknown one there is", TICKET + """
            01-05 feedback.received 1 kind=csat score=5 ticket_id=1
            01-06 record.deleted ticket/1
            01-05 feedback.received 2 kind=csat score=5 ticket_id=nowhere
        """, {"n?": 1, "": 1}),
        ("without a ticket it is whose it says", ("01-05 feedback.received 1 kind=csat score=5 owner_id=ann\n"
          "01-05 feedback.received 2 kind=csat score=1 actor=bo owner_id=ann"),
         {"scope=user:ann": 1, "scope=user:bo": 0}),
    ],
    "goal_progress": [
        ("the KPI's value in the period that holds now, by who adds to it", GOALS, {
            "goal=sum&now=2026-02-15": 2, "goal=sum&now=2026-03-01": 0, "goal=sum&window=last_month&now=2026-03-05": 2,
            "goal=sum&to=2026-03-01": 2, "goal=sum&to=2026-02-06": 1, "goal=sum&by=user&now=2026-02-15": {"ann": 1, "bo": 1},
            "goal=sum&every=month&window=this_quarter&now=2026-03-05": [0, 2, 1],
            "unit?goal=money&now=2026-02-15": "EUR", "goal=money&now=2026-02-15": 300,
            "by=goal&now=2026-02-15": {"sum": 2, "money": 300, "most": 2, "level": 0.5},
            "by=goal&scope=user:bo&now=2026-02-15": {"money": 300},
            "parts?goal=sum&now=2026-02-15": {"target": 4, "expected": 2, "state": "on_track"},
        }),
    ],
    "goal_attainment": [
        ("progress of the target, or the target of the progress", GOALS, {
            "goal=sum&now=2026-02-15": 0.5, "goal=money&now=2026-02-15": 0.5, "goal=most&now=2026-03-15": 0.5,
            "goal=most&now=2026-02-05": None, "goal=level&now=2026-03-15": Fraction(15, 28),
            "goal=sum&by=user&now=2026-02-15": {"ann": 0.25, "bo": 0.25}, "goal=sum&by=team&now=2026-02-15": {"west": 0.5},
            "by=goal&scope=team:west&now=2026-02-15": {"money": 0.5},
            "compare?goal=sum&window=this_month&compare=previous&now=2026-03-05": {"value": 0.5, "change": -0.5},
        }),
    ],
    "goal_pace": [
        ("progress of what is expected by now", GOALS, {
            "goal=sum&now=2026-02-15": 1, "goal=sum&now=2026-02-01": None, "goal=sum&to=2026-03-01": 0.5,
            "goal=level&now=2026-03-15": Fraction(15, 28), "by=goal&where=user:bo&now=2026-02-08": {},
            "by=goal&where=user:bo&now=2026-02-11": {"money": Fraction(7, 5)},
        }),
    ],
    "goals_met_share": [
        ("reached of those whose period ended, from that on in which they were set", GOALS, {
            "window=last_month&now=2026-03-05": 0, "window=this_year&now=2026-02-15": Fraction(1, 3),
            "denominator?window=this_year&now=2026-04-01": 10, "denominator?window=this_year&now=2026-03-31": 7,
            "numerator?window=this_year&now=2026-04-01": 1, "of=deals_lost&window=last_month&now=2026-04-05": 0,
            "of=deals_lost&window=last_month&now=2026-02-05": 1, "by=user&window=this_quarter&now=2026-03-15": {"(none)": 0.25},
            "denominator?scope=user:bo&window=this_year&now=2026-04-01": 3,
            "denominator?scope=team:west&window=this_year&now=2026-04-01": 3,
            "parts?window=this_month&now=2026-02-15": {"live": 4, "on_track": 2},
            "every=month&of=deals_lost&window=this_year&now=2026-04-01": [1, 0, 0, *[None] * 9],
        }),
    ],
    "leads_qualified": [
        ("at the first entry, a regress does not retract", """
            01-05 lead.created 1 owner_id=ann source=web
            02-05 lead.status_changed 1 new=qualified
            02-06 lead.status_changed 1 new=working owner_id=bo
            03-05 lead.status_changed 1 new=qualified
        """, {"": 1, "by=user": {"ann": 1}, "from=2026-02-01&to=2026-03-01": 1, "by=source": {"web": 1}}),
        ("converted without having been qualified is not", "01-05 lead.status_changed 1 new=converted", {"": 0}),
    ],
    "leads_lost": [
        ("while disqualified, when it was last, whatever the spelling of the reason", """
            01-05 lead.status_changed 1 new=disqualified reason=Price owner_id=ann
            02-05 lead.status_changed 1 new=disqualified reason=" price "
            01-05 lead.status_changed 2 new=disqualified
            01-06 lead.status_changed 2 new=open
            01-07 lead.status_changed 3 new=disqualified
            01-08 record.updated lead/2 changed.reason=spam
            02-06 record.deleted lead/1 reason=user
            02-07 record.deleted lead/1 restored=true
        """, {"": 2, "every=month&from=2026-01-01&to=2026-03-01": [1, 1], "by=lost_reason": {"price": 1, "(none)": 1},
              "where=lost_reason:PRICE": 1, "scope=user:ann": 1}),
    ],
    "source_share": [
        ("of leads, accounts or contacts, those without one too", """
            01-05 lead.created 1 source=web region=DE-BY
            01-05 lead.created 2 source=web
            01-05 lead.created 3
            01-05 account.created 1 source=ads
            01-05 contact.created 1 source=ads
            01-05 contact.created 2 source=web
        """, {"by=source": {"web": Fraction(2, 3), "(none)": THIRD}, "variant=accounts&by=source": {"ads": 1},
              "variant=contacts&by=source": {"ads": Fraction(1, 2), "web": Fraction(1, 2)}, "where=region:DE-BY&by=source": {"web": 1},
              "where=source:web&by=source": {"web": Fraction(2, 3)}, "from=2026-03-01&to=2026-04-01": None}),
    ],
    "accounts_created": [
        ("once, for the owner then; merged ones are retracted", """
            01-05 account.created 1 owner_id=ann source=web
            01-06 account.updated 1 owner_id=bo
            01-07 account.created 2
            01-08 record.deleted account/2 reason=merge merged_into=1
        """, {"": 1, "by=user": {"ann": 1}, "by=user&credit=current": {"bo": 1}, "by=source": {"web": 1}}),
    ],
    "deals_lost_value": [
        ("the amount at the loss, which a later change of the deal leaves as it is", DEAL + """
            03-01 deal.updated 1 changed.value=90EUR
            02-01 deal.lost 1 lost_reason=price stage_id=demo
            01-31 deal.updated 1 changed.value=70EUR
            02-01 deal.lost 2 value=10USD
            02-01 deal.lost 3 value=5EUR
            02-02 deal.reopened 3
        """, {"": 70, "fx_missing?": {"USD": 10}, "by=lost_reason": {"price": 70},
              "from=2026-02-01&to=2026-03-01&by=stage": {"demo": 70}}),
    ],
    "opportunities_per_sale": [
        ("decided deals for each won", "01-01 deal.won 1\n01-01 deal.lost 2\n01-01 deal.lost 3 source=web\n01-01 deal.created 4",
         {"": 3, "where=source:web": None}),
    ],
    "win_back_rate": [
        ("of the losses in the window, those of deals won now", """
            01-05 deal.lost 1 owner_id=ann lost_reason=price
            02-05 deal.reopened 1 owner_id=bo
            03-05 deal.won 1
            01-06 deal.lost 2
            01-07 deal.won 2
            01-08 deal.lost 2
            01-09 deal.lost 3
        """, {"": Fraction(1, 4), "by=user": {"ann": 1}, "by=lost_reason": {"price": 1}, "from=2026-01-05&to=2026-01-06": 1,
              "from=2026-03-01&to=2026-04-01": None}),
        ("a deal that is lost again counts when it was, and what is said again is no loss", """
            01-05 deal.lost 1 owner_id=ann lost_reason=price
            01-05 deal.lost 2 owner_id=ann
            02-05 deal.reopened 1
            03-01 deal.lost 1 lost_reason=time
            03-02 deal.lost 1
            03-20 deal.reopened 1
            04-05 deal.won 1
        """, {"from=2026-01-01&to=2026-02-01": Fraction(1, 2), "from=2026-03-01&to=2026-04-01": 1, "n?": 3, "": 2 * THIRD,
              "by=lost_reason": {"price": 1, "time": 1}}),
        ("without an event that reopened it too", "01-05 deal.lost 1\n01-06 deal.won 1", {"": 1}),
        ("won and lost after is not", "01-05 deal.won 1\n01-06 deal.lost 1", {"": 0}),
    ],
    "pipeline_velocity": [
        ("of what is open now and what was closed in 90 days", """
            01-01 deal.created 1 owner_id=ann value=100EUR pipeline_id=p
            01-11 deal.won 1
            01-01 deal.lost 2 owner_id=bo
            01-05 deal.created 3 owner_id=ann pipeline_id=p
            01-05 deal.created 4 owner_id=ann pipeline_id=q
        """, {"now=2026-02-01": 2 * Fraction(1, 2) * 100 / 10, "now=2026-02-01&scope=user:ann": 2 * 100 / Fraction(10),
              "now=2026-02-01&by=pipeline": {"p": 10}, "now=2026-04-11": 20, "now=2026-04-11T00:00:00.001": None, "": None,
              "unit?now=2026-02-01": "EUR/day", "every=month&from=2026-01-01&to=2026-05-01": [10, 10, 10, None]}),
        ("won in no time is null", "01-01 deal.won 1 value=5EUR\n01-01 deal.created 2", {"now=2026-01-05": None}),
    ],
    "activity_mix": [
        ("by the segments of the account and the contacts that an activity names", """
            01-02 segment.updated segment/web where.source=web
            01-02 segment.updated segment/firms entity=account where.team=west
            01-03 user.updated user/ann team_id=west
            01-04 account.created a owner_id=ann
            01-04 contact.created c source=web
            01-05 call.logged 1 account_id=a contact_ids=b,c
            01-05 call.logged 2 contact_ids=c
            01-05 email.logged 3 direction=outbound
        """, {"by=segment": {"web": Fraction(2, 3), "firms": THIRD, "(none)": THIRD},
              "where=segment:firms": 1, "by=activity,segment&where=segment:firms": {"call | web": 1, "call | firms": 1}}),
        ("each kind's share of all", """
            01-01 call.logged 1 owner_id=ann
            01-01 call.logged 2 owner_id=ann
            01-01 email.logged 1 direction=outbound owner_id=bo
        """, {"by=activity": {"call": Fraction(2, 3), "email": THIRD}, "scope=user:bo&by=activity": {"email": 1},
              "by=user": {"ann": Fraction(2, 3), "bo": THIRD}}),
    ],
    "calls_per_sale": [
        ("connected calls for each deal won", """
            01-01 call.logged 1 direction=outbound outcome=connected owner_id=ann
            01-01 call.logged 2 direction=outbound outcome=connected owner_id=bo
            01-01 call.logged 3 direction=outbound outcome=busy
            01-01 call.logged 4 direction=inbound outcome=connected
            01-05 deal.won 1 owner_id=ann
        """, {"": 3, "scope=user:ann": 1, "scope=user:bo": None}),
    ],
    "growth_rate": [
        ("of what it was before, or a year earlier", """
            2025-02-05 deal.won 1 owner_id=ann
            01-05 deal.won 2 owner_id=ann
            01-06 deal.won 3 owner_id=bo
            02-05 deal.won 4 owner_id=ann value=5EUR
            02-05 deal.won 5 owner_id=ann
            02-05 deal.won 6 owner_id=ann
        """, {"of=deals_won&window=last_month&now=2026-03-05": Fraction(1, 2),
              "of=deals_won&window=last_month&now=2026-03-05&variant=last_year": 2,
              "of=deals_won&window=last_month&now=2026-03-05&by=user": {"ann": 2, "bo": -1},
              "of=deals_won&every=month&from=2026-01-01&to=2026-04-01": [None, Fraction(1, 2), -1],
              "of=revenue_won&window=last_month&now=2026-03-05": None,
              "scope=user:ann&of=deals_won&window=last_month&now=2026-03-05": 2}),
        ("in a series of the unit before, however many days that has", "01-02 deal.won 1\n02-27 deal.won 2\n03-30 deal.won 3", {
            "of=deals_won&every=month&from=2026-02-01&to=2026-04-01": [0, 0],
            "of=deals_won&every=quarter&from=2026-01-01&to=2026-07-01": [None, -1]}),
        ("of a gauge as of the ends", "01-05 deal.created 1\n02-05 deal.created 2",
         {"of=deals_open&window=last_month&now=2026-03-05": 1, "unit?of=deals_open&window=last_month&now=2026-03-05": "ratio"}),
    ],
    "meetings_booked": [
        ("at the booking, for who booked it, also if it is cancelled", """
            01-05 meeting.scheduled 1 start=02-10T10:00 owner_id=ann actor=bo
            01-06 meeting.status_changed 1 new=cancelled actor=cy
            01-07 meeting.scheduled 2 owner_id=ann
            01-08 meeting.scheduled 3
            01-09 record.deleted meeting/3
        """, {"": 2, "by=user": {"bo": 1, "ann": 1}, "from=2026-01-05&to=2026-01-06": 1}),
    ],
    "appointments_scheduled": [
        ("what is scheduled again is at the time last said, and what was said of it beside holds", """
            01-01 meeting.scheduled 1 start=01-20T10:00 owner_id=ann
            01-02 meeting.status_changed 1 new=rescheduled start=01-21T10:00
            01-02 record.owner_changed meeting/1 new_owner=bo
            01-03 meeting.scheduled 1 start=01-22T10:00
        """, {"from=2026-01-22&to=2026-01-23&by=user": {"bo": 1}}),
        ("at their latest start, also one to come", """
            01-05 meeting.scheduled 1 start=01-10T10:00 owner_id=ann
            01-06 meeting.status_changed 1 new=rescheduled start=08-10T10:00
            01-05 meeting.scheduled 2 start=01-11T10:00 owner_id=ann
            01-06 meeting.status_changed 2 new=cancelled
            01-05 meeting.scheduled 3
        """, {"": 2, "every=month&from=2026-01-01&to=2026-03-01": [1, 0], "from=2026-08-01&to=2026-09-01": 1, "by=user": {"ann": 2},
              "by=activity": {"meeting": 2}}),
    ],
    "appointments_executed": [
        ("those completed, at their start, for the owner then", """
            01-05 meeting.scheduled 1 start=01-10T10:00 owner_id=ann
            01-12 meeting.status_changed 1 new=completed actor=bo
            01-05 meeting.scheduled 2 start=01-10T10:00 owner_id=ann
            01-12 meeting.status_changed 2 new=no_show
        """, {"": 1, "from=2026-01-10&to=2026-01-11&by=user": {"ann": 1}}),
    ],
    "appointment_execution_rate": [
        ("of those whose start is past and that were not cancelled", """
            01-05 meeting.scheduled 1 start=01-10T10:00 owner_id=ann
            01-12 meeting.status_changed 1 new=completed
            01-05 meeting.scheduled 2 start=01-11T10:00 owner_id=bo
            01-05 meeting.scheduled 3 start=01-11T10:00
            01-06 meeting.status_changed 3 new=cancelled
            01-05 meeting.scheduled 4 start=01-20T10:00
        """, {"now=2026-01-12": Fraction(1, 2), "now=2026-01-21": THIRD, "now=2026-01-11": 1, "now=2026-01-10": None,
              "from=2026-01-01&to=2026-02-01&now=2026-01-12": Fraction(1, 2), "now=2026-01-12&by=user": {"ann": 1},
              "window=this_month&every=day&now=2026-01-11T12:00": [None] * 9 + [1, 0] + [None] * 20}),
    ],
    "appointments_overdue": [
        ("from the end until there is an outcome", """
            01-05 meeting.scheduled 1 start=01-10T10:00 end=01-10T11:00 owner_id=ann
            01-12 meeting.status_changed 1 new=completed
        """, {"now=2026-01-10T11:00": 0, "now=2026-01-10T11:00:00.001": 1, "now=2026-01-11&by=user": {"ann": 1}, "": 0}),
        ("moved is none yet, and an end before the start is none", """
            01-05 meeting.scheduled 1 start=01-10T10:00 end=01-10T11:00
            01-11 meeting.status_changed 1 new=rescheduled start=01-20T10:00
            01-05 meeting.scheduled 2
        """, {"now=2026-01-10T12:00": 1, "now=2026-01-12": 0, "now=2026-01-21": 1}),
    ],
    "task_on_time_rate": [
        ("of those due, done by then", TASK + """
            01-05T12:00 task.status_changed 1 new=done
            01-08 task.status_changed 1 new=cancelled
            01-01 task.created 2 assignee_id=ann due_at=01-06T12:00
            01-07 task.status_changed 2 new=done
            01-01 task.created 3 assignee_id=bo due_at=01-07T12:00
            01-01 task.created 4 assignee_id=bo due_at=01-20T12:00
            01-01 task.created 5 assignee_id=bo
            01-01 task.created 6 assignee_id=bo due_at=01-07
            01-02 task.status_changed 6 new=cancelled
        """, {"now=2026-01-10": THIRD, "now=2026-01-06": Fraction(1, 2), "now=2026-01-10&by=user": {"ann": Fraction(1, 2)},
              "": Fraction(1, 4), "from=2026-01-06&to=2026-01-07": 0}),
        ("one that is done counts at once, one that is open once it is due", """
            07-01 task.created 1 assignee_id=ann due_at=07-20
            07-02 task.status_changed 1 new=done
            07-01 task.created 2 assignee_id=bo due_at=07-03
            07-01 task.created 3 assignee_id=bo due_at=07-21
        """, {"window=this_month&now=2026-07-05": Fraction(1, 2), "window=this_month&now=2026-07-05&by=user": {"ann": 1},
              "every=day&from=2026-07-20&to=2026-07-23&now=2026-07-05": [1, None, None],
              "every=day&from=2026-07-20&to=2026-07-23&now=2026-08-05": [1, 0, None],
              "window=this_month&now=2026-07-05&scope=user:ann": 1}),
        ("by the latest due, and the completion since it was reopened", TASK + """
            01-04 task.status_changed 1 new=done
            01-05 task.status_changed 1 new=reopened
            01-05T13:00 task.status_changed 1 new=due_changed due_at=02-05
            02-04 task.status_changed 1 new=done
        """, {"": 1, "from=2026-01-01&to=2026-02-01": None}),
    ],
    "assignments_unfulfilled": [
        ("one that nobody has counts, too", "01-01 task.created 1 assigned_by=bo due_at=01-05T12:00", {"now=2026-01-05": 0, "": 1}),
        ("given to somebody else, and late or cancelled", """
            01-01 task.created 1 assignee_id=ann assigned_by=bo due_at=01-05T12:00
            01-07 task.status_changed 1 new=done
            01-01 task.created 2 assignee_id=ann assigned_by=ann due_at=01-05
            01-01 task.created 3 assignee_id=ann due_at=01-05
            01-01 task.created 4 assignee_id=ann assigned_by=bo
            01-03 task.status_changed 4 new=cancelled
        """, {"now=2026-01-02": 0, "now=2026-01-04": 1, "now=2026-01-06&by=user": {"ann": 2}, "": 1}),
        ("what was done is fulfilled, also where it is cancelled after it, unless it was opened again", """
            01-01 task.created 1 assignee_id=ann assigned_by=bo due_at=01-05
            01-02 task.status_changed 1 new=done
            01-06 task.status_changed 1 new=cancelled
            01-08 task.status_changed 1 new=reopened
            01-09 task.status_changed 1 new=cancelled
        """, {"now=2026-01-07": 0, "now=2026-01-08T12:00:00Z": 1, "": 1}),
        ("taken over by who gave it is none", """
            01-01 task.created 1 assignee_id=ann assigned_by=bo due_at=01-05T12:00
            01-07 record.owner_changed task/1 new_owner=bo
        """, {"now=2026-01-06": 1, "": 0}),
    ],
    "quotes_created": [
        ("once, whatever its revisions, by the pipeline of its deal", """
            01-05 quote.created 1 revision=1 owner_id=ann deal_id=1
            01-06 quote.status_changed 1 new=sent
            01-07 quote.status_changed 2 new=accepted
            01-05 deal.created 1 pipeline_id=p
        """, {"": 2, "by=user": {"ann": 1, "(none)": 1}, "by=pipeline": {"p": 1, "(none)": 1}, "by=product": {"(none)": 2}}),
        ("a revision replaces the announcement", "01-05 quote.created 1 revision=1\n02-05 quote.created 1 revision=2", {"": 1}),
    ],
    "orders_count": [
        ("confirmed and not cancelled since, once by product", """
            01-05 order.created 1 owner_id=ann lines=a@5,b@3
            01-06 order.status_changed 1 new=confirmed
            02-06 order.status_changed 1 new=confirmed
            01-05 order.created 2
            01-06 order.status_changed 3 new=confirmed
            01-07 order.status_changed 3 new=cancelled
            01-06 order.status_changed 4 new=confirmed
            01-07 order.status_changed 4 new=refunded
        """, {"": 2, "from=2026-01-06&to=2026-01-07": 2, "by=user": {"ann": 1, "(none)": 1},
              "by=product": {"a": 1, "b": 1, "(none)": 1}}),
    ],
    "orders_value": [
        ("a price without a currency is in the organisation's, and so paid back in it", """
            01-05 order.created 1 lines=a*1@35
            01-06 order.status_changed 1 new=confirmed
            01-07 order.status_changed 1 new=refunded refund=20EUR
            01-08 order.status_changed 1 new=refunded
        """, {"": 0, "from=2026-01-08&to=2026-01-09": -15}),
        ("all that is left after some was paid back in another currency", """
            01-01 fx_rate.set fx/USD/2026-01-01 rate=0.5
            01-01 order.created 1 value=100EUR
            01-02 order.status_changed 1 new=confirmed
            01-03 order.status_changed 1 new=refunded refund=40USD
            01-04 fx_rate.set fx/USD/2026-01-04 rate=0.25
            01-04 order.status_changed 1 new=refunded
            01-05 order.status_changed 1 new=refunded
        """, {"": -10, "from=2026-01-03&to=2026-01-04": -20, "from=2026-01-04&to=2026-02-01": -90}),
        ("less refunds, each at its time", """
            01-05 order.created 1 value=100EUR owner_id=ann
            01-06 order.status_changed 1 new=confirmed
            02-06 order.status_changed 1 new=refunded refund=30EUR
            03-06 order.status_changed 1 new=refunded
        """, {"": 0, "every=month&from=2026-01-01&to=2026-04-01": [100, -30, -70], "n?": 1}),
        ("of cancelled ones there is neither value nor refund", """
            01-05 order.created 1 value=100EUR
            01-06 order.status_changed 1 new=confirmed
            01-07 order.status_changed 1 new=cancelled
            01-08 order.status_changed 1 new=refunded
        """, {"": 0, "from=2026-01-08&to=2026-01-09": 0}),
        ("lines where no value is given, each product its own; a refund has none", """
            01-05 order.created 1 lines=a*2@5,b@3
            01-06 order.status_changed 1 new=confirmed
            02-06 order.status_changed 1 new=refunded refund=1EUR
            01-06 order.status_changed 2 new=confirmed
            02-07 order.status_changed 2 new=refunded
        """, {"": 12, "by=product": {"a": 10, "b": 3, "(none)": -1}}),
        ("in other currencies at the rate of each day", """
            01-06 order.created 1 value=100USD
            01-06 order.status_changed 1 new=confirmed
            02-06 order.status_changed 1 new=refunded refund=10USD
            01-01 fx_rate.set fx/USD/2026-01-01 rate=0.5
            02-01 fx_rate.set fx/USD/2026-02-01 rate=1
        """, {"": 40}),
    ],
    "contracts_signed": [
        ("the first time, also if it ended", """
            01-05 contract.status_changed 1 new=signed owner_id=ann
            02-05 contract.status_changed 1 new=signed
            03-05 contract.status_changed 1 new=ended
            01-05 contract.status_changed 2 new=renewed
        """, {"": 1, "from=2026-01-05&to=2026-01-06&by=user": {"ann": 1}, "by=product": {"(none)": 1}}),
    ],
    "contacts_created": [
        ("by how they came to be", """
            01-05 contact.created 1 origin=import
            01-06 contact.created 2
            01-07 record.updated contact/2 changed.origin=api
            01-08 contact.created 3
        """, {"by=origin": {"import": 1, "api": 1, "(none)": 1}, "where=origin:import&by=source": {"(none)": 1}}),
        ("once, for the owner then; deleted ones are retracted", """
            01-05 contact.created 1 owner_id=ann origin=import source=web
            01-06 contact.updated 2 owner_id=bo
            01-07 contact.created 3
            01-08 record.deleted contact/3 reason=merge merged_into=1
        """, {"": 2, "by=user": {"ann": 1, "bo": 1}, "by=source": {"web": 1, "(none)": 1}, "from=2026-01-06&to=2026-01-07": 1}),
    ],
    "contacts_total": [
        ("as of then, for the owner of then", """
            01-05 contact.created 1 owner_id=ann
            02-05 record.owner_changed contact/1 new_owner=bo
            02-06 contact.created 2 owner_id=bo
            03-06 contact.created 3 owner_id=bo
            03-07 record.deleted contact/3
        """, {"": 2, "now=2026-01-05": 0, "now=2026-01-10&by=user": {"ann": 1}, "by=user": {"bo": 2},
              "every=month&from=2026-01-01&to=2026-04-01": [1, 2, 2]}),
    ],
    "contact_growth_rate": [
        ("those created of those that there were", """
            01-05 contact.created 1 owner_id=ann source=web
            01-06 contact.created 2 owner_id=bo
            02-05 contact.created 3 owner_id=ann source=web
            02-06 contact.created 4 owner_id=ann
            02-07 record.deleted contact/4
        """, {"from=2026-02-01&to=2026-03-01": Fraction(1, 2), "from=2026-02-01&to=2026-03-01&by=user": {"ann": 1},
              "from=2026-02-01&to=2026-03-01&by=source": {"web": 1},
              "every=month&from=2026-01-01&to=2026-04-01": [None, Fraction(1, 2), 0],
              "from=2026-02-01&to=2026-03-01&where=source:web&scope=user:ann": 1}),
    ],
    "lifecycle_transitions": [
        ("a change tells what was before, where nothing else does", """
            01-05 contact.created 1
            01-06 contact.updated 1 changed.lifecycle=customer<lead
            01-07 contact.updated 1 changed.lifecycle=partner<lead
            01-07 contact.updated 2 changed.lifecycle=lead<lead
        """, {"": 2}),
        ("each move, but neither the first stage nor the loss of one", """
            01-05 contact.created 1 owner_id=ann lifecycle=lead
            01-06 contact.updated 1 changed.lifecycle=customer
            01-07 contact.updated 1 changed.lifecycle=customer
            01-08 contact.updated 1 changed.lifecycle=null
            01-09 contact.updated 1 changed.lifecycle=lead
            02-09 contact.updated 1 changed.lifecycle=fan owner_id=bo
        """, {"": 2, "every=month&from=2026-01-01&to=2026-03-01": [1, 1], "by=user": {"ann": 1, "bo": 1}}),
    ],
    "ticket_reopen_rate": [
        ("of those first solved in the window, those open again at any time", TICKET + """
            01-02 ticket.status_changed 1 new=solved
            02-03 ticket.status_changed 1 new=open
            02-04 ticket.status_changed 1 new=solved
            01-02 ticket.status_changed 2 new=closed
            01-01 ticket.created 3
        """, {"": Fraction(1, 2), "from=2026-01-02&to=2026-01-03": Fraction(1, 2), "from=2026-02-01&to=2026-03-01": None,
              "by=user": {"ann": 1}}),
        ("solved and then closed is not open again",
         "01-02 ticket.status_changed 1 new=solved\n01-03 ticket.status_changed 1 new=closed",
         {"": 0}),
    ],
    "first_response_time": [
        ("to the first public message of an agent, for who wrote it", TICKET + """
            01-01T01:00 ticket.message 1 author=bot
            01-01T02:00 ticket.message 1 author=agent public=false
            01-01T03:00 ticket.message 1 author=customer
            01-01T04:00 ticket.message 1 author=agent actor=bo
            01-01T05:00 ticket.message 1 author=agent
        """, {"stat=mean": 4 * HOUR, "stat=count": 1, "scope=user:bo&stat=count": 1}),
        ("of an agent's own ticket the second one", """
            01-01 ticket.created 1 created_by=agent
            01-01 ticket.message 1 author=agent
            01-01T02:00 ticket.message 1 author=agent
        """, {"stat=mean": 2 * HOUR}),
        ("from when it is open again, where it was solved without an answer", TICKET + """
            01-01T01:00 ticket.status_changed 1 new=solved
            01-01T05:00 ticket.status_changed 1 new=open
            01-01T06:00 ticket.message 1 author=agent
        """, {"stat=mean": HOUR}),
        ("nobody answered is null", TICKET, {"": None, "stat=count": 0}),
    ],
    "next_response_time": [
        ("each turn, from the first message that was not answered", TICKET + """
            01-01T01:00 ticket.message 1 author=customer
            01-01T02:00 ticket.message 1 author=customer
            01-01T03:00 ticket.message 1 author=agent actor=bo
            01-01T04:00 ticket.message 1 author=agent
            01-01T05:00 ticket.message 1 author=customer
            01-01T09:00 ticket.message 1 author=agent
            01-01T10:00 ticket.message 1 author=customer
        """, {"stat=mean": 3 * HOUR, "stat=count": 2, "by=user&stat=count": {"ann": 1, "bo": 1}}),
        ("in threads of mail and chats, from person to person", """
            01-05T09:00 email.logged 1 thread_id=1 direction=inbound channel=mail
            01-05T10:00 email.logged 2 thread_id=1 direction=inbound channel=mail
            01-05T11:00 email.logged 3 thread_id=1 direction=outbound automated=true
            01-05T12:00 email.logged 4 thread_id=1 direction=outbound actor=ann channel=mail
            01-05T13:00 email.logged 5 thread_id=1 direction=outbound actor=bo channel=mail
            01-05T16:00 email.logged 6 thread_id=1 direction=inbound channel=mail
            01-06T10:00 email.logged 7 thread_id=1 direction=outbound actor=bo channel=mail
            01-05T09:00 message.logged 1 conversation_id=1 direction=inbound channel=chat
            01-05T09:30 message.logged 2 conversation_id=1 direction=outbound author=bot channel=chat
            01-05T10:00 message.logged 3 conversation_id=1 direction=outbound author=human actor=bo channel=chat
            01-05T09:00 email.logged 8 direction=inbound
            01-05T09:30 email.logged 9 direction=outbound
        """, {"stat=count": 3, "by=channel&stat=mean": {"mail": 10.5 * HOUR, "chat": HOUR}, "scope=user:ann&stat=mean": 3 * HOUR,
              "scope=user:bo&stat=mean": 9.5 * HOUR, "scope=user:bo&stat=mean&hours=business": 1.5 * HOUR}),
    ],
    "handle_time": [
        ("each time that somebody had it, until it was passed on or solved", TICKET + """
            01-01T02:00 record.owner_changed ticket/1 new_owner=bo
            01-01T03:00 ticket.status_changed 1 new=pending
            01-01T05:00 ticket.status_changed 1 new=solved
            01-01T06:00 ticket.status_changed 1 new=open
            01-01T10:00 ticket.status_changed 1 new=closed
        """, {"stat=count": 3, "stat=mean": 3 * HOUR, "by=user&stat=mean": {"ann": 2 * HOUR, "bo": 3.5 * HOUR}}),
        ("while it is open, or had by nobody, there is none",
         TICKET + "01-01 ticket.created 2\n01-02 ticket.status_changed 2 new=solved",
         {"stat=count": 0}),
    ],
    "sla_first_response_rate": [
        ("answered in time of those answered or too late", """
            01-01 ticket.created 1 owner_id=ann sla.first_response_ms=3600000 sla.hours=calendar
            01-01T01:00 ticket.message 1 author=agent
            01-01 ticket.created 2 owner_id=bo sla.first_response_ms=3600000 sla.hours=calendar
            01-01T01:01 ticket.message 2 author=agent
            01-01 ticket.created 3 sla.first_response_ms=864000000 sla.hours=calendar
            01-01 ticket.created 4
        """, {"now=2026-01-05": Fraction(1, 2), "": THIRD, "now=2026-01-01T00:30": None, "by=user&now=2026-01-05": {"ann": 1}}),
        ("the clock stands while it is pending or solved", """
            01-01 ticket.created 1 sla.first_response_ms=3600000 sla.hours=calendar
            01-01T00:30 ticket.status_changed 1 new=pending
            01-02T00:00 ticket.status_changed 1 new=open
            01-02T00:30 ticket.message 1 author=agent
            01-01 ticket.created 2 sla.first_response_ms=3600000 sla.hours=calendar
            01-01T00:30 ticket.status_changed 2 new=solved
        """, {"": 1, "n?": 1}),
    ],
    "units_sold": [
        ("of deals won and orders confirmed, also parts of one", """
            01-05 deal.won 1 lines=a*2@5,b*0.5@3 owner_id=ann
            01-05 deal.lost 2 lines=a*7@5
            01-05 order.created 1 lines=a*3@5,a*1@4
            01-06 order.status_changed 1 new=confirmed
            01-05 order.created 2 lines=a*9@5
            01-05 deal.won 3 value=5EUR
        """, {"": Fraction("6.5"), "by=product": {"a": 6, "b": Fraction(1, 2)}, "scope=user:ann": Fraction("2.5"), "n?": 3}),
    ],
    "gross_profit": [
        ("of the lines with a cost, the others are told", """
            01-05 deal.won 1 lines=a*2@5@3,b*1@10 pipeline_id=p
            01-06 order.created 1 lines=a*1@5@6
            01-06 order.status_changed 1 new=confirmed
            01-06 deal.lost 2 lines=a*2@5@3
        """, {"": 3, "cost_missing?": 10, "by=product": {"a": 3}, "n?": 2}),
        ("in another currency at the rate of that day", """
            01-05 deal.won 1 lines=a*2@5USD@3USD
            01-01 fx_rate.set fx/USD/2026-01-01 rate=0.5
        """, {"": 2, "cost_missing?": None}),
        ("an order is of the pipeline and the types of its deal, as long as there is one", """
            01-01 deal.created 1 deal_type=new deal_subtype=big pipeline_id=p
            01-05 deal.won 1
            01-06 order.created 1 deal_id=1 lines=a*1@5@3
            01-06 order.status_changed 1 new=confirmed
            01-06 order.created 2 deal_id=2 lines=a*1@9@5
            01-06 order.status_changed 2 new=confirmed
            01-02 deal.created 2 deal_type=new
            01-07 record.deleted deal/2
        """, {"by=deal_type": {"new": 2, "(none)": 4}, "by=deal_subtype": {"big": 2, "(none)": 4},
              "by=pipeline": {"p": 2, "(none)": 4}, "where=deal_type:new": 2}),
    ],
    "rank": [
        ("who is equal shares a place, and the next is left out", """
            01-01 deal.won 1 owner_id=ann
            01-02 deal.won 2 owner_id=ann
            01-05 deal.won 3 owner_id=bo
            01-03 deal.won 4 owner_id=cy
            01-01 lead.created 1 owner_id=dee
        """, {"of=deals_won&scope=user:ann": 1, "of=deals_won&scope=user:bo": 2, "of=deals_won&scope=user:cy": 2,
              "of=deals_won&scope=user:dee": 4, "n?of=deals_won&scope=user:dee": 4, "of=deals_won&scope=user:nobody": None}),
        ("of teams, in a window, with the place before", """
            01-01 user.updated user/ann team_id=west
            01-01 user.updated user/bo team_id=east
            01-05 deal.won 1 owner_id=ann value=5EUR
            02-05 deal.won 2 owner_id=bo value=7EUR
        """, {"of=revenue_won&scope=team:east": 1, "of=revenue_won&scope=team:west": 2,
              "parts?of=revenue_won&scope=team:west&window=last_month&now=2026-03-05": {"value": 0, "previous_rank": 1}}),
        ("of a gauge as of now", """
            01-01 task.created 1 assignee_id=ann due_at=01-05
            01-01 task.created 2 assignee_id=bo due_at=12-05
            01-01 task.created 3 assignee_id=bo due_at=12-05
        """, {"of=tasks_overdue&scope=user:ann": 1, "parts?of=tasks_overdue&scope=user:bo": {"value": 0, "previous_rank": None}}),
        ("where there is no value there is no place", "01-01 deal.won 1 owner_id=ann\n01-01 lead.created 1 owner_id=bo",
         {"of=win_rate&scope=user:ann": 1, "of=win_rate&scope=user:bo": None}),
    ],
}  # fmt: skip
CASES |= acquisition.CASES | peers.CASES
CASES |= contacts.CASES | costs.CASES | fields.CASES | links.CASES | results.CASES | stages.CASES | usage.CASES
CASES |= touches.CASES | composed.CASES | courses.CASES | forecasts.CASES
CASES |= relationships.CASES | outreach.CASES
CASES |= {kpi: [*CASES.get(kpi, ()), *cases] for kpi, cases in hours.CASES.items()}


def test_every_kpi_of_the_catalogue_has_cases() -> None:
    assert CASES.keys() == BY_ID.keys()


@pytest.mark.parametrize(
    ("kpi", "told", "answers"),
    [
        pytest.param(kpi, told, answers, id=f"{kpi}: {title}")
        for kpi, cases in CASES.items()
        for title, told, answers in cases
    ],
)
async def test_kpi(kpi: str, told: str, answers: Mapping[str, Any], redis_server: Redis) -> None:
    forwards = events(told)
    backwards = [event for event in reversed(forwards) for _ in range(2)]
    for history, batch in ((forwards, 1000), (backwards, 1)):
        async with telling(redis_server, history, batch=batch) as asking:
            assert {asked: await answer(asking, kpi, asked) for asked in answers} == answers


async def answer(asking: Told, kpi: str, asked: str) -> Any:
    member, mark, rest = asked.partition("?")
    if not mark:
        return await asking.value(kpi, asked)
    found = await asking.answer(kpi, rest)
    if member == "groups":
        return {next(iter(group["key"].values())): group["value"] for group in found["groups"]}
    return found.get(member)
