"""A recount of KPIs in SQL: the events go into tables as they were published, and each KPI is a view.

What the columns of a view are says how a KPI is told:

| columns | value |
|---|---|
| `at_ns`, `usr`, `team`, `top` | the sum of `top`, of what counts for whom is asked about |
| the same and `bottom` | the sum of `top` / the sum of `bottom`, null where that is 0 |
| `at_ns`, `usr`, `team`, `length_ms` | of durations, told in seconds: sum, mean, count, p50 and p90 (the lower one of two) |
| `at_ns`, `usr`, `team`, `what` | how many different ones |
| `value`, or `top` and `bottom` without `at_ns` | the answer as it is, of what `level` and `who` say |
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb

MS_NS = 1_000_000
AREAS = ("told", "hours", "deals", "sales", "touches", "stages", "leads", "activities", "tasks", "tickets", "contacts", "usage",
         "fields", "relations", "scores", "returns", "composed")  # fmt: skip
"""Files of SQL, each of which may use what those before it define."""
SQL = {area: Path(__file__).with_name(f"{area}.sql").read_text(encoding="utf-8") for area in AREAS}
VIEWS = {*re.findall(r"^CREATE VIEW (\w+) AS", "\n".join(SQL.values()), re.MULTILINE)}
"""All that there is a view of, KPIs and what they are made of."""
CHOICES = ("variant", "model", "touchpoint", "hours", "entity", "field", "stat", "label")


class Recount:
    """One organisation's events in tables."""

    def __init__(self, events: Iterable[Mapping[str, Any]]) -> None:
        self.db = duckdb.connect(config={"threads": 1})
        self.db.execute("SET TimeZone = 'UTC'")
        self.db.execute(
            "CREATE TABLE event (source VARCHAR, id VARCHAR, type VARCHAR, subject VARCHAR, time VARCHAR, "
            "sequence BIGINT, actor VARCHAR, data JSON)"
        )
        members = ("source", "id", "type", "subject", "time", "sequence", "actorid")
        rows = [[*(event.get(name) for name in members), json.dumps(event["data"])] for event in events]
        if rows:
            columns = [list(column) for column in zip(*rows, strict=True)]
            self.db.execute(f"INSERT INTO event SELECT {', '.join(['unnest(?)'] * 8)}", columns)
        self.ask(0, 0, 0, "org")
        for text in SQL.values():
            self.db.execute(text)

    def ask(self, from_ms: int, to_ms: int, now_ms: int, scope: str, **choices: str) -> None:
        """Say what the next question is about; a choice that is not made is ''."""
        level, _, who = scope.partition(":")
        numbers = {"lo": from_ms * MS_NS, "hi": to_ms * MS_NS, "now": now_ms * MS_NS}
        texts = dict.fromkeys(CHOICES, "") | choices | {"level": level, "who": who}
        for name, value in {**numbers, **texts}.items():
            self.db.execute(f"SET VARIABLE {name} = ?", [value])

    def kpi(self, name: str, from_ms: int, to_ms: int, now_ms: int, scope: str, **choices: str) -> dict[str, Any]:
        """Return `value`, of a duration `sum`, `mean`, `count`, `p50` and `p90`; exact, but for those with a root in them."""
        self.ask(from_ms, to_ms, now_ms, scope, **choices)
        columns = [row[0] for row in self.db.execute(f'DESCRIBE "{name}"').fetchall()]
        parts, chosen = f'FROM "{name}"', "true"
        if "at_ns" in columns:
            parts, chosen = f'SELECT *, teams_of(usr, team, at_ns) AS teams FROM "{name}"', "asked_of(usr, teams)"
        # Materialized: DuckDB 2.0.0 takes a filter by subqueries wrongly into a view that has some itself.
        found = self.db.execute(
            f"WITH part AS MATERIALIZED ({parts}) SELECT {told(columns)} FROM part WHERE {chosen}"
        ).fetchone()
        assert found
        return answer(columns, [exact(value) for value in found])

    def places(self) -> dict[tuple[str, str], tuple[int, int]]:
        """Return the place of each stage as a bottleneck, by pipeline and stage, and how many deals came into it."""
        found = self.db.execute("SELECT pipeline, stage, place, entered FROM stage_bottleneck_rank").fetchall()
        return {(pipeline, stage): (place, entered) for pipeline, stage, place, entered in found}


def told(columns: list[str]) -> str:
    """Return what is asked of a view with these columns."""
    if "value" in columns:
        return "any_value(value)"
    if "length_ms" in columns:
        return "sum(length_ms), count(*), quantile_disc(length_ms, 0.5), quantile_disc(length_ms, 0.9)"
    if "what" in columns:
        return "count(DISTINCT what)"
    return "coalesce(sum(top), 0)" + (", coalesce(sum(bottom), 0)" if "bottom" in columns else "")


def answer(columns: list[str], found: list[Any]) -> dict[str, Any]:
    """Return what was found as an answer."""
    if "length_ms" in columns:
        total, count, *ranks = found
        p50, p90 = (rank / 1000 if count else None for rank in ranks)
        mean = total / count / 1000 if count else None
        return {"sum": (total or Fraction(0)) / 1000, "mean": mean, "count": count, "p50": p50, "p90": p90}
    if len(found) == 2:
        top, bottom = found
        return {"value": top / bottom if bottom else None, "numerator": top, "denominator": bottom}
    return {"value": found[0]}


def exact(value: Any) -> Any:
    """Return a number as a fraction; one with a root in it stays a float."""
    return value if value is None or isinstance(value, float) else Fraction(value)
