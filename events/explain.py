"""Why an event cannot be used, as a sentence for whoever sent it."""

import re
from typing import Any

import msgspec
from msgspec import inspect

from events import checks
from events.envelope import wire_class
from events.nearest import hint
from events.registry import EVENTS

MAX_REASON = 500
MANY = 20  # more names than this are not listed


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
    reason, path = _reason(error, value, head.type)
    return Invalid(reason[:MAX_REASON], path[:MAX_REASON], head.id[:128] if isinstance(head.id, str) else "")


def _head(value: bytes) -> _Head:
    try:
        return msgspec.json.decode(value, type=_Head)
    except (ValueError, RecursionError):
        return _Head()


def _reason(error: Exception, value: bytes, type_: Any) -> tuple[str, str]:
    match error:
        case checks.Refused(reason=reason, path=path):
            return reason, path
        case _ if not value.strip():
            return "The value is empty; an event is one JSON object.", "$"
        case RecursionError():
            return "The value is nested too deeply.", "$"
        case UnicodeDecodeError():
            return f"The value is not UTF-8: {error.reason}.", "$"
        case msgspec.ValidationError():
            return mismatch(str(error), type_)
    return f"The value is not JSON: {str(error).removeprefix('JSON is malformed: ')}.", "$"


def mismatch(message: str, type_: Any) -> tuple[str, str]:
    """A message of msgspec, `<what> - at <path>`, as a sentence with what is allowed, and the path."""
    message, _, path = message.partition(" - at `")
    path = path.removesuffix("`") or "$"
    missing = re.fullmatch(r"Object missing required field `(.*)`", message)
    if missing:
        return f"The required member `{missing[1]}` is missing.", f"{path}.{missing[1]}"
    if path == "$":
        return f"An event is one JSON object: {message[0].lower()}{message[1:]}.", path
    if path == "$.type" and isinstance(type_, str):
        return f"The type `{type_[:128]}` is unknown; {hint(type_[:128], EVENTS)}.", path
    message = message.partition(" matching regex")[0]
    return f"{message[: MAX_REASON // 2]}{_allowed(type_, path)}.", path


def _allowed(type_: Any, path: str) -> str:
    """What the member at a path may be, as the end of a sentence."""
    kind = wire_class.get(type_) if isinstance(type_, str) else None
    nodes: list[inspect.Type] = [inspect.type_info(kind)] if kind else []
    for name, _ in re.findall(r"\.(\w+)|(\[[^]]*\])", path):
        nodes = [layer for node in nodes for layer in _inside(node, name)]
    for node in nodes:
        if isinstance(node, inspect.LiteralType) and len(node.values) < MANY:
            return f"; allowed: {', '.join(f'`{value}`' for value in node.values)}"
    described = [node.extra_json_schema or {} for node in nodes if isinstance(node, inspect.Metadata)]
    texts = [schema["description"] for schema in described if "description" in schema]
    return f"; expected: {texts[-1]}" if texts else ""


def _inside(node: inspect.Type, name: str) -> list[inspect.Type]:
    """All that the member or, without a name, the item may be, each layer of it."""
    match node:
        case inspect.StructType(fields=fields):
            return [layer for field in fields if field.encode_name == name for layer in _layers(field.type)]
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
