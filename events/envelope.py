"""The classes that are made for each event type: how it comes over the wire and how a record keeps it."""

import importlib
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NamedTuple, TypeAlias, Union, cast

from msgspec import Meta, Struct, defstruct

from events import checks
from events.common import NO_CONTROL, Data, Doc, Id, Int, checked


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

    kind: type[Data]
    entry: type[Entry]
    entity: str
    prefix: str  # that settles a subject; empty: look closer
    walk: checks.Walk | None
    has_changes: bool
    walk_ids: checks.Walk | None


class Wire(Struct, kw_only=True, gc=False):
    """An event in structured mode, a CloudEvent 1.0."""

    rules: ClassVar[Rules]

    specversion: Annotated[Literal["1.0"], Doc("version of CloudEvents")]
    id: Annotated[Id, Doc("unique within the source; the same again is the same event and changes nothing")]
    source: Annotated[
        str,
        checked(
            checks.no_control,
            "URI reference of the publisher, such as /crm/hubspot/4711",
            min_length=1,
            max_length=1024,
            extra_json_schema=NO_CONTROL,
        ),
    ]
    subject: str
    time: Annotated[
        str,
        Meta(
            description="when it happened in the business, RFC 3339 with offset, from 1970 to 2099",
            extra_json_schema={"format": "date-time"},
        ),
    ]
    orgid: Annotated[Id, Doc("the organisation that owns the record; the key of the message")]
    data: Data
    actorid: Annotated[Id | None, Doc("the user who did it; absent: the owner")] = None
    sequence: Annotated[Int | None, Doc("order among events of a subject with equal time; absent: 0")] = None


for _module in "activities", "sales", "support", "records", "directory":
    importlib.import_module(f"events.{_module}")

EVENTS: dict[str, type[Data]] = {kind.type: kind for kind in Data.__subclasses__()}
STRICT = {"", "org", "fx", "field"}  # entities with rules of their own for the id
ENTITIES = frozenset(kind.entity for kind in EVENTS.values() if kind.entity)


def _entry(kind: type[Data]) -> type[Entry]:
    tag = kind.type.removeprefix("crm.")
    fields = [("data", kind)]
    made = defstruct(f"{kind.__name__}Entry", fields, bases=(Entry,), tag=tag, array_like=True, gc=False)
    return cast(type[Entry], made)


def _subject(kind: type[Data]) -> Any:
    """Limits of the id after the entity."""
    entity = kind.entity or f"(?:{'|'.join(sorted(ENTITIES))})"
    longest = len(kind.entity) if kind.entity else max(map(len, ENTITIES))
    pattern = {"pattern": rf"^{entity}/[^\u0000-\u001f\u007f-\u009f]{{1,128}}$"}
    description = f"the record, {kind.entity or '<entity>'}/<id>"
    return Annotated[str, checked(checks.no_control, description, max_length=longest + 129, extra_json_schema=pattern)]


def _wire(kind: type[Data]) -> type[Wire]:
    made: Any = defstruct(
        f"{kind.__name__}Event",
        [("subject", _subject(kind)), ("data", kind)],
        bases=(Wire,),
        namespace={"__doc__": kind.__doc__},
        tag_field="type",
        tag=kind.type,
        kw_only=True,
        gc=False,
    )
    made.rules = Rules(
        kind=kind,
        entry=entry_class[kind.type],
        entity=kind.entity,
        prefix="" if kind.entity in STRICT else f"{kind.entity}/",
        walk=checks.compiled(kind, ids=False),
        has_changes="changed" in kind.__struct_fields__,
        walk_ids=checks.compiled(made, ids=True),
    )
    return cast(type[Wire], made)


entry_class: dict[str, type[Entry]] = {name: _entry(kind) for name, kind in EVENTS.items()}
wire_class: dict[str, type[Wire]] = {name: _wire(kind) for name, kind in EVENTS.items()}

if TYPE_CHECKING:
    ENTRIES: TypeAlias = Entry
    WIRES: TypeAlias = Wire
else:
    ENTRIES = Union[tuple(entry_class.values())]  # noqa: UP007 - made at run time
    WIRES = Union[tuple(wire_class.values())]  # noqa: UP007
