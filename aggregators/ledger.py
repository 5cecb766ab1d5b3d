"""The ledger of alerts: what fires, what resolved, and what is told of it. What is due and when is an argument here."""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec

from aggregators.alerts import Rule
from aggregators.windows import utc_text
from events import published
from events.published import Alert, AlertFired, AlertResolved, Published

SOURCE = "/crmpulse"
"""The `source` of the events that are published."""


class Owned(NamedTuple):
    """Whose a record is and what it is about: told with an alert."""

    owner_id: str | None = None
    team_id: str | None = None
    manager_id: str | None = None
    value: Any = None


class Entry(msgspec.Struct, omit_defaults=True):
    """An alert; instants in ms, ``resolved_ms`` 0 while it fires. ``team_id`` is said where no user owns the record."""

    id: str
    rule: published.Rule
    record: str
    since_ms: int
    fired_ms: int
    owner_id: str | None = None
    team_id: str | None = None
    manager_id: str | None = None
    value: Any = None
    resolved_ms: int = 0


class Ack(msgspec.Struct):
    """Who acknowledged an alert, and when."""

    by: str
    at_ms: int


class Turn(NamedTuple):
    """What comes of looking at a rule and a record: entries to write, events to publish, when (ms) to look again."""

    entries: tuple[Entry, ...] = ()
    events: tuple[Published, ...] = ()
    look_ms: int | None = None


read_entry = msgspec.json.Decoder(Entry).decode
read_ack = msgspec.json.Decoder(Ack).decode
encode = msgspec.json.Encoder().encode


def event_id(*parts: object) -> str:
    """Return the id of an event: a hash of what it is about, the same whenever it is told again."""
    return sha256(encode(parts)).hexdigest()[:32]


def acknowledged(alert_id: str) -> str:
    """Return the field of the ledger that tells who acknowledged an alert, and when (ms)."""
    return f"{alert_id}:ack"


def look(
    rule: Rule, org: str, subject: str, entry: Entry | None, since_ms: int | None, at_ms: int, fresh_ms: int,
    owned: Callable[[], Owned],
) -> Turn:  # fmt: skip
    """Look at a rule and a record: ``entry`` is the alert that fires for them, ``since_ms`` the cause that there is.

    An alert whose cause has moved resolves, and fires anew for the other instant. One that is news resolves by itself.
    """
    holds = since_ms is not None and since_ms <= at_ms
    if entry is not None and holds and entry.since_ms == since_ms:
        ends_ms = entry.fired_ms + fresh_ms if rule.news else None
        return resolved(org, entry, at_ms) if ends_ms is not None and ends_ms <= at_ms else Turn(look_ms=ends_ms)
    turn = resolved(org, entry, at_ms) if entry is not None else Turn()
    if since_ms is None:
        return turn
    if not holds:
        return turn._replace(look_ms=since_ms)
    new = fired(rule, org, subject, since_ms, at_ms, owned())
    look_ms = at_ms + fresh_ms if rule.news else None
    return Turn(turn.entries + new.entries, turn.events + new.events, look_ms)


def fired(rule: Rule, org: str, subject: str, since_ms: int, at_ms: int, owned: Owned) -> Turn:
    """Return what to write and publish for an alert that fires."""
    alert_id = event_id(org, rule.name, subject, since_ms)
    entry = Entry(
        alert_id, rule.name, subject, since_ms, at_ms, owned.owner_id, owned.team_id, owned.manager_id, owned.value
    )
    return Turn((entry,), (AlertFired(**envelope(alert_id, org, subject, at_ms), data=_data(entry)),))


def resolved(org: str, entry: Entry, at_ms: int) -> Turn:
    """Return what to write and publish for an alert that resolves."""
    new = msgspec.structs.replace(entry, resolved_ms=at_ms)
    ids = event_id(org, entry.rule, entry.record, entry.since_ms, "resolved")
    data = msgspec.structs.replace(_data(entry), alert_id=entry.id)
    return Turn((new,), (AlertResolved(**envelope(ids, org, entry.record, at_ms), data=data),))


def envelope(id_: str, org: str, subject: str, at_ms: int) -> Mapping[str, Any]:
    """Return the attributes that all published events have."""
    return {
        "specversion": "1.0",
        "id": id_,
        "source": SOURCE,
        "subject": subject,
        "time": utc_text(at_ms),
        "orgid": org,
    }


def _data(entry: Entry) -> Alert:
    since = utc_text(entry.since_ms)
    return Alert(entry.rule, entry.record, since, entry.owner_id, entry.manager_id, entry.value)
