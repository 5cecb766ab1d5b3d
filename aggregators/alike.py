"""What records of one event add to the tables, worked out once for all records alike.

Most records have one event, and most of those say what thousands said before them, but for who did it, when and to which
record. Such a pattern is worked out for an event of nobody at no particular time, and kept.
"""

from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec
from msgspec import inspect

from aggregators import alerts
from aggregators.contribution import Effect, Plan, contribution
from aggregators.org import Org
from aggregators.record import Record
from events import EVENTS, Data, Entry

Pattern = tuple[tuple[str, str, Effect], ...]
"""Anchor, holder (``ACTOR`` or ``OWNER`` for those of the event) and effect of each moment, all of them at the event's time.

None of them concerns an alert.
"""

ACTOR, OWNER = "u:\0", "u:\1"
TOLD_BY = frozenset(
    "team_id new reason kind score scale ticket_id probability value lines changed created_by author public sla lifecycle "
    "inbound form_id".split()
)
"""Members that decide which moments a record has; all others count only where a measure reads them."""
INSTANTS = frozenset({"start", "due_at", "due_date"})
"""Members that decide when a moment is."""
APART = frozenset({"order", "deal"})
"""Entities whose records count by which others they name, or by what their organisation says of stages."""
MOST = 10_000
"""A type whose events say more than so many different things is not worth it."""

_TIMES_NS = 0, 4_000_000_000 * 10**9
"""What is the same at both of them does not depend on the time."""


class Alike:
    """Finds the patterns of events under a plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        read = TOLD_BY.union(name.partition(".")[0] for kept in plan.values() for name in kept.facts)
        kinds = () if "owner_id" in plan.filters else EVENTS.values()  # whose a record is does not decide else
        self._names = {kind: names for kind in kinds if (names := _decisive(kind, read))}
        self._says = {kind: attrgetter(*names) for kind, names in self._names.items()}
        self._known: dict[tuple[type[Data], str], dict[Any, Pattern | None]] = {}

    def pattern(self, entry: Entry, org: Org) -> Pattern | None:
        """Return the pattern of a record with this one event, None where it has to be worked out by itself."""
        data = entry.data
        kind = type(data)
        says = self._says.get(kind)
        if says is None:
            return None
        known = self._known.setdefault((kind, org.currency), {})
        said = says(data), not entry.actor, not data.owner_id
        if said not in known:
            if len(known) >= MOST:
                del self._says[kind]
            known[said] = self._worked_out(entry, org)
        return known[said]

    def _worked_out(self, entry: Entry, org: Org) -> Pattern | None:
        kind = type(entry.data)
        data = kind(**{name: getattr(entry.data, name) for name in self._names[kind]})
        data.owner_id = entry.data.owner_id and OWNER[2:]
        found = [self._at(time_ns, entry, data, org) for time_ns in _TIMES_NS]
        return found[0] if found[0] == found[1] else None

    def _at(self, time_ns: int, entry: Entry, data: Data, org: Org) -> Pattern | None:
        like = msgspec.structs.replace(entry, time_ns=time_ns, actor=entry.actor and ACTOR[2:], data=data)
        found = contribution(data.entity, Record([like]), org, self.plan)
        if alerts.concern(found) or any(one.at_ms != time_ns // 1_000_000 or one.effect.dated for one in found):
            return None
        return tuple((one.anchor, one.holder, one.effect) for one in found)


def _decisive(kind: type[Data], read: frozenset[str]) -> list[str]:
    """The members of a type that decide what its events add; none where they are more than plain values."""
    members = [member for member in _members(kind) if member.required or member.name in read]
    whole = (
        kind.entity
        and kind.entity not in APART
        and INSTANTS.isdisjoint(kind.__struct_fields__)
        and all(member.plain for member in members)
    )
    return [member.name for member in members] if whole else []


class _Member(NamedTuple):
    name: str
    required: bool
    plain: bool


@cache
def _members(kind: type[Data]) -> list[_Member]:
    fields: list[inspect.Field] = getattr(inspect.type_info(kind), "fields", [])
    return [_Member(field.name, field.required, _is_plain(field.type)) for field in fields]


_PLAIN = (
    inspect.StrType | inspect.IntType | inspect.FloatType | inspect.BoolType | inspect.LiteralType | inspect.NoneType
)


def _is_plain(node: inspect.Type) -> bool:
    match node:
        case inspect.Metadata(type=inner):
            return _is_plain(inner)
        case inspect.UnionType(types=types):
            return all(map(_is_plain, types))
    return isinstance(node, _PLAIN)
