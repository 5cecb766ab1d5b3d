"""From Kafka records to changes, or to the reasons why a record cannot be used."""

import re
from collections.abc import Sequence

from aiokafka.structs import ConsumerRecord

from events import Change, Invalid, decode, decode_binary

_BINARY = "ce_"
_PREFIX = len(_BINARY)
ORIGIN = "crmpulse_origin"
"""Header of a record that was forwarded to the partition it belongs to: where it came from."""

_ORIGIN = re.compile(r"([a-zA-Z0-9._-]{1,249})/([0-9]{1,9})/([0-9]{1,18})", re.ASCII)

HISTORY = "backfill"
"""Header of a record that was published to fill the tables, long after it happened: nothing that it makes known is news."""

MAX_BYTES = 1_100_000
"""Most bytes of a record's value and headers: a request of 1 MiB fits, and so does one more header into what the topic takes."""


def changes(records: Sequence[ConsumerRecord]) -> list[Change | Invalid]:
    """Return what each record says, in order: CloudEvents in structured or (with ``ce_`` headers) in binary mode."""
    plain = [r.value or b"" for r in records if not _is_binary(r)]
    decoded = iter(decode(plain))
    found = [_decode_binary(r) if _is_binary(r) else next(decoded) for r in records]
    return [_too_large() if _bytes(r) > MAX_BYTES else one for r, one in zip(records, found, strict=True)]


def came_from(record: ConsumerRecord) -> tuple[str, str, str]:
    """Return topic, partition and offset at which a record was published first: what is forwarded twice came from there once."""
    origin = next((value for name, value in record.headers if name == ORIGIN and value), b"")
    found = _ORIGIN.fullmatch(origin.decode(errors="replace"))
    return (found[1], found[2], found[3]) if found else (record.topic, str(record.partition), str(record.offset))


def _bytes(record: ConsumerRecord) -> int:
    """The bytes of value and headers, without the header that forwarding adds."""
    size = len(record.value or b"")
    if record.headers:
        size += sum(len(name) + len(value or b"") for name, value in record.headers if name != ORIGIN)
    return size


def _too_large() -> Invalid:
    return Invalid(f"A record has at most {MAX_BYTES} bytes, its headers included.", "$")


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
