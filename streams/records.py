"""From Kafka records to changes, or to the reasons why a record cannot be used."""

from collections.abc import Sequence

from aiokafka.structs import ConsumerRecord

from events import Change, Invalid, decode, decode_binary

_BINARY = "ce_"
_PREFIX = len(_BINARY)
ORIGIN = "crmpulse_origin"
"""Header of a record that was forwarded to the partition it belongs to: where it came from."""


def changes(records: Sequence[ConsumerRecord]) -> list[Change | Invalid]:
    """Return what each record says, in order: CloudEvents in structured or (with ``ce_`` headers) in binary mode."""
    plain = [r.value or b"" for r in records if not _is_binary(r)]
    decoded = iter(decode(plain))
    return [_decode_binary(r) if _is_binary(r) else next(decoded) for r in records]


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
