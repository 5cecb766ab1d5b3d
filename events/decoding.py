"""Values of the log become changes of records; what cannot be used becomes a reason."""

import re
from collections.abc import Mapping, Sequence
from sys import intern

import msgspec

from events.checks import Refused
from events.envelope import WIRES, Change
from events.explain import Invalid, explain
from events.instants import instant_ns
from events.subjects import entity_of

MAX_DEPTH = 500  # well within the interpreter's own limit, so that a recount by other code gives the same answer

_ATTRIBUTES = ("specversion", "id", "source", "type", "subject", "time", "orgid", "actorid")
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]{}]")

# Two expressions, as one that begins with a fixed byte is searched several times faster than an alternative of both.
_ESCAPED_CONTROL = re.compile(rb"\\(?:[bfnrt]|u00(?:[0189]|7[fF]))")
_PLAIN_CONTROL = re.compile(rb"\xc2[\x80-\x9f]")

_decode = msgspec.json.Decoder(WIRES).decode
_one_object = msgspec.json.Decoder(msgspec.defstruct("Object", [])).decode


def decode(values: Sequence[bytes]) -> list[Change | Invalid]:
    """One answer for each value, in order. Values are structured-mode events; nothing is raised for a bad one."""
    joined = b"".join(values)
    doubtful = not joined.isascii() or b"\\" in joined or b"\x7f" in joined
    answers: list[Change | Invalid] = []
    for value in values:
        try:
            if len(value) >= 2 * MAX_DEPTH:
                _check_depth(value)
            wire = _decode(value)
            entry_class, entity, prefix, check, check_ids, _ = wire.rules
            subject, data = wire.subject, wire.data
            if not subject.startswith(prefix):
                entity = entity_of(wire)
            if check:
                check(entity, data)
            if doubtful:
                value.decode()  # what was skipped may be bad UTF-8
                if _may_hold_control(value):
                    check_ids(wire, "$")
            try:
                time_ns = instant_ns(wire.time)
            except ValueError as error:
                raise Refused(str(error), "$.time") from None
            entry = entry_class(time_ns, wire.sequence or 0, wire.source, wire.id, wire.actorid or "", data)
            answers.append(Change(intern(wire.orgid), entity, subject, entry))
        except (ValueError, RecursionError) as error:
            answers.append(explain(error, value))
    return answers


def decode_binary(headers: Mapping[str, str], data: bytes) -> Change | Invalid:
    """One event in binary mode: attributes by lower-case name without prefix, and the bytes of its data."""
    attributes: dict[str, str | int] = {name: headers[name] for name in _ATTRIBUTES if name in headers}
    if "sequence" in headers:
        sequence = headers["sequence"]
        attributes["sequence"] = int(sequence) if re.fullmatch("-?[0-9]{1,20}", sequence) else sequence
    try:
        value = msgspec.json.encode(attributes)
    except UnicodeEncodeError:
        return Invalid("An attribute is not valid Unicode.", "$")
    if data.strip():
        try:
            _one_object(data)  # nothing that could pass for an attribute
        except (ValueError, RecursionError) as error:
            return Invalid(explain(error, data).reason, "$.data", headers.get("id", ""))
        value = value[:-1] + b', "data":'[not attributes :] + data + b"}"
    return decode([value])[0]


def _may_hold_control(value: bytes) -> bool:
    """Whether some text in there, of an id or not, has a control character (Unicode Cc)."""
    return b"\x7f" in value or bool(_ESCAPED_CONTROL.search(value) or _PLAIN_CONTROL.search(value))


def _check_depth(value: bytes) -> None:
    """Refuses what is nested too deeply."""
    if value.count(b"[") + value.count(b"{") <= MAX_DEPTH:
        return
    depth = 0
    for bracket in _BRACKET.findall(_STRING.sub(b"", value)):
        depth += 1 if bracket in b"[{" else -1
        if depth > MAX_DEPTH:
            raise Refused(f"The value is nested deeper than {MAX_DEPTH} levels.", "$")
