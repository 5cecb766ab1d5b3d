"""KPIs as a file: the numbers of `GET /v1/kpis/{id}`, a row each, as CSV or Parquet."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from itertools import chain, islice
from typing import Any, NamedTuple

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from api import reference
from api.query.encoding import encode, number
from api.query.question import Reading
from api.query.rows import NUMBERS, Row, columns, rows
from api.service import last, reader, service

AT_ONCE = 500
"""So many rows of a CSV file are sent at once."""

router = APIRouter(tags=["Questions"])


@router.get("/v1/export", response_class=Response, **reference.EXPORT)
async def export(request: Request) -> Response:
    """Give one or more KPIs as a file: a row for each value; in groups or as a series one for each of them."""
    asks, params = await reader(request)
    asks.need_scope(last(params, "scope", "org"))
    reading = Reading({"format": params.pop("format", [])}, ["format"])
    form = FORMS[reading.choice("format", [*FORMS], "csv")]
    reading.done()
    answers = await service(request).aside.told(lambda engine: engine.export(asks.org, params))
    by = [name for text in params.get("by", ()) for name in text.split(",") if name]
    told = form.written(columns(answers, by), chain.from_iterable(map(rows, answers)))
    name = answers[0]["kpi"] if len(answers) == 1 else "kpis"
    headers = {"Content-Disposition": f'attachment; filename="{name}.{form.ending}"'}
    return StreamingResponse(told, headers=headers, media_type=form.media_type)


def _csv(names: Sequence[str], rows: Iterator[Row]) -> Iterator[bytes]:
    yield _lines([names])
    while some := [[_cell(name, row.get(name)) for name in names] for row in islice(rows, AT_ONCE)]:
        yield _lines(some)


def _lines(cells: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(cells)
    return text.getvalue().encode()


def _cell(name: str, value: Any) -> str:
    """A cell: numbers as they stand in JSON, nothing for none."""
    if value is None:
        return ""
    if name in NUMBERS:
        exact = number(value)
        return f"{exact:f}" if isinstance(exact, Decimal) else str(exact)
    return encode(value).decode() if isinstance(value, dict) else str(value)


def _parquet(names: Sequence[str], rows: Iterator[Row]) -> Iterator[bytes]:
    from api import parquet  # noqa: PLC0415 - 55 MB of memory that few ask for

    return parquet.written(names, rows)


class Form(NamedTuple):
    """A form of files: ``written`` gives one of rows with some columns, chunk by chunk."""

    ending: str
    media_type: str
    written: Callable[[Sequence[str], Iterator[Row]], Iterator[bytes]]


FORMS = {
    "csv": Form("csv", "text/csv; charset=utf-8; header=present", _csv),
    "parquet": Form("parquet", "application/vnd.apache.parquet", _parquet),
}
