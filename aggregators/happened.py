"""Events as moments: what happened to a record, as it was published, for KPIs of one's own that count events."""

from collections.abc import Collection, Iterator
from functools import cache
from typing import Any

import msgspec

from aggregators.moment import Moment, holder
from aggregators.story import Story, milliseconds
from events import Data, Entry


def moments(told: Story, types: Collection[str]) -> Iterator[Moment]:
    """Return the events of some types that a record knows: each when it happened, credited to who did it, else to the owner then."""
    # What no event made begins with its first event, which then stands there twice.
    for entry in {id(point.entry): point.entry for point in told.points}.values():
        if entry.data.type in types:
            facts = told.seen(told.as_of(entry.time_ns)) | said(entry)
            credited, current = holder(facts, entry.actor), holder(told.final)
            yield Moment(
                entry.data.type, milliseconds(entry.time_ns), credited, credited if entry.actor else current, facts
            )


def said(entry: Entry) -> dict[str, Any]:
    """Return what an event says beside the members that all have; ``changed.<field>`` is what a field became."""
    own = own_members(type(entry.data))
    found = {name: value for name, value in msgspec.to_builtins(entry.data).items() if name in own}
    changed = found.pop("changed", None) or {}
    return found | {f"changed.{name}": change.get("new") for name, change in changed.items()}


@cache
def own_members(kind: type[Data]) -> frozenset[str]:
    """Return the members that events of a type have beside those that all have."""
    return frozenset(field.encode_name for field in msgspec.structs.fields(kind)) - COMMON


COMMON = frozenset(field.encode_name for field in msgspec.structs.fields(Data))
