"""The `changed` member: what is new of a known member is validated as that member."""

from functools import cache
from typing import Any

import msgspec

from events import checks
from events.common import MAX_INT, Changed, Code, Scalar
from events.registry import EVENTS

MAX_DEPTH = 8
_UNKNOWN = {"type", "changed", "filled", "new", "old"}


def check_changes(entity: str, data: Any) -> None:
    """Raises Refused for what in `data.changed` does not fit the member of the entity, or could not be kept."""
    changed: dict[str, Changed] = data.changed or {}
    for field, change in changed.items():
        path = f"$.data.changed.{field}"
        try:
            _check(entity, field, change.new, f"{path}.new")
        except msgspec.ValidationError as error:
            reason, _, inner = str(error).partition(" - at `$")
            raise checks.Refused(f"{reason}.", f"{path}.new{inner.removesuffix('`')}") from None
        for value in change.new, change.old:
            if not _keepable(value, MAX_DEPTH):
                raise checks.Refused(
                    f"A field holds integers within -(2^63 - 1) and 2^63 - 1 and at most {MAX_DEPTH} levels.", path
                )


def _check(entity: str, field: str, new: Any, path: str) -> None:
    if field.startswith("custom."):
        msgspec.convert(new, Scalar)
    elif (known := _members(entity).get(field)) and new is not None:
        type_, walks = known
        value = msgspec.convert(new, type_)
        for walk in walks:
            walk(value, path)


@cache
def _members(entity: str) -> dict[str, tuple[Any, list[checks.Walk]]]:
    """Type and checks of each member that the events of an entity set."""
    types = {"forecast_category": Code} if entity == "deal" else {}
    for kind in EVENTS.values():
        if kind.entity == entity:
            types |= {f.encode_name: f.type for f in msgspec.structs.fields(kind) if f.encode_name not in types}
    return {name: (type_, _walks(type_)) for name, type_ in types.items() if name not in _UNKNOWN}


def _walks(type_: Any) -> list[checks.Walk]:
    return [walk for ids in (False, True) if (walk := checks.compiled(type_, ids=ids))]


def _keepable(value: Any, depth: int) -> bool:
    """Whether the state of a record can hold it: integers of 64 bits, and not nested deeply."""
    if isinstance(value, list | dict):
        items = value.values() if isinstance(value, dict) else value
        return depth > 0 and all(_keepable(item, depth - 1) for item in items)
    return not isinstance(value, int) or abs(value) <= MAX_INT
