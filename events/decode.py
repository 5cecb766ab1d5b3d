"""Values of the log become changes of records; what cannot be used becomes a reason."""

import re
from collections.abc import Mapping, Sequence
from sys import intern

import msgspec

from events.changes import check_changes
from events.checks import Refused
from events.envelope import WIRES, Change, Wire
from events.explain import Invalid, explain
from events.instants import instant_ns
from events.subjects import entity_of

_ATTRIBUTES = ("specversion", "id", "source", "type", "subject", "time", "orgid", "actorid")
_CONTROL = re.compile(rb"\\(?:[bfnrt]|u00(?:[0189]|7[fF]))|\x7f|\xc2[\x80-\x9f]")

_decode = msgspec.json.Decoder(WIRES).decode
_one_object = msgspec.json.Decoder(msgspec.defstruct("Object", [])).decode


def decode(values: Sequence[bytes]) -> list[Change | Invalid]:
    """One answer for each value, in order. Values are structured-mode events; nothing is raised for a bad one."""
    doubtful = _doubtful(b"".join(values))
    answers: list[Change | Invalid] = []
    for value in values:
        try:
            wire = _decode(value)
            if doubtful:
                _check_characters(wire, value)
            answers.append(_change(wire))
        except (ValueError, RecursionError) as error:
            answers.append(explain(error, value))
    return answers


def decode_binary(headers: Mapping[str, str], data: bytes) -> Change | Invalid:
    """One event in binary mode: attributes by lower-case name without prefix, and the bytes of its data."""
    attributes: dict[str, object] = {name: headers[name] for name in _ATTRIBUTES if name in headers}
    sequence = headers.get("sequence")
    if sequence is not None:
        attributes["sequence"] = int(sequence) if re.fullmatch("-?[0-9]{1,19}", sequence) else sequence
    try:
        value = msgspec.json.encode(attributes)
        if data:
            _one_object(data)
            value = value[:-1] + b"," * bool(attributes) + b'"data":' + data + b"}"
    except (ValueError, RecursionError) as error:
        return _in_data(explain(error, data), headers.get("id", ""))
    return decode([value])[0]


def _in_data(invalid: Invalid, id_: str) -> Invalid:
    return Invalid(invalid.reason, "$.data", id_)


def _doubtful(buffer: bytes) -> bool:
    """Whether control characters or bad UTF-8 can be in there; mostly not."""
    return b"\\" in buffer or b"\x7f" in buffer or not buffer.isascii()


def _check_characters(wire: Wire, value: bytes) -> None:
    """Refuses control characters in ids, and bad UTF-8 in members that were skipped."""
    value.decode()
    if _CONTROL.search(value):
        walk = wire.rules.walk_ids
        if walk:
            walk(wire, "$")


def _change(wire: Wire) -> Change:
    """What a decoded event does. Raises Refused."""
    subject, data = wire.subject, wire.data
    _, entry_class, entity, prefix, walk, has_changes, _ = wire.rules
    if not (prefix and subject.startswith(prefix) and subject != prefix):
        entity = entity_of(wire)
    try:
        time_ns = instant_ns(wire.time)
    except ValueError as error:
        raise Refused(str(error), "$.time") from None
    if walk:
        walk(data, "$.data")
    if has_changes:
        check_changes(entity, data)
    entry = entry_class(time_ns, wire.sequence or 0, wire.source, wire.id, wire.actorid or "", data)
    return Change(intern(wire.orgid), entity, subject, entry)
