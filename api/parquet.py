"""Rows as Apache Parquet."""

import io
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

import pyarrow
from pyarrow import parquet

from api.query.encoding import encode
from api.query.rows import INSTANTS, INTEGERS, NUMBERS, Row

ROW_GROUP = 50_000
CHUNK_BYTES = 1 << 16


def written(names: Sequence[str], rows: Iterator[Row]) -> Iterator[bytes]:
    """Return a file of rows with these columns, chunk by chunk: numbers as doubles, instants as timestamps in UTC."""
    schema = pyarrow.schema([(name, _type(name)) for name in names])
    file = io.BytesIO()
    with parquet.ParquetWriter(file, schema) as writer:
        while group := [_row(names, row) for row in islice(rows, ROW_GROUP)]:
            writer.write_table(pyarrow.Table.from_pylist(group, schema))
    file.seek(0)
    yield from iter(lambda: file.read(CHUNK_BYTES), b"")


def _type(name: str) -> pyarrow.DataType:
    if name in INTEGERS:
        return pyarrow.int64()
    if name in NUMBERS:
        return pyarrow.float64()
    return pyarrow.timestamp("ms", tz="UTC") if name in INSTANTS else pyarrow.string()


def _row(names: Sequence[str], row: Row) -> Row:
    return {name: None if row.get(name) is None else _cell(name, row[name]) for name in names}


def _cell(name: str, value: Any) -> Any:
    if name in NUMBERS:
        return float(value)
    if name in INSTANTS:
        return datetime.fromisoformat(value)
    return encode(value).decode() if isinstance(value, dict) else value
