"""The classes that are made for each event type: how it comes over the wire and how a record keeps it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NamedTuple, TypeAlias, Union, cast

from msgspec import Meta, Struct, defstruct

from events import checks
from events.changes import check_changes
from events.common import NO_CONTROL, Data, Doc, Id, Int, checked
from events.registry import ENTITIES, EVENTS

STRICT = {"", "org", "fx", "field"}  # any record, and entities with rules of their own for the id


class Entry(Struct, array_like=True, gc=False):
    """An event as the state of its record keeps it: the type, then these; `actor` is empty for the owner."""

    time_ns: int
    sequence: int
    source: str
    id: str
    actor: str
    data: Data

    @property
    def order(self) -> tuple[int, int, str, str]:
        """Later events outrank earlier ones; text compares by code point, so as UTF-8 bytes would."""
        return self.time_ns, self.sequence, self.source, self.id


class Change(Struct, gc=False):
    """An event that can be used: what it does to which record."""

    org: str
    entity: str
    key: str
    entry: Entry


class Rules(NamedTuple):
    """What decoding knows of a type."""

    entry: type[Entry]
    entity: str
    prefix: str | tuple[()]  # that settles a subject; the empty tuple is the prefix of none
    check: Callable[[str, Any], None] | None  # of the entity and the data
    check_ids: checks.Walk
    kind: type[Data]


Source = Annotated[
    str,
    checked(
        checks.no_control,
        "URI reference of the publisher, such as /crm/hubspot/4711",
        min_length=1,
        max_length=1024,
        extra_json_schema=NO_CONTROL,
    ),
]
Instant = Annotated[
    str,
    Meta(
        description="when it happened in the business, RFC 3339 with offset, from 1970 to 2099",
        extra_json_schema={"format": "date-time"},
    ),
]


class Wire(Struct, kw_only=True, gc=False):
    """An event in structured mode, a CloudEvent 1.0."""

    rules: ClassVar[Rules]

    specversion: Annotated[Literal["1.0"], Doc("version of CloudEvents")]
    id: Annotated[Id, Doc("unique within the source; the same again is the same event and changes nothing")]
    source: Source
    subject: Annotated[str, Doc("the record, `<entity>/<id>`")]
    time: Instant
    orgid: Annotated[Id, Doc("the organisation that owns the record; the key of the message")]
    data: Annotated[Data, Doc("the common members and those of the type; may be empty")]
    actorid: Annotated[Id | None, Doc("the user who did it; absent: the owner")] = None
    sequence: Annotated[Int | None, Doc("order among events of a subject with equal time; absent: 0")] = None


def _entry(kind: type[Data]) -> type[Entry]:
    tag = kind.type.removeprefix("crm.")
    made = defstruct(f"{kind.__name__}Entry", [("data", kind)], bases=(Entry,), tag=tag, array_like=True, gc=False)
    return cast(type[Entry], made)


def _wire(kind: type[Data]) -> type[Wire]:
    made: Any = defstruct(
        f"{kind.__name__}Event",
        [("subject", _subject(kind.entity)), ("data", kind)],
        bases=(Wire,),
        namespace={"__doc__": kind.__doc__},
        tag_field="type",
        tag=kind.type,
        kw_only=True,
        gc=False,
    )
    made.rules = Rules(
        entry_class[kind.type],
        kind.entity,
        () if kind.entity in STRICT else f"{kind.entity}/",
        _check(kind),
        cast(checks.Walk, checks.compiled(made, ids=True)),
        kind,
    )
    return cast(type[Wire], made)


def _subject(entity: str) -> Any:
    """A text of the entity, a slash, and an id."""
    names = [entity] if entity else sorted(ENTITIES)
    pattern = {"pattern": rf"^({'|'.join(names)})/[^\u0000-\u001f\u007f-\u009f]{{1,128}}$"}
    limits = checked(
        checks.no_control,
        f"the record, `{entity or '<entity>'}/<id>`",
        min_length=len(min(names, key=len)) + 2,
        max_length=len(max(names, key=len)) + 129,
        extra_json_schema=pattern,
    )
    return Annotated[str, limits]


def _check(kind: type[Data]) -> Callable[[str, Any], None] | None:
    """Beyond what JSON types express; None for most, so that it costs them nothing."""
    if "changed" in kind.__struct_fields__:
        return check_changes
    walk = checks.compiled(kind, ids=False)
    return (lambda _, data: walk(data, "$.data")) if walk else None


entry_class: dict[str, type[Entry]] = {name: _entry(kind) for name, kind in EVENTS.items()}
wire_class: dict[str, type[Wire]] = {name: _wire(kind) for name, kind in EVENTS.items()}

if TYPE_CHECKING:
    ENTRIES: TypeAlias = Entry
    WIRES: TypeAlias = Wire
else:
    ENTRIES = Union[tuple(entry_class.values())]  # noqa: UP007 - made at run time
    WIRES = Union[tuple(wire_class.values())]  # noqa: UP007
