"""What is going to be won, and where goals are going to land."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

HALF = Fraction(1, 2)
NOTHING = {"p10": None, "p50": None, "p90": None, "periods": 0}
MONTHS = "".join(
    f"""
    2025-{month:02}-01 deal.created {month}.1 owner_id=ann value=100EUR probability=0.5 expected_close=2025-{month:02}-20
    2025-{month:02}-02 deal.won {month}.0 owner_id=ann value=40EUR
    2025-{month:02}-20 deal.won {month}.1 value={won}EUR
"""
    for month, won in zip(range(1, 9), (25, 50, 50, 50, 75, 100, 100, 125), strict=True)
)
"""Eight months: of 50 expected on their 16th half came, or once, or up to two and a half times as much."""
SEPTEMBER = """
    2025-09-02 deal.won 9.0 owner_id=bo value=70EUR
    2025-09-05 deal.created 9.1 owner_id=bo value=100EUR probability=0.2 expected_close=2025-09-30
    2025-09-05 deal.created 9.2 owner_id=bo value=900EUR probability=0.2 expected_close=2025-10-01
"""
GOALS = (
    MONTHS
    + SEPTEMBER
    + """
    2025-01-01 goal.set money kpi=revenue_won assignee=org target=200 period=month
    2025-01-01 goal.set rate kpi=win_rate assignee=org target=0.5 period=month
    2025-01-01 goal.set bo kpi=revenue_won assignee=user:bo target=200 period=month
    2025-01-01 goal.set wrong kpi=no_such assignee=org target=200 period=month
"""
)
AT = "now=2025-09-16"

CASES: dict[str, list[tuple[str, str, Mapping[str, Any]]]] = {
    "revenue_forecast": [
        ("what was won, and what is expected to close in what is left", """
            01-01 pipeline.updated pipeline/sales stages=new:0.1
            01-05 deal.created 1 owner_id=ann value=100EUR probability=0.5 expected_close=2026-01-31 region=DE-BY
            01-05 deal.created 2 owner_id=ann value=100EUR expected_close=2026-01-10 pipeline_id=sales stage_id=new
            01-05 deal.created 3 owner_id=bo value=100EUR probability=0.5 expected_close=2026-02-01
            01-05 deal.created 4 owner_id=bo value=100EUR expected_close=2026-01-20
            01-05 deal.created 5 owner_id=bo value=7EUR expected_close=2026-01-20 probability=1
            01-05 deal.created 6 owner_id=bo value=100EUR probability=1
            01-06 deal.won 7 owner_id=bo value=30EUR
            01-16 deal.won 5
            01-17 deal.updated 1 changed.expected_close=2026-02-20
            01-20 record.owner_changed deal/3 new_owner=ann
        """, {"window=this_month&now=2026-01-15": 97, "window=this_month&now=2026-01-15&by=user": {"ann": 60, "bo": 37},
              "window=this_month&now=2026-01-16T01:00": 97, "window=this_month&now=2026-01-18": 47,
              "window=last_month&now=2026-02-10": 37, "from=2026-02-01&to=2026-03-01&now=2026-01-15": 50,
              "from=2026-02-01&to=2026-03-01&now=2026-01-25&by=user": {
                  "ann": 100}, "scope=user:bo&window=this_month&now=2026-01-15": 37,
              "where=region:DE-BY&window=this_month&now=2026-01-15": 50, "by=pipeline&window=this_month&now=2026-01-15": {
                  "sales": 10, "(none)": 87}, "probability_missing?window=this_month&now=2026-01-15": 100,
              "parts?window=this_month&now=2026-01-15": {"won": 30, "weighted": 67, **NOTHING},
              "parts?window=last_month&now=2026-02-10": {"won": 37, "weighted": 0, "p10": 37, "p50": 37, "p90": 37, "periods": 0},
              "every=month&from=2026-01-01&to=2026-03-01&now=2026-01-18": [47, 100], "unit?": "EUR"}),
        ("lines and amounts as they are known now", """
            03-01 deal.created 1 lines=a*1@10@4 probability=0.5 expected_close=2026-03-20
            03-05 deal.updated 1 changed.lines=a*5@10@4
        """, {"from=2026-03-01&to=2026-04-01&now=2026-03-03": 5, "from=2026-03-01&to=2026-04-01&now=2026-03-06": 25,
              "from=2026-03-01&to=2026-04-01&now=2026-03-03&variant=profit": 3}),
        ("profits, products and other currencies", """
            01-01 fx_rate.set fx/USD/2026-01-01 rate=0.5
            01-05 deal.created 1 lines=a*2@10@4,b@30@5 probability=0.5 expected_close=2026-01-31
            01-06 deal.won 2 lines=a*1@10@4
            01-06 deal.created 3 value=40USD probability=0.5 expected_close=2026-01-31
            01-06 deal.created 4 value=40CHF probability=0.5 expected_close=2026-01-31
        """, {"window=this_month&now=2026-01-15": 45, "window=this_month&now=2026-01-15&variant=profit": Fraction(49, 2),
              "window=this_month&now=2026-01-15&by=product": {"a": 20, "b": 15, "(none)": 10},
              "window=this_month&now=2026-01-15&by=product&variant=profit": {"a": 12, "b": Fraction(25, 2)},
              "fx_missing?window=this_month&now=2026-01-15": {"CHF": 20}}),
        ("as sure as it was at the same share of earlier windows", MONTHS + SEPTEMBER, {
            f"window=this_month&{AT}": 90,
            f"parts?window=this_month&{AT}": {
                "won": 70, "weighted": 20, "p10": 70 + 20 * Fraction(85, 100), "p50": 95, "p90": 70 + 20 * Fraction(215, 100),
                "periods": 8},
            "parts?window=this_month&now=2025-05-16": {"won": 40, "weighted": 50, "p10": 40 + 50 * Fraction(65, 100), "p50": 90,
                                                       "p90": 90, "periods": 4},
            "parts?window=this_month&now=2025-04-16": {"won": 40, "weighted": 50, **NOTHING, "periods": 3}}),
    ],
    "goal_projection": [
        ("by the share of the period that has elapsed, which is what the goal tells", GOALS, {
            f"goal=money&{AT}": 140, f"goal=rate&{AT}": 1, f"goal=bo&{AT}": 140, "goal=money&now=2025-09-01": None,
            f"by=goal&{AT}": {"money": 140, "rate": 1, "bo": 140}, f"goal=money&by=user&{AT}": {"bo": 140},
            "goal=money&to=2025-09-01": 165, f"unit?goal=money&{AT}": "EUR", f"problem?goal=bo&{AT}": None,
            f"n?goal=money&{AT}": 1}),
        ("with how it went from there in the periods before", GOALS, {
            f"parts?goal=bo&{AT}": {
                "target": 200, "expected": 100, "state": "off_track", "p10": None, "p50": None, "p90": None, "periods": 0},
            f"parts?goal=money&{AT}": {
                "target": 200, "expected": 100, "state": "off_track", "p10": Fraction("144.375"), "p50": Fraction("179.375"),
                "p90": Fraction("258.125"), "periods": 8},
            "parts?goal=money&to=2025-09-01": {
                "target": 200, "expected": 200, "state": "missed", "p10": 165, "p50": 165, "p90": 165, "periods": 0},
            f"parts?goal=rate&{AT}": {
                "target": HALF, "expected": HALF, "state": "on_track", "p10": 1, "p50": 1, "p90": 1, "periods": 8},
        }),
        ("or by the pipeline, where it is of revenue", GOALS, {
            f"goal=money&variant=pipeline&{AT}": 90, f"goal=rate&variant=pipeline&{AT}": None,
            f"problem?goal=rate&variant=pipeline&{AT}": "a pipeline tells the future of revenue_won alone, not of win_rate",
            f"parts?goal=money&variant=pipeline&{AT}": {
                "target": 200, "expected": 100, "state": "off_track", "won": 70, "weighted": 20, "p10": 70 + 20 * Fraction(85, 100),
                "p50": 95, "p90": 70 + 20 * Fraction(215, 100), "periods": 8}}),
    ],
}  # fmt: skip
