"""The page that lists every event type for people."""

from collections.abc import Iterator, Sequence

from msgspec import inspect

from events.common import Changed, Data, Line, Money
from events.directory import Stage
from events.envelope import Wire
from events.explain import MANY
from events.registry import EVENTS, MODULES
from events.support import Sla

INTRO = """# Events

Made from the types in `events/`; do not edit. The JSON Schema of each type is in [schemas/](schemas/), topics and
messages are in [asyncapi.json](asyncapi.json). Members without *required* may be absent or null. A member that is not listed
is kept and ignored, without an error.

## Publishing

Over HTTP: [`POST /v1/events`](../api.md). To Kafka: the topic `crm.events`; the key is the `orgid`, the partitioner any (what
comes to another partition than the organisation's is forwarded); the value is the event as JSON, or its `data` alone with the
attributes as headers `ce_id`, `ce_type` and so on; `acks=all`; at most 1,100,000 bytes with headers (10 more for
each) before compression. Of a header's name that is not UTF-8, each byte that is not ASCII is read as `?`. What cannot be used
becomes a dead letter that says why. The header `backfill` marks history, which fires no alert.
"""


OBJECTS = Money, Line, Changed, Sla, Stage
SUBJECTS = {"": "<entity>/<id>", "org": "org/<orgid>", "field": "field/<entity>.<key>", "fx": "fx/<currency>/<date>"}
_FORMATS = {"date": "date", "date-time": "time"}


def page() -> str:
    """Markdown: the envelope, the common members, the objects in them, then each type with its members."""
    return "\n".join([INTRO, *_envelope(), *_objects(), *_types()])


def _envelope() -> Iterator[str]:
    yield "## Envelope\n"
    yield "`type` is the heading of a section below, `subject` as it says there.\n"
    yield from _table(_struct(Wire).fields)
    yield "## Common members\n"
    yield f"{Data.__doc__}\n"
    yield from _table(_struct(Data).fields)


def _objects() -> Iterator[str]:
    yield "## Objects\n"
    for kind in OBJECTS:
        yield f"### {kind.__name__}\n"
        yield f"{kind.__doc__}\n"
        yield from _table(_struct(kind).fields)


def _types() -> Iterator[str]:
    for module in MODULES:
        yield f"## {(module.__doc__ or '').strip()}\n"
        for name, kind in EVENTS.items():
            if kind.__module__ == module.__name__:
                yield from _type(name, kind)


def _type(name: str, kind: type[Data]) -> Iterator[str]:
    common = {field.encode_name: field for field in _struct(Data).fields}
    own = [field for field in _struct(kind).fields if common.get(field.encode_name) != field]
    yield f"### {name}\n"
    yield f"{kind.__doc__} Subject: `{SUBJECTS.get(kind.entity, f'{kind.entity}/<id>')}`\n"
    yield from _table(own)


def _table(fields: Sequence[inspect.Field]) -> Iterator[str]:
    if fields:
        yield "| member | is | meaning |"
        yield "|---|---|---|"
        yield from (_row(field) for field in fields)
        yield ""


def _row(field: inspect.Field) -> str:
    required = " *required*" if field.required else ""
    words, description = " or ".join(dict.fromkeys(_words(field.type))), _description(field.type)
    return f"| `{field.encode_name}`{required} | {words} | {description} |".replace("  ", " ")


def _words(node: inspect.Type) -> list[str]:
    """What a value may be."""
    words = [_NAMES.get(type(node), "any")]
    match node:
        case inspect.Metadata(extra_json_schema={"format": format_}):
            words = [_FORMATS[format_]]
        case inspect.Metadata(type=inner):
            words = _words(inner)
        case inspect.UnionType(types=types):
            words = [word for inner in types for word in _words(inner) if not isinstance(inner, inspect.NoneType)]
            words = [word for word in dict.fromkeys(words) if word != "integer" or "number" not in words]
        case inspect.LiteralType(values=values):
            words = [f"`{value}`" for value in values] if len(values) < MANY else ["code"]
        case inspect.ListType(item_type=inner):
            words = [f"list of {' or '.join(_words(inner))}"]
        case inspect.DictType(value_type=inner):
            words = [f"object of {' or '.join(_words(inner))}"]
        case inspect.StructType(cls=cls) if cls in OBJECTS:
            words = [f"[{cls.__name__}](#{cls.__name__.lower()})"]
        case inspect.TupleType(item_types=items):
            words = [f"[{', '.join(' or '.join(_words(item)) for item in items)}]"]
    return words


_NAMES: dict[type[inspect.Type], str] = {
    inspect.StrType: "text",
    inspect.IntType: "integer",
    inspect.FloatType: "number",
    inspect.BoolType: "true or false",
    inspect.StructType: "object",
}


def _description(node: inspect.Type) -> str:
    match node:
        case inspect.Metadata(type=inner, extra_json_schema=schema):
            return str((schema or {}).get("description") or _description(inner))
        case inspect.UnionType(types=types):
            return next(filter(None, map(_description, types)), "")
    return ""


def _struct(kind: type) -> inspect.StructType:
    node = inspect.type_info(kind)
    assert isinstance(node, inspect.StructType)
    return node
