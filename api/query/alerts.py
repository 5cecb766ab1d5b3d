"""The alerts of an organisation: as the ledger has them, with the names and the owners of now."""

import asyncio
import time
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from aggregators.alerts import manager
from aggregators.ledger import Ack, Entry, acknowledged, encode, read_ack, read_entry
from aggregators.org import Org
from aggregators.record import Record
from aggregators.windows import utc_text
from api.query.errors import UnknownError, UnsettledError
from api.query.facts import known
from api.query.tables import Directory, Tables
from streams.cluster import naming

STATES = ("firing", "resolved")
CLOSED_SECONDS, CLOSED_TRIES = 0.05, 200

ACKNOWLEDGE = """
local owner = redis.call('GET', KEYS[3])
if owner and string.sub(owner, 1, 7) == 'closed ' then return owner end
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end
if redis.call('HSETNX', KEYS[1], ARGV[2], ARGV[3]) == 1 then redis.call('INCR', KEYS[2]) end
return 1
"""


async def alerts(
    tables: Tables, state: str = "", *, rule: str = "", scope: str = "", only: str = ""
) -> list[dict[str, Any]]:
    """Return alerts as the contract forms them, the latest first: all, or those of a state, a rule, a scope, or one id.

    It is an answer of its own, not a part of another one: it settles the tables itself.
    """

    async def ask(directory: Directory) -> list[dict[str, Any]]:
        found = (await tables.hashes([tables.keys.alerts]))[tables.keys.alerts]
        entries = [
            e for e in _entries(found) if state in ("", _state(e)) and rule in ("", e.rule) and only in ("", e.id)
        ]
        records = await tables.records({e.record for e in entries})
        now_ms = int(time.time() * 1000)
        kind, _, name = scope.partition(":")
        members = {*directory.teams.members(name, now_ms)} if kind == "team" else {name}
        below = directory.teams.below(name) if kind == "team" else set[str]()
        current = [_current(e, directory.org, records, now_ms) for e in entries]
        chosen = [e for e in current if scope in ("", "org") or e.owner_id in members or e.team_id in below]
        chosen.sort(key=lambda e: (-e.since_ms, e.id))
        return [_told(e, directory.org, records, found) for e in chosen]

    return await tables.settled(ask)


async def acknowledge(tables: Tables, alert_id: str, by: str, scope: str = "") -> dict[str, Any]:
    """Note who acknowledged an alert, the first one for good, and return it; UnknownError where there is none in the scope."""
    ack = Ack(by, int(time.time() * 1000))
    for _ in range(CLOSED_TRIES):
        if not await alerts(tables, only=alert_id, scope=scope):
            raise UnknownError("alert", alert_id, [])
        if await _noted(tables, alert_id, ack):
            return (await alerts(tables, only=alert_id, scope=scope))[0]
        await asyncio.sleep(CLOSED_SECONDS)
    raise UnsettledError


async def _noted(tables: Tables, alert_id: str, ack: Ack) -> bool:
    """Note who acknowledged an alert; tell whether that is done, which has to wait while a rebuild switches."""
    keys, script = tables.keys, tables.redis.register_script(ACKNOWLEDGE)
    args = alert_id, acknowledged(alert_id), encode(ack)
    closed = await script(keys=naming(keys.alerts, keys.alert_changes, keys.owner), args=args)
    if isinstance(closed, bytes):
        await tables.follow(closed)
        return False
    return True


def _entries(found: Mapping[bytes, bytes]) -> Iterator[Entry]:
    return (read_entry(packed) for field, packed in found.items() if not field.endswith(acknowledged("").encode()))


def _state(entry: Entry) -> str:
    return STATES[bool(entry.resolved_ms)]


def _facts(entry: Entry, org: Org, records: Mapping[str, Record]) -> Mapping[str, Any]:
    """What is known now of an alert's record."""
    if entry.record.startswith("goal/"):
        return org.entries.get(entry.record, {})
    return known(records.get(entry.record))


def _current(entry: Entry, org: Org, records: Mapping[str, Record], now_ms: int) -> Entry:
    """An alert that fires is who owns the record now; one that has resolved stays whose it was."""
    if entry.resolved_ms or entry.record.startswith("goal/"):
        return entry
    facts = _facts(entry, org, records)
    user = facts.get("owner_id")
    team = None if user else facts.get("team_id")
    return replace(entry, owner_id=user, team_id=team, manager_id=manager(org, user, team, now_ms))


def _told(entry: Entry, org: Org, records: Mapping[str, Record], found: Mapping[bytes, bytes]) -> dict[str, Any]:
    ack = found.get(acknowledged(entry.id).encode())
    return {
        "id": entry.id,
        "rule": entry.rule,
        "record": entry.record,
        "name": _facts(entry, org, records).get("name"),
        "owner_id": entry.owner_id,
        "owner_name": _name(org, entry.owner_id),
        "manager_id": entry.manager_id,
        "since": utc_text(entry.since_ms),
        "value": entry.value,
        "state": _state(entry),
        "fired_at": utc_text(entry.fired_ms),
        **({"resolved_at": utc_text(entry.resolved_ms)} if entry.resolved_ms else {}),
        **(_acknowledged(read_ack(ack)) if ack else {}),
    }


def _acknowledged(ack: Ack) -> dict[str, str]:
    return {"acknowledged_by": ack.by, "acknowledged_at": utc_text(ack.at_ms)}


def _name(org: Org, user: str | None) -> str | None:
    return str(org.entries.get(f"user/{user}", {}).get("name") or user) if user else None
