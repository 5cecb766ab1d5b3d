"""A record: the events known of one subject, merged by the contract's order whatever their order of arrival."""

from bisect import bisect_left
from typing import TYPE_CHECKING, Any

import msgspec

from events import ENTRIES, EVENTS, Entry

if TYPE_CHECKING:
    AnyEntry = Entry
else:
    AnyEntry = ENTRIES

FINAL_ENTITIES = frozenset({"call", "email", "message", "visit", "heartbeat", "automation"})
"""Activities: many, small, and closed to corrections some time after their last event."""

_INITIAL = (".created", ".logged", ".scheduled", ".received", ".recorded", ".issued", ".visit", ".heartbeat", ".run")
_INITIAL_TYPES = frozenset(name for name in EVENTS if name.endswith(_INITIAL))


class Record(msgspec.Struct, array_like=True, gc=False):
    """The state of a subject.

    ``entries`` are its events in merge order, ``appended_ms`` when the last that counted was appended to the log (activities
    only), ``links`` what other records contribute to it: ``{their subject: what they say}``.
    """

    entries: list[AnyEntry]
    appended_ms: int = 0
    links: dict[str, list[Any]] = {}


UNKNOWN = Record([])
"""The state of what nothing is known of."""

decode_record = msgspec.json.Decoder(Record, strict=True).decode
encode_record = msgspec.json.Encoder(order="sorted").encode


def is_initial(entry: Entry) -> bool:
    """Tell whether an event gives initial facts only: a ``*.created`` or its like."""
    return entry.data.type in _INITIAL_TYPES


def merge(record: Record, entry: Entry) -> Record | None:
    """Return the record with one more event, None when that changes nothing."""
    entries = record.entries
    if not entries:
        return Record([entry], 0, record.links)
    kept = _normal(_inserted(entries, entry))
    if len(kept) == len(entries) and all(a is b or a == b for a, b in zip(kept, entries, strict=True)):
        return None
    return Record(kept, record.appended_ms, record.links)


def _inserted(entries: list[Entry], entry: Entry) -> list[Entry]:
    order = entry.order
    at = bisect_left(entries, order, key=_order)
    if at == len(entries) or entries[at].order != order:
        return [*entries[:at], entry, *entries[at:]]
    # One (source, id) with two contents breaks the contract; the same one has to win whatever came first.
    return [*entries[:at], max(entries[at], entry, key=encode_record), *entries[at + 1 :]]


def _normal(entries: list[Entry]) -> list[Entry]:
    """Drop what a later event replaces whole: every initial event but the last one."""
    last = next((e for e in reversed(entries) if is_initial(e)), None)
    kept = [e for e in entries if e is last or not is_initial(e)]
    return [_anonymous(e) for e in kept] if _erased(entries) else kept


def _erased(entries: list[Entry]) -> bool:
    return any(getattr(e.data, "reason", None) == "privacy" for e in entries if e.data.type == "crm.record.deleted")


def _anonymous(entry: Entry) -> Entry:
    data, changed = entry.data, getattr(entry.data, "changed", None) or {}
    if data.name is not None:
        data = msgspec.structs.replace(data, name=None)
    if "name" in changed:
        data = msgspec.structs.replace(data, changed={key: each for key, each in changed.items() if key != "name"})
    return entry if data is entry.data else msgspec.structs.replace(entry, data=data)


def _order(entry: Entry) -> tuple[int, int, str, str]:
    return entry.order


def is_deleted(record: Record) -> bool:
    """Tell whether the latest word on the record's existence is that it is gone."""
    for entry in reversed(record.entries):
        if entry.data.type == "crm.record.deleted":
            return not getattr(entry.data, "restored", None)
    return False
