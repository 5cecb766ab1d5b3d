"""From Kafka records to changes, or to the reasons why a record cannot be used; and what of one is published again."""

import re
from collections.abc import Sequence
from dataclasses import replace

from aiokafka.structs import ConsumerRecord

from events import Change, Invalid, decode, decode_binary
from events.published import TRUNCATED

Header = tuple[str, bytes | None]

_BINARY = "ce_"
_PREFIX = len(_BINARY)
ORIGIN = "crmpulse_origin"
"""Header of a copy: where the record was published. Of two the first says that, the last says where it was copied from."""

_ORIGIN = re.compile(r"([a-zA-Z0-9._-]{1,249})/([0-9]{1,9})/([0-9]{1,18})", re.ASCII)

HISTORY = "backfill"
"""Header of a record that was published to fill the tables, long after it happened: nothing that it makes known is news."""

MAX_BYTES = 1_100_000
"""Most bytes of a record's value and headers: a request of 1 MiB fits, and so do the headers of a copy into what the topic takes."""

_HEADER_BYTES = 10
"""Most that Kafka adds to name and value of a header."""

_KEY_BYTES = 1_000
"""What is left of a key that is too large; one that names an organisation is shorter."""

_OURS_BYTES = 10_000
"""Room for the headers that are added to a record, and for what Kafka adds to it."""


def changes(records: Sequence[ConsumerRecord]) -> list[Change | Invalid]:
    """Return what each record says, in order: CloudEvents in structured or (with ``ce_`` headers) in binary mode."""
    plain = [r.value or b"" for r in records if not _is_binary(r)]
    decoded = iter(decode(plain))
    found = [_decode_binary(r) if _is_binary(r) else next(decoded) for r in records]
    return [_refused(r) or one for r, one in zip(records, found, strict=True)]


def came_from(record: ConsumerRecord) -> tuple[str, str, str]:
    """Return topic, partition and offset at which a record was published first: what is forwarded twice came from there once."""
    origin = next((value for name, value in record.headers if name == ORIGIN and value), b"")
    found = _ORIGIN.fullmatch(origin.decode(errors="replace"))
    return (found[1], found[2], found[3]) if found else (record.topic, str(record.partition), str(record.offset))


def headers_of_copy(record: ConsumerRecord) -> list[Header]:
    """Return the headers of a record's copy: its own, where it was published first, and where it is copied from."""
    kept = [header for header in record.headers if header[0] != ORIGIN]
    here = record.topic, str(record.partition), str(record.offset)
    return kept + [(ORIGIN, "/".join(place).encode()) for place in dict.fromkeys((came_from(record), here))]


def publishable(record: ConsumerRecord, most: int) -> ConsumerRecord:
    """Return a record as it can be published, with headers of ours, to a topic that takes ``most`` bytes.

    One that is too large is cut to the beginning of its value and the headers that fit; a header says so.
    """
    if record.key is None and record.value is None:
        record = replace(record, value=b"")  # a producer sends one of them
    room = most - _OURS_BYTES
    if len(record.key or b"") + len(record.value or b"") + _bytes(record.headers) <= room:
        return record
    key = record.key and record.key[:_KEY_BYTES]
    room -= len(key or b"")
    kept = list[Header]()
    for header in sorted(record.headers, key=lambda header: header[0] not in {ORIGIN, TRUNCATED}):
        if (size := _bytes([header])) <= room:
            kept.append(header)
            room -= size
    if not any(name == TRUNCATED for name, _ in kept):
        kept.append((TRUNCATED, str(len(record.value or b"")).encode()))
    return replace(record, key=key, value=record.value and record.value[:room], headers=tuple(kept))


def _refused(record: ConsumerRecord) -> Invalid | None:
    """Say why there is no room for a record, or was none when it was published; what forwarding adds does not count."""
    size = len(record.value or b"")
    if record.headers:
        if any(name == TRUNCATED for name, _ in record.headers):
            return Invalid(f"The header {TRUNCATED} marks a record that was cut: send the whole one, without it.", "$")
        size += _bytes([header for header in record.headers if header[0] != ORIGIN])
    if size > MAX_BYTES:
        return Invalid(
            f"A record has at most {MAX_BYTES} bytes, with its headers, each of which counts {_HEADER_BYTES} more.", "$"
        )
    return None


def _bytes(headers: Sequence[Header]) -> int:
    return sum(len(name.encode()) + len(value or b"") + _HEADER_BYTES for name, value in headers)


def is_history(record: ConsumerRecord) -> bool:
    """Tell whether a record was published as history."""
    return any(name == HISTORY for name, _ in record.headers)


def _is_binary(record: ConsumerRecord) -> bool:
    return bool(record.headers) and any(name.startswith(_BINARY) for name, _ in record.headers)


def _decode_binary(record: ConsumerRecord) -> Change | Invalid:
    try:
        attributes = {
            name[_PREFIX:]: value.decode()
            for name, value in record.headers
            if name.startswith(_BINARY) and value is not None
        }
    except UnicodeDecodeError:
        return Invalid(reason="A ce_ header is not UTF-8 text", path="$")
    return decode_binary(attributes, record.value or b"")
