"""Deals on their way through the stages of their pipelines."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

DAY = 86_400
HALF, THIRD = Fraction(1, 2), Fraction(1, 3)
SALES = "01-01 pipeline.updated pipeline/sales stages=new,demo,offer,deal\n"

CASES: dict[str, list[tuple[str, str, Mapping[str, Any]]]] = {
    "deals_progressed": [
        ("a first stage that comes later than the deal, where its pipeline has a place for it", """
            01-01 pipeline.updated pipeline/sales stages=new:0.1,demo:0.5,lost:0
            01-05 deal.created 1 pipeline_id=sales
            01-06 deal.stage_changed 1 new_stage_id=unlisted
            01-05 deal.created 2 pipeline_id=sales
            01-06 deal.stage_changed 2 new_stage_id=lost
            01-05 deal.created 3 pipeline_id=key
            01-06 deal.stage_changed 3 new_stage_id=demo pipeline_id=sales
            01-05 deal.created 4 pipeline_id=sales
            01-06 deal.stage_changed 4 new_stage_id=demo
        """, {"by=stage": {"demo": 1}}),
        ("once per deal and stage, at the first move forward, for the owner then", SALES + """
            01-05 deal.created 1 owner_id=ann pipeline_id=sales stage_id=new deal_type=x
            01-10 deal.stage_changed 1 new_stage_id=demo
            01-11 record.owner_changed deal/1 new_owner=bo
            01-12 deal.stage_changed 1 new_stage_id=new
            02-13 deal.stage_changed 1 new_stage_id=demo
            02-14 deal.stage_changed 1 new_stage_id=offer
        """, {"": 2, "by=user": {"ann": 1, "bo": 1}, "by=stage": {"demo": 1, "offer": 1}, "by=deal_type": {"x": 2},
              "by=user&credit=current": {"bo": 2}, "from=2026-01-01&to=2026-02-01": 1, "where=stage:offer&where=pipeline:sales": 1,
              "every=month&from=2026-01-01&to=2026-03-01": [1, 1]}),
        ("a stage without a chance is one of the way where one with a chance comes after it, and none behind all", """
            01-01 pipeline.updated pipeline/sales stages=new:0.1,parked:0,offer:0.4,lost:0
            01-05 deal.created 1 pipeline_id=sales stage_id=new
            01-06 deal.stage_changed 1 new_stage_id=parked
            01-07 deal.stage_changed 1 new_stage_id=offer
            01-08 deal.stage_changed 1 new_stage_id=lost
        """, {"by=stage": {"parked": 1, "offer": 1}}),
        ("stages passed over count too, back and forth does not", SALES + """
            01-05 deal.created 1 pipeline_id=sales stage_id=new
            01-06 deal.stage_changed 1 new_stage_id=offer
            01-07 deal.stage_changed 1 new_stage_id=demo
            01-08 deal.stage_changed 1 new_stage_id=offer
        """, {"by=stage": {"demo": 1, "offer": 1}, "from=2026-01-07&to=2026-01-09": 0}),
        ("a stage that was first entered from behind counts when it is entered from before", SALES + """
            01-05 deal.created 1 pipeline_id=sales stage_id=offer
            01-06 deal.stage_changed 1 new_stage_id=demo
            01-07 deal.stage_changed 1 new_stage_id=new
            01-08 deal.stage_changed 1 new_stage_id=demo
        """, {"by=stage": {"demo": 1}, "from=2026-01-08&to=2026-01-09": 1}),
        ("the order is the one told last, and loss is no way forward", """
            01-05 deal.created 1 pipeline_id=sales stage_id=b
            01-06 deal.stage_changed 1 new_stage_id=a
            01-07 deal.stage_changed 1 new_stage_id=dead
            01-08 deal.stage_changed 1 new_stage_id=unlisted
            01-01 pipeline.updated pipeline/sales stages=a,b
            05-01 pipeline.updated pipeline/sales stages=b:0,a:0.5,dead:0
        """, {"by=stage": {"a": 1}}),
        ("where no order is told it is that of the deal itself", """
            01-05 deal.created 1 stage_id=b
            01-06 deal.stage_changed 1 new_stage_id=a
            01-07 deal.stage_changed 1 new_stage_id=b
            01-08 deal.stage_changed 1 new_stage_id=c
        """, {"by=stage": {"a": 1, "c": 1}, "by=pipeline": {"(none)": 2}}),
        ("the stage in which it begins is no move, unless it had none", SALES + """
            01-05 deal.created 1 pipeline_id=sales
            01-06 deal.stage_changed 1 new_stage_id=offer
            01-05 deal.created 2 pipeline_id=sales stage_id=offer
            01-07 deal.stage_changed 3 new_stage_id=offer pipeline_id=sales
        """, {"by=stage": {"offer": 1}, "from=2026-01-06&to=2026-01-07": 1}),
        ("neither is another pipeline, nor what is said of one that is lost", SALES + """
            01-01 pipeline.updated pipeline/key stages=new,offer
            01-05 deal.created 1 pipeline_id=sales stage_id=new
            01-06 deal.stage_changed 1 new_stage_id=offer pipeline_id=key
            01-07 deal.lost 1 stage_id=deal
            01-05 deal.created 2 pipeline_id=sales stage_id=new
            01-06 deal.lost 2 stage_id=demo
            01-07 deal.stage_changed 2 new_stage_id=offer
            01-08 deal.reopened 2
        """, {"by=pipeline,stage": {"sales | demo": 1, "sales | offer": 1}, "from=2026-01-08&to=2026-01-09": 2}),
    ],
    "stage_conversion_rate": [
        ("of those that entered a stage in the window, those that went on to date", SALES + """
            01-05 deal.created 1 pipeline_id=sales stage_id=new owner_id=ann source=web
            01-06 deal.created 2 pipeline_id=sales stage_id=new owner_id=ann
            01-07 deal.created 3 pipeline_id=sales stage_id=new owner_id=bo
            05-01 deal.stage_changed 1 new_stage_id=demo
            05-02 deal.stage_changed 2 new_stage_id=demo
            05-03 deal.lost 2
            05-04 deal.lost 3
        """, {"by=stage": {"new": Fraction(2, 3)}, "where=stage:demo": 0, "from=2026-01-01&to=2026-02-01": Fraction(2, 3),
              "by=user&where=stage:new": {"ann": 1}, "by=source&where=stage:new": {"web": 1, "(none)": HALF},
              "from=2026-03-01&to=2026-04-01": None, "": Fraction(2, 5), "denominator?": 5, "skipped?": None}),
        ("what is passed over is entered and converted, and told", SALES + """
            01-05 deal.created 1 pipeline_id=sales stage_id=new
            01-06 deal.stage_changed 1 new_stage_id=offer
            01-07 deal.stage_changed 1 new_stage_id=demo
            01-08 deal.lost 1
        """, {"by=stage": {"new": 1, "demo": 1}, "where=stage:offer": 0, "skipped?": 1, "skipped?where=stage:demo": 1,
              "skipped?where=stage:new": None}),
        ("a win goes on from any stage and passes over the later ones; reopening takes that back", SALES + """
            01-05 deal.created 1 pipeline_id=sales stage_id=demo
            01-08 deal.won 1
            01-05 deal.created 2 pipeline_id=sales stage_id=demo
            01-08 deal.won 2
            01-09 deal.reopened 2
        """, {"by=stage": {"demo": HALF, "offer": 1, "deal": 1}, "skipped?": 2, "denominator?where=stage:offer": 1}),
        ("a deal that was in no stage before its win passes over none", SALES + """
            01-05 deal.created 1 pipeline_id=sales
            01-08 deal.won 1 stage_id=new
            01-08 deal.won 2 stage_id=new
        """, {"by=stage": {"new": 1}, "denominator?": 2, "skipped?": None}),
        ("a stage of the win that is listed is entered, one that is not ends the way all the same", SALES + """
            01-05 deal.created 1 pipeline_id=sales stage_id=new
            01-08 deal.won 1 stage_id=offer
            01-05 deal.created 2 pipeline_id=sales stage_id=offer
            01-08 deal.won 2 stage_id=done
        """, {"denominator?where=stage:deal": 2, "denominator?where=stage:demo": 1, "denominator?where=stage:done": 1, "": 1,
              "skipped?": 3}),
        ("going back is not going on", SALES + """
            01-05 deal.created 1 pipeline_id=sales stage_id=offer
            01-06 deal.stage_changed 1 new_stage_id=demo
            01-07 deal.stage_changed 1 new_stage_id=new
            01-08 deal.stage_changed 1 new_stage_id=demo
        """, {"by=stage": {"new": 1}, "": THIRD}),
        ("an order that is told late restates", """
            01-05 deal.created 1 pipeline_id=sales stage_id=b
            01-06 deal.stage_changed 1 new_stage_id=a
            05-01 pipeline.updated pipeline/sales stages=a,b,c
        """, {"": 0, "denominator?": 2}),
        ("what is said of one instant is each a step, and what was said before the creation is where it began", SALES + """
            01-05 deal.created 1 pipeline_id=sales stage_id=new
            01-04 deal.stage_changed 1 new_stage_id=demo
            01-08 deal.stage_changed 1 new_stage_id=new sequence=1
            01-08 deal.stage_changed 1 new_stage_id=deal sequence=2
        """, {"by=stage": {"new": 1, "demo": 1, "offer": 1}, "denominator?where=stage:new": 1, "denominator?": 4,
              "denominator?from=2026-01-05&to=2026-01-06": 1}),
        ("won before it was created it never was open there", SALES + """
            01-04 deal.won 1
            01-05 deal.created 1 pipeline_id=sales stage_id=new
            01-05 deal.created 2 pipeline_id=sales stage_id=offer
            01-05 deal.stage_changed 2 new_stage_id=demo sequence=1
        """, {"by=stage": {"new": 1}, "denominator?": 3}),
        ("created and moved at one instant is a move", SALES + """
            01-05 deal.created 1 pipeline_id=sales stage_id=new
            01-05 deal.stage_changed 1 new_stage_id=demo sequence=1
        """, {"by=stage": {"new": 1}, "denominator?": 2}),
        ("a deleted deal was in no stage", SALES + """
            01-05 deal.created 1 pipeline_id=sales stage_id=new
            01-06 deal.stage_changed 1 new_stage_id=demo
            01-07 record.deleted deal/1
        """, {"": None}),
    ],
    "stage_bottleneck_rank": [
        ("by how many of those that entered went no further, then by how long they stayed", SALES + """
            01-05 deal.created 1 pipeline_id=sales stage_id=new owner_id=ann
            01-05 deal.created 2 pipeline_id=sales stage_id=new owner_id=bo
            01-05 deal.created 3 pipeline_id=sales stage_id=new owner_id=bo
            01-06 deal.stage_changed 1 new_stage_id=demo
            01-09 deal.lost 1
            01-10 deal.lost 2
            01-12 deal.stage_changed 3 new_stage_id=demo
            01-20 deal.stage_changed 3 new_stage_id=offer
            01-21 deal.lost 3
            01-05 deal.created 4 pipeline_id=other stage_id=new
        """, {"groups?": {"other": 4, "sales": 3}, "n?": 7, "": None,
              "by=pipeline": {"sales | new": 2, "sales | demo": 1, "sales | offer": 3, "other | new": 1},
              "by=user&where=pipeline:sales": {
                  "ann | sales | new": 2, "ann | sales | demo": 1,
                  "bo | sales | new": 1, "bo | sales | demo": 3, "bo | sales | offer": 2,
              },
              "scope=user:ann&every=month&from=2026-01-01&to=2026-02-01": [None]}),
        ("who is equal in both shares a place", """
            01-05 deal.created 1 pipeline_id=a stage_id=x
            01-05 deal.created 2 pipeline_id=b stage_id=x
            01-05 deal.created 3 pipeline_id=c stage_id=x
            01-06 deal.won 3
        """, {"by=pipeline": {"a | x": 1, "b | x": 1, "c | x": 1}, "groups?": {"a": 1, "b": 1, "c": 3}}),
    ],
    "time_in_stage": [
        ("all stays together, at the last exit, for the owner then", """
            01-05 deal.created 1 stage_id=new owner_id=ann deal_type=x
            01-06 deal.stage_changed 1 new_stage_id=demo
            01-08 deal.stage_changed 1 new_stage_id=new
            02-01 record.owner_changed deal/1 new_owner=bo
            02-02 deal.stage_changed 1 new_stage_id=demo
            02-03 deal.lost 1
        """, {"by=stage&stat=mean": {"new": 26 * DAY, "demo": 3 * DAY}, "stat=count": 2, "by=user&stat=count": {"bo": 2},
              "from=2026-01-01&to=2026-02-01&stat=count": 0, "by=deal_type&stat=count": {"x": 2}}),
        ("a stay that goes on does not count yet", """
            01-05 deal.created 1 stage_id=new
            01-06 deal.stage_changed 1 new_stage_id=demo
            01-08 deal.stage_changed 1 new_stage_id=new
        """, {"by=stage&stat=mean": {"new": DAY, "demo": 2 * DAY}}),
        ("not while it is won or lost, and again from reopening", """
            01-05 deal.created 1 stage_id=new pipeline_id=a
            01-06 deal.lost 1
            01-16 deal.reopened 1
            01-18 deal.stage_changed 1 new_stage_id=new pipeline_id=b
            01-19 deal.won 1 stage_id=done
        """, {"by=pipeline&stat=mean": {"a": 3 * DAY, "b": DAY}, "by=stage&stat=count": {"new": 2}}),
        ("without a stage there is none", "01-05 deal.created 1\n01-06 deal.won 1", {"": None, "stat=count": 0}),
    ],
}  # fmt: skip
