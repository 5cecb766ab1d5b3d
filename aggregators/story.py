"""What was true of a record when: its initial facts, and how its explicit ones changed them."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, to_builtins
from msgspec.structs import fields

from aggregators.record import Record, is_deleted, is_initial
from events import EVENTS, Data, Entry

Facts = Mapping[str, Any]

_MS = 1_000_000
DAY_NS = 86_400 * 10**9

_RENAMED: dict[str, dict[str, str]] = {
    "crm.record.owner_changed": {"new_owner": "owner_id"},
    "crm.deal.stage_changed": {"new_stage_id": "stage_id"},
    "crm.deal.health_changed": {"new": "health"},
    "crm.lead.status_changed": {"new": "status"},
    "crm.ticket.status_changed": {"new": "status"},
    "crm.meeting.status_changed": {"new": "status"},
    "crm.task.status_changed": {"new": "status"},
    "crm.quote.status_changed": {"new": "status"},
    "crm.order.status_changed": {"new": "status"},
    "crm.contract.status_changed": {"new": "status"},
    "crm.task.created": {"assignee_id": "owner_id"},
}
"""Members that carry a fact under a name of their own."""

_STATED: dict[str, dict[str, str]] = {
    "crm.deal.won": {"status": "won"},
    "crm.deal.lost": {"status": "lost"},
    "crm.deal.reopened": {"status": "open"},
}
"""Facts that the type alone states."""

_PLAIN = frozenset(
    name
    for name, kind in EVENTS.items()
    if name not in _RENAMED.keys() | _STATED.keys()
    and not {"changed", "status", "due_at", "due_date"}.intersection(kind.__struct_fields__)
)
"""Types whose members are the facts."""

_BY_EVENT = frozenset({"status", "health"})
"""Facts that only events of their own state, never a member of ``changed`` that happens to have their name."""

TIMED = frozenset(
    {
        "owner_id",
        "team_id",
        "stage_id",
        "pipeline_id",
        "value",
        "probability",
        "health",
        "status",
        "due_at",
        "due_date",
        "filled",
    }
)
"""Facts that count as they were at an instant; all others count as they are known now."""


class Point(Struct, gc=False):
    """The facts that held from ``time_ns`` on, and the event that made them so."""

    time_ns: int
    facts: dict[str, Any]
    entry: Entry
    stated: Facts


class Story:
    """A record's creation and every change since. ``points[0]`` is its creation; ``final`` is what holds now."""

    __slots__ = ("_blank", "_settled", "created_ns", "final", "points")

    def __init__(self, created_ns: int, points: list[Point], final: dict[str, Any]) -> None:
        self.created_ns = created_ns
        self.points = points
        self.final = final
        self._blank: dict[str, None] | None = None
        self._settled: Facts = {}

    def as_of(self, time_ns: int) -> dict[str, Any]:
        """Return the facts that held at an instant; before the creation those of the creation."""
        if time_ns >= self.points[-1].time_ns:
            return self.final
        at_ns = max(time_ns, self.created_ns)
        for point in reversed(self.points):
            if point.time_ns <= at_ns:
                return point.facts
        raise AssertionError("a story has a point at its creation")

    def seen(self, timed: Facts) -> dict[str, Any]:
        """Return what holds now, with the facts of an instant in place of today's."""
        final = self.final
        if timed is final:
            return {**final}
        if self._blank is None:
            self._blank = dict.fromkeys(final.keys() & TIMED)
            self._settled = {name: fact for name, fact in final.items() if name not in TIMED}
        return {**self._blank, **timed, **self._settled}


def story(record: Record) -> Story | None:
    """Tell a record's story, None when it is deleted or was never more than mentioned."""
    entries = record.entries
    if len(entries) == 1 and is_initial(entries[0]):
        return _told_once(entries[0])
    if not entries or is_deleted(record):
        return None
    created = next(filter(is_initial, entries), None)
    explicit = [e for e in entries if e is not created]
    stated = [facts_of(e) for e in explicit]
    facts = facts_of(created) if created else {}
    if created and not created.data.type.endswith(".created"):
        stated = [_outranked(e, said, created, facts) for e, said in zip(explicit, stated, strict=True)]
    if "owner_id" not in facts:
        facts.update(_former_owner(explicit, stated))
    start = created or entries[0]
    points = [Point(start.time_ns, facts, start, facts)]
    for entry, said in zip(explicit, stated, strict=True):
        facts = {**facts, **said}
        # What was said of the record before it was created holds from its creation on.
        points.append(Point(max(entry.time_ns, start.time_ns), facts, entry, said))
    return Story(start.time_ns, points, facts)


def _outranked(entry: Entry, said: dict[str, Any], created: Entry, facts: Facts) -> dict[str, Any]:
    """What an event says beside what a later one, that is no ``*.created``, says anew."""
    return said if entry.order > created.order else {name: fact for name, fact in said.items() if name not in facts}


def _told_once(entry: Entry) -> Story:
    """The story of most records: one event and nothing since."""
    facts = facts_of(entry)
    return Story(entry.time_ns, [Point(entry.time_ns, facts, entry, facts)], facts)


def facts_of(entry: Entry) -> dict[str, Any]:
    """Return the facts that one event states, under one name each (``custom`` members as ``custom.<key>``)."""
    kind = entry.data.type
    found: dict[str, Any] = to_builtins(entry.data)
    if "custom" in found:
        found |= {f"custom.{name}": custom for name, custom in found.pop("custom").items()}
    if kind in _PLAIN:
        return found
    if "changed" in found:
        for name, change in found.pop("changed").items():
            if name not in _BY_EVENT:
                found["owner_id" if name == "assignee_id" else name] = change.get("new")
    if kind in _RENAMED:
        for name, fact in _RENAMED[kind].items():
            if name in found:
                found[fact] = found.pop(name)
    if found.get("status") == "due_changed":
        del found["status"]
    if "due_at" in found or "due_date" in found:
        found = {"due_at": None, "due_date": None, **found}  # the one takes the place of the other
    if kind in _STATED:
        found.update(_STATED[kind])
    return found


def facts_told(kind: type[Data]) -> set[str]:
    """Return the names of the facts that events of a type state, but for custom fields."""
    renamed = _RENAMED.get(kind.type, {})
    members = {renamed.get(field.encode_name, field.encode_name) for field in fields(kind)}
    return (members | _STATED.get(kind.type, {}).keys()) - {"changed", "custom"}


def reason(told: Story, point: Point, member: str) -> str | None:
    """Return why a record has the status that it was given at a point, in one spelling, as it was corrected before the next one."""
    why, since = point.stated.get(member), False
    for each in told.points:
        if since and "status" in each.stated:
            break
        if since and member in (getattr(each.entry.data, "changed", None) or {}):
            why = each.stated[member]
        since = since or each is point
    return normalised(why)


def _former_owner(explicit: list[Entry], stated: list[dict[str, Any]]) -> dict[str, str]:
    """The owner before the first event that names one, where that event tells."""
    for entry, said in zip(explicit, stated, strict=True):
        old = getattr(entry.data, "old_owner", None)
        if old or "owner_id" in said:
            return {"owner_id": old} if old else {}
    return {}


def normalised(text: object) -> str | None:
    """Return free text in one spelling: no outer or double spaces, no difference of case."""
    return " ".join(str(text).split()).casefold() or None if text else None


def milliseconds(time_ns: int) -> int:
    """Return an instant in whole milliseconds."""
    return time_ns // _MS
