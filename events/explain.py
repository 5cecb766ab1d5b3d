"""Why an event cannot be used, as a sentence for whoever sent it."""

import re
from typing import Any

import msgspec
from msgspec import inspect

from events import checks
from events.envelope import wire_class
from events.nearest import nearest
from events.registry import EVENTS


class Invalid(msgspec.Struct, gc=False):
    """An event that cannot be used: a sentence, the path of the member (`$` is all of it), the event's id if found."""

    reason: str
    path: str
    id: str = ""


class _Head(msgspec.Struct):
    type: Any = None
    id: Any = None


def explain(error: Exception, value: bytes) -> Invalid:
    """The error of decoding a value, put for people."""
    head = _head(value)
    id_ = head.id if isinstance(head.id, str) else ""
    if isinstance(error, checks.Refused):
        return Invalid(error.reason, error.path, id_)
    if not value.strip():
        return Invalid("The value is empty; an event is one JSON object.", "$")
    if isinstance(error, RecursionError):
        return Invalid("The value is nested too deeply.", "$", id_)
    if isinstance(error, UnicodeDecodeError):
        return Invalid(f"The value is not UTF-8: {error.reason}.", "$", id_)
    if isinstance(error, msgspec.ValidationError):
        return _mismatch(str(error), head.type, id_)
    return Invalid(f"The value is not JSON: {str(error).removeprefix('JSON is malformed: ')}.", "$", id_)


def _head(value: bytes) -> _Head:
    try:
        return msgspec.json.decode(value, type=_Head)
    except (ValueError, RecursionError):
        return _Head()


def _mismatch(message: str, type_: Any, id_: str) -> Invalid:
    """A message of msgspec, `<what> - at <path>`, with what is allowed there."""
    message, _, path = message.partition(" - at `")
    path = path.removesuffix("`") or "$"
    missing = re.fullmatch(r"Object missing required field `(.*)`", message)
    if missing:
        return Invalid(f"The required member `{missing[1]}` is missing.", f"{path}.{missing[1]}", id_)
    if path == "$":
        return Invalid(f"An event is one JSON object: {message[0].lower()}{message[1:]}.", path, id_)
    if path == "$.type" and isinstance(type_, str):
        return Invalid(f"The type `{type_[:128]}` is unknown; {nearest(type_, EVENTS)}.", path, id_)
    return Invalid(f"{message}{_allowed(type_, path)}.", path, id_)


def _allowed(type_: Any, path: str) -> str:
    """What the member at a path may be, as the end of a sentence."""
    kind = wire_class.get(type_) if isinstance(type_, str) else None
    nodes = [inspect.type_info(kind)] if kind else []
    for step in re.findall(r"\.(\w+)|(\[[^]]*\])", path):
        nodes = [inner for node in nodes for inner in _inside(node, step[0])]
    literals = [node for node in nodes if isinstance(node, inspect.LiteralType)]
    described = [
        d
        for node in nodes
        if isinstance(node, inspect.Metadata)
        if (d := (node.extra_json_schema or {}).get("description"))
    ]
    if literals and len(literals[0].values) < 20:
        return f"; allowed: {', '.join(f'`{value}`' for value in literals[0].values)}"
    return f"; it is: {described[-1]}" if described else ""


def _inside(node: inspect.Type, name: str) -> list[inspect.Type]:
    """All that the member or, without a name, the item may be, each layer of it."""
    match node:
        case inspect.StructType(fields=fields):
            return [layer for f in fields if f.encode_name == name for layer in _layers(f.type)]
        case inspect.ListType(item_type=inner) | inspect.DictType(value_type=inner) if not name:
            return _layers(inner)
    return []


def _layers(node: inspect.Type) -> list[inspect.Type]:
    """A type, and what is under its annotations and unions."""
    match node:
        case inspect.Metadata(type=inner):
            return [node, *_layers(inner)]
        case inspect.UnionType(types=types):
            return [node, *(layer for inner in types for layer in _layers(inner))]
    return [node]
