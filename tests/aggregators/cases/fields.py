"""Custom fields: filled with what, properly or not, changed and used."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

HALF, THIRD = Fraction(1, 2), Fraction(1, 3)
DEALS = """
    01-05 deal.created 1 owner_id=ann custom.size=big custom.vip=true
    01-06 deal.created 2 owner_id=bo custom.size=big
    01-07 deal.created 3 owner_id=bo custom.size=
    01-08 deal.created 4 owner_id=bo custom.size=7
    01-09 record.deleted deal/4
    01-10 lead.created 1 custom.size=small
    02-05 deal.updated 2 changed.custom.size=small actor=cy
    02-06 deal.updated 2 changed.custom.vip=null
"""
CHANGING = """
    01-01 deal.created 1 custom.note=x
    02-05 deal.updated 1 changed.custom.note=null
    03-05 deal.updated 1 changed.custom.size=big
    04-05 deal.updated 1 changed.custom.size=small
"""
CLOSED = """
    01-01 deal.created 1 pipeline_id=x
    01-01 deal.created 2 pipeline_id=x
    01-01 deal.created 4 pipeline_id=x
    01-05 deal.won 1 value=100EUR custom.size=big
    01-05 deal.won 2 value=100EUR custom.size=small custom.vip=true
    01-05 deal.lost 3 custom.size=small
    01-05 deal.won 4 value=100EUR custom.vip=true custom.size=
    01-05 deal.lost 5 value=100EUR custom.vip=true
    01-06 deal.created 6 custom.size=big
"""

CASES: dict[str, list[tuple[str, str, Mapping[str, Any]]]] = {
    "field_fill_rate": [
        ("of the records that there are, those that have it filled", DEALS, {
            "field=size": Fraction(2, 3), "field=custom.size": Fraction(2, 3), "field=size&by=user": {"ann": 1, "bo": HALF},
            "by=field": {"size": Fraction(2, 3), "vip": THIRD}, "": HALF, "where=field:vip": THIRD, "field=size&entity=lead": 1,
            "field=none": 0, "field=size&now=2026-01-06": 1, "entity=contact&field=size": None, "denominator?field=size": 3,
            "field=size&scope=user:ann": 1}),
        ("as of the end of each stretch of time", CHANGING, {
            "field=size&every=month&from=2026-01-01&to=2026-05-01": [0, 0, 1, 1], "field=size&to=2026-03-01": 0,
            "field=note&every=month&from=2026-01-01&to=2026-05-01": [1, 0, 0, 0], "field=size": 1}),
        ("a declared field is one that nobody filled", """
            01-01 field.updated field/deal.budget kind=number
            01-02 field.updated field/lead.other kind=number
            01-05 deal.created 1
        """, {"numerator?": 0, "denominator?": 1, "": 0}),
    ],
    "field_value_distribution": [
        ("records by their value", DEALS, {
            "field=size&by=value": {"big": 1, "small": 1}, "field=size": 2, "by=field,value": {
                "size | big": 1, "size | small": 1, "vip | true": 1}, "field=size&where=value:big&by=user": {"ann": 1},
            "field=size&by=value&now=2026-01-06": {"big": 1}}),
        ("by the value of then", CHANGING, {
            "field=size&by=value&to=2026-04-01": {"big": 1}, "field=size&by=value": {"small": 1},
            "field=size&by=value&to=2026-03-01": {},
            "field=size&where=value:big&every=month&from=2026-01-01&to=2026-05-01": [0, 0, 1, 0]}),
        ("only the most frequent are told by themselves", "\n".join(
            f"01-05 deal.created {value}.{n} custom.x=v{value:02}" for value in range(60) for n in range(1 + (value >= 20))
        ), {"field=x": 100, "field=x&by=value": {f"v{n:02}": 2 for n in range(20, 60)} | {f"v{n:02}": 1 for n in range(10)} | {
            "(other)": 10}}),
    ],
    "field_value_trend": [
        ("changes into a value less those out of it", DEALS, {
            "field=size&by=value": {"big": 1, "small": 1}, "field=size&by=value&from=2026-02-01&to=2026-03-01": {
                "big": -1, "small": 1}, "field=size&where=value:big&every=month&from=2026-01-01&to=2026-03-01": [2, -1],
            "field=size&from=2026-02-01&to=2026-03-01": 0, "field=size&scope=user:ann&by=value": {"big": 1}}),
        ("what is said again is no change", """
            01-05 deal.created 1 custom.x=a
            01-06 deal.updated 1 changed.custom.x=a
            01-07 deal.updated 1 changed.custom.x=null
        """, {"field=x&from=2026-01-06&to=2026-01-07": 0, "field=x&from=2026-01-07&to=2026-01-08&by=value": {"a": -1}}),
    ],
    "field_usage": [
        ("written, and named by a heartbeat", DEALS + """
            01-10 session.heartbeat heartbeat/1 actor=ann field=deal.size
            01-10 session.heartbeat heartbeat/2 actor=ann field=size module=deal
            01-10 session.heartbeat heartbeat/3 actor=ann field=size module=lead
            01-10 session.heartbeat heartbeat/4 actor=ann
        """, {"field=size": 6, "by=field": {"size": 6, "vip": 2}, "field=size&by=user": {"ann": 3, "bo": 2, "cy": 1},
              "entity=lead": 2}),
    ],
    "field_invalid_rate": [
        ("as it is declared now", """
            01-01 field.updated field/deal.n kind=number
            01-01 field.updated field/deal.on kind=date
            01-01 field.updated field/deal.c kind=choice choices=a,b
            01-01 field.updated field/deal.p pattern=[a-z]+
            01-01 field.updated field/deal.bad pattern=(
            01-05 deal.created 1 custom.n=5 custom.on=2026-02-30 custom.c=a custom.p=abc custom.bad=x custom.free=x
            01-06 deal.created 2 custom.n=five custom.on=2026-02-28 custom.c=c custom.p=ab1 custom.n2=
            02-06 deal.created 3 custom.n=1.5
        """, {"by=field": {"n": THIRD, "on": HALF, "c": HALF, "p": HALF}, "field=n": THIRD, "": Fraction(4, 11),
              "field=n&from=2026-02-01&to=2026-03-01": 0, "field=free": 0, "field=nothing": None}),
        ("in all that is declared, a date as events have it", """
            01-01 field.updated field/deal.n kind=number pattern=b.g|5
            01-01 field.updated field/deal.m kind=number pattern=(
            01-01 field.updated field/deal.on kind=date
            01-05 deal.created 1 custom.n=big custom.m=big custom.on=20260201
            01-05 deal.created 2 custom.n=5 custom.m=5 custom.on=2026-02-01
            01-05 deal.created 3 custom.n=6
        """, {"by=field": {"n": Fraction(2, 3), "m": HALF, "on": HALF}}),
    ],
    "field_lift": [
        ("how much oftener deals are won with a field, or with a value of it", CLOSED, {
            "field=size": 100 * (Fraction(2, 3) - HALF), "field=size&by=value": {"big": 50, "small": 100 * (HALF - Fraction(2, 3))},
            "field=size&where=value:big": 50, "field=none": None, "n?field=size": 3,
            "by=field": dict.fromkeys(("size", "vip"), 100 * (Fraction(2, 3) - HALF)), "value?by=field": None,
              "where=field:size": 100 * (Fraction(2, 3) - HALF),
            "field=size&where=pipeline:x": 0, "field=size&from=2026-03-01&to=2026-04-01": None, "unit?field=size": "pp",
            "field=vip&by=value": {"true": Fraction(50, 3)}}),
    ],
    "field_roi": [
        ("what it brings beyond the minutes that it takes", CLOSED + """
            01-01 org.updated org/demo hourly_cost=60EUR
            01-01 field.updated field/deal.size capture_minutes=2
        """, {"field=size": (Fraction(1, 6) * 3 * 100 - 6) / 6, "by=field": {"size": (Fraction(1, 6) * 3 * 100 - 6) / 6},
              "numerator?field=size": 44, "denominator?field=size": 6, "field=vip": None, "parts?field=size": {
                  "lift": 100 * Fraction(1, 6), "deals": 3, "avg_deal_size": 100, "capture_minutes": 2, "minutes": 6.0,
                  "hourly_cost": {"amount": "60", "currency": "EUR"}, "benefit": 50, "cost": 6}}),
        ("or the time that people were seen at it", CLOSED + """
            01-01 org.updated org/demo hourly_cost=60EUR
            01-07 session.heartbeat heartbeat/1 actor=ann field=deal.size active_ms=60000
            01-08 session.heartbeat heartbeat/2 actor=ann field=size module=deal active_ms=90000
            01-08 session.heartbeat heartbeat/3 actor=ann field=size module=lead active_ms=90000
        """, {"field=size": (50 - Fraction(5, 2)) / Fraction(5, 2), "by=field": {"size": 19}}),
        ("where nobody said what an hour costs it cannot be told", CLOSED + """
            01-01 field.updated field/deal.size capture_minutes=2
        """, {"field=size": None, "by=field": {}}),
    ],
}  # fmt: skip
