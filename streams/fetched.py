"""What a fetch brought, read also where the name of a record's header is no UTF-8, which brokers take and aiokafka refuses.

A batch is read as aiokafka does, and only one in which it finds such a name a second time, with ``?`` in place of each byte of
the name that is not ASCII. The name keeps its length, so that whoever reads the record says the same of it.
"""

import re
from collections.abc import Iterator
from typing import Any

from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import _MemoryRecordsPy
from aiokafka.record.util import decode_varint

_NOT_ASCII = re.compile(rb"[^\x00-\x7f]")


class Fetched(_MemoryRecordsPy):  # type: ignore[misc]
    """The batches of a fetch, in place of aiokafka's ``MemoryRecords``."""

    def next_batch(self) -> "RecordBatch":
        """Return the next one."""
        raw = self._next_slice
        return RecordBatch(super().next_batch(), raw)


class RecordBatch:
    """A batch as aiokafka reads it, ``strict``, and its bytes."""

    def __init__(self, strict: Any, raw: memoryview) -> None:
        self._strict = strict
        self._raw = raw

    def __getattr__(self, name: str) -> Any:
        return getattr(self._strict, name)

    def __iter__(self) -> Iterator[Any]:
        """Yield the records, those before a bad name again: aiokafka leaves out what it has by its offset."""
        try:
            yield from self._strict
        except (UnicodeDecodeError, CorruptRecordException) as error:
            if not isinstance(error.__cause__ or error, UnicodeDecodeError):
                raise  # wrong otherwise: the reader that aiokafka has in Python names the bad name as a cause alone
            yield from _mended(self._raw)

    def __next__(self) -> Any:
        """Return the next record: aiokafka asks for that of a control batch, which has no headers, without iterating."""
        return next(self._strict)


def _mended(raw: memoryview) -> Any:
    """The batch with names that can be read."""
    batch = _DefaultRecordBatchPy(raw)
    batch._maybe_uncompress()
    at = batch._pos
    for _ in range(batch._num_records):
        at = _mend(batch._buffer, at)
    return batch


def _mend(buffer: bytearray, at: int) -> int:
    """Mend the names of the record at a position; return the position after it."""
    length, at = decode_varint(buffer, at)
    end: int = at + length
    for _ in range(3):  # attributes, time, offset
        _, at = decode_varint(buffer, at)
    for _ in range(2):  # key, value
        at = _after(buffer, at)
    count, at = decode_varint(buffer, at)
    for _ in range(count):
        name_end = _after(buffer, at)
        _, at = decode_varint(buffer, at)
        buffer[at:name_end] = _text(buffer[at:name_end])
        at = _after(buffer, name_end)
    return end


def _after(buffer: bytearray, at: int) -> int:
    """The position after bytes that are told with their length, which is -1 where there are none."""
    length, at = decode_varint(buffer, at)
    end: int = at + max(0, length)
    return end


def _text(name: bytearray) -> bytes | bytearray:
    try:
        name.decode()
    except UnicodeDecodeError:
        return _NOT_ASCII.sub(b"?", name)
    return name
