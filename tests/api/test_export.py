"""KPIs as files: the numbers of the JSON answers, in rows."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest

from aggregators.catalogue import KPIS
from crmpulse.embedded import Redis
from crmpulse.settings import Settings
from tests.histories import history
from tests.loading import Asking, load
from tests.telling import NEEDED, events

ASKED: tuple[dict[str, str], ...] = (
    {},
    {"by": "user"},
    {"every": "month", "from": "2025-12-01", "to": "2026-04-01"},
    {"by": "team", "every": "year", "window": "this_year", "compare": "previous"},
    {"scope": "user:ann", "compare": "last_year", "from": "2026-01-01", "to": "2027-01-01"},
)
STORY = """
    01-05 deal.won 1 owner_id=ann value=10.0001EUR source=web
    02-05 deal.won 2 owner_id=ann value=20EUR source='a, "b"'
    02-06 deal.won 3 owner_id=bo value=40USD source=ö
    02-07 deal.lost 4 lost_reason=price
"""
HEADER = "kpi,version,unit,scope,from,to,{}value,numerator,denominator,n,compare_value,compare_change,caveats,as_of\r\n"
WINDOW = {"from": "2026-01-01", "to": "2026-03-01", "now": "2026-04-01"}
SPAN = "2026-01-01T00:00:00+00:00,2026-03-01T00:00:00+00:00"


async def csv_rows(asking: Asking, **params: Any) -> list[dict[str, str]]:
    answer = await asking.client.get("/v1/export", params={"org": asking.org, **params})
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))


async def parquet_rows(asking: Asking, folder: Path, **params: Any) -> list[dict[str, Any]]:
    answer = await asking.client.get("/v1/export", params={"org": asking.org, "format": "parquet", **params})
    assert answer.status_code == 200, answer.text
    file = folder / "found.parquet"
    file.write_bytes(answer.content)
    with duckdb.connect() as connection:
        times = ", ".join(f'epoch_ms("{name}") AS "{name}"' for name in ("from", "to", "as_of"))
        found = connection.execute(f"SELECT * REPLACE ({times}) FROM '{file}'")
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def expected(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The numbers of an answer in JSON, in order: key, from, to, value and what it is made of."""
    found = []
    for bucket in answer.get("series", [answer]):
        for one in bucket.get("groups", [bucket]):
            compare = one.get("compare") or {}
            numbers = [one.get("value"), one.get("numerator"), one.get("denominator"), one.get("n")]
            numbers += [compare.get("value"), compare.get("change")]
            found.append({"key": one.get("key", {}), "from": bucket["from"], "to": bucket["to"], "numbers": numbers})
    return found


async def asking_of(redis_server: Redis, told: list[dict[str, Any]]) -> Asking:
    settings = Settings(redis=redis_server.address)
    await load(settings, told, 100)
    return Asking(settings, "demo")


async def test_numbers_are_exact_and_what_has_no_column_is_a_caveat(redis_server: Redis) -> None:
    async with await asking_of(redis_server, events(STORY)) as asking:
        answer = await asking.client.get("/v1/export", params={"kpi": ["revenue_won", "win_rate"], **WINDOW})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert answer.headers["content-disposition"] == 'attachment; filename="kpis.csv"'
    assert answer.text == (
        HEADER.format("")
        + f'revenue_won,1,EUR,org,{SPAN},30.0001,,,3,,,"{{""fx_missing"":{{""USD"":40}}}}",2026-03-01T00:00:00Z\r\n'
        + f"win_rate,1,ratio,org,{SPAN},0.75,3,4,4,,,,2026-03-01T00:00:00Z\r\n"
    )


async def test_groups_are_rows_whatever_they_are_called(redis_server: Redis) -> None:
    async with await asking_of(redis_server, events(STORY)) as asking:
        lines = await csv_rows(asking, kpi="deals_won", by="source,user", **WINDOW)
        assert [(line["source"], line["user"], line["value"]) for line in lines] == [
            ('a, "b"', "ann", "1"), ("web", "ann", "1"), ("ö", "bo", "1"),
        ]  # fmt: skip
        shares = await csv_rows(asking, kpi="lost_reason_share", **WINDOW)
        assert [(line["lost_reason"], line["value"]) for line in shares] == [("price", "1")]
        page = await csv_rows(asking, kpi="deals_won", by="source", limit="1", cursor="1", **WINDOW)
        assert [line["source"] for line in page] == ["web"]
        answer = await asking.client.get("/v1/export", params={"kpi": "deals_won", "by": "source", "window": "today"})
        assert answer.text == HEADER.format("source,")
        assert answer.headers["content-disposition"] == 'attachment; filename="deals_won.csv"'


async def test_all_groups_are_in_the_file(redis_server: Redis, tmp_path: Path) -> None:
    told = events("\n".join(f"01-05 deal.won {n} owner_id=u{n}" for n in range(1201)))
    async with await asking_of(redis_server, told) as asking:
        assert len(await csv_rows(asking, kpi="deals_won", by="user")) == 1202
        assert len(await parquet_rows(asking, tmp_path, kpi="deals_won", by="user")) == 1202


@pytest.mark.parametrize(
    ("asked", "status", "told"),
    [
        ("kpi=deals_won&format=xlsx", 422, "'xlsx' is none of csv, parquet"),
        ("kpi=deals_won&by=colour", 422, "deals_won has no dimension 'colour'"),
        ("window=today", 422, "says which KPI, once or oftener"),
        ("kpi=deals_wun", 404, "deals_won"),
        ("kpi=deals_won&scope=me", 422, "'me' is none of org"),
    ],
)
async def test_what_cannot_be_given_is_a_problem_and_no_file(
    asked: str, status: int, told: str, redis_server: Redis
) -> None:
    async with await asking_of(redis_server, events(STORY)) as asking:
        answer = await asking.client.get(f"/v1/export?{asked}")
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert told in answer.json()["detail"]


NUMBERS = ("value", "numerator", "denominator", "n", "compare_value", "compare_change")


@pytest.mark.parametrize("selectors", ASKED, ids=lambda one: "&".join(one) or "whole")
async def test_a_file_has_the_numbers_of_the_answers(
    selectors: dict[str, str], redis_server: Redis, tmp_path: Path
) -> None:
    params = {"now": "2026-05-01", **selectors}
    dimension = params.get("by")
    ids = [k.id for k in KPIS if k.counts and k.id not in NEEDED and (dimension is None or dimension in k.by)]
    async with await asking_of(redis_server, history(Random(5), size=300)) as asking:
        answers = [await asking.get(f"kpis/{kpi}", **params, limit="10000") for kpi in ids]
        lines = await csv_rows(asking, kpi=ids, **params)
        table = await parquet_rows(asking, tmp_path, kpi=ids, **params)
    wanted = [(answer, one) for answer in answers for one in expected(answer)]
    assert len(lines) == len(table) == len(wanted) > len(ids) / 2
    for line, row, (answer, one) in zip(lines, table, wanted, strict=True):
        assert (line["kpi"], line["unit"], line["scope"]) == (answer["kpi"], answer["unit"], answer["scope"])
        assert {name: line[name] for name in one["key"]} == {name: row[name] for name in one["key"]} == one["key"]
        assert (line["from"], line["to"], line["as_of"]) == (one["from"], one["to"], answer["as_of"])
        instants = [datetime.fromisoformat(text) for text in (one["from"], one["to"], answer["as_of"])]
        assert [row[name] for name in ("from", "to", "as_of")] == [round(at.timestamp() * 1000) for at in instants]
        assert [float(line[name]) if line[name] else None for name in NUMBERS] == one["numbers"]
        assert [row[name] for name in NUMBERS] == one["numbers"]
