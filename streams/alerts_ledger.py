"""The ledger of alerts in Redis, as the only writer of a partition sees it: what is due, what fires, what is to be published."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from aggregators import alerts, tables
from aggregators.ledger import Entry, Turn, acknowledged, encode, read_entry
from aggregators.tables import OrgKeys, org_keys
from streams.cluster import naming
from streams.commit import COMPARE, EACH, POSITION, Answer, Store, flat
from streams.mark import Mark

FORGET = "forget"
"""Stands for a rule where an alert that has resolved is to be dropped; the id of the alert for a record."""

DAY_MS = 86_400_000

WRITE = """
local writes = cmsgpack.unpack(ARGV[4])
each(writes[1], 'ZREM', KEYS[3])
each(writes[2], 'ZADD', KEYS[3])
each(writes[3], 'HDEL', KEYS[4])
each(writes[4], 'HSET', KEYS[4])
for _, ledger in ipairs(writes[5]) do
  each(ledger[2], 'HSET', ledger[1])
  each(ledger[3], 'HDEL', ledger[1])
  redis.call('INCR', ledger[1] .. ':n')
end
for i = 1, #writes[6], 2 do each(writes[6][i + 1], 'HSET', writes[6][i]) end
for i = 1, #writes[7], 2 do each(writes[7][i + 1], 'HDEL', writes[7][i]) end
for i = 1, #writes[8], 2 do redis.call('XADD', KEYS[5], '*', 'org', writes[8][i], 'event', writes[8][i + 1]) end
return {'OK', stored}
"""


class Look(NamedTuple):
    """A rule and a record that are to be looked at, and the alert that fires for them."""

    member: str
    rule: str
    org: str
    subject: str
    entry: Entry | None


class Told(NamedTuple):
    """An event of the outbox."""

    id: bytes
    org: bytes
    event: bytes


class Changes:
    """What one or more looks change, in the form that the script takes."""

    def __init__(self, prefix: str, kept_days: int) -> None:
        self.prefix = prefix
        self.kept_ms = kept_days * DAY_MS
        self.turns: list[Turn] = []
        self.done: dict[str, None] = {}
        self.pending: dict[str, int] = {}
        self.ended: list[str] = []
        self.firing: dict[str, str] = {}
        self.ledgers: dict[str, tuple[dict[str, str], list[str]]] = defaultdict(lambda: ({}, []))
        self.seen: dict[str, dict[str, str]] = defaultdict(dict)
        self.unseen: dict[str, list[str]] = defaultdict(list)
        self.outbox: list[str] = []

    def take(self, org: str, member: str, turn: Turn) -> None:
        """Take what comes of looking at a rule and a record."""
        self.turns.append(turn)
        self.done[member] = None
        if turn.look_ms is not None:
            self.pending[member] = turn.look_ms
        entries, dropped = self.ledgers[org_keys(self.prefix, org).alerts] if turn.entries else ({}, [])
        for entry in turn.entries:
            entries[entry.id] = encode(entry).decode()
            if entry.resolved_ms:
                self.ended.append(member)
                self.pending[alerts.member(FORGET, org, entry.id)] = entry.resolved_ms + self.kept_ms
            else:
                self.firing[member] = entry.id
                dropped.append(acknowledged(entry.id))
        for event in turn.events:
            self.outbox += org, encode(event).decode()

    def forget(self, look: Look, at_ms: int) -> None:
        """Drop an alert from the ledger, unless it fires again."""
        self.done[look.member] = None
        if look.entry and 0 < look.entry.resolved_ms <= at_ms - self.kept_ms:
            self.ledgers[org_keys(self.prefix, look.org).alerts][1].extend([look.subject, acknowledged(look.subject)])

    def packed(self) -> bytes:
        """Return flat lists in msgpack."""
        ledgers = [(key, flat(entries, entries.values()), dropped) for key, (entries, dropped) in self.ledgers.items()]
        seen = flat(self.seen, (flat(fields, fields.values()) for fields in self.seen.values()))
        return msgspec.msgpack.encode([
            list(self.done), flat(self.pending.values(), self.pending), self.ended, flat(self.firing, self.firing.values()),
            ledgers, seen, flat(self.unseen, self.unseen.values()), self.outbox,
        ])  # fmt: skip


class Ledger:
    """The ledger of a partition. Connection faults raise ``redis.RedisError``."""

    def __init__(self, store: Store, prefix: str) -> None:
        self.redis, self.store, self.prefix = store.redis, store, prefix
        named = tables.pending(prefix), tables.firing(prefix), tables.outbox(prefix)
        self.keys = naming(f"{prefix}:mark", f"{prefix}:owner", *named)
        self._write = self.redis.register_script(POSITION + COMPARE + EACH + WRITE)

    async def due(self, at_ms: int, most: int) -> tuple[list[Look], int | None]:
        """Return what is to be looked at as of an instant, the oldest first; and if that is nothing, when there will be."""
        pending = tables.pending(self.prefix)
        found: Any = await self.redis.zrange(pending, "-inf", str(at_ms), byscore=True, offset=0, num=most)
        if found:
            return await self._looks([name.decode() for name in found]), 0
        later: Any = await self.redis.zrange(pending, 0, 0, withscores=True)
        return [], int(later[0][1]) if later else None

    async def firing(self, org: str, rule: str, subjects: Sequence[str]) -> dict[str, Look]:
        """Return, by record, the looks at a rule that are not asked for by their time."""
        looks = await self._looks([alerts.member(rule, org, subject) for subject in subjects])
        return {look.subject: look for look in looks}

    async def _looks(self, members: list[str]) -> list[Look]:
        """What is to be looked at with its alert; where one is to be dropped, its id stands for the record."""
        ids: Any = await self.redis.hmget(tables.firing(self.prefix), members) if members else []
        named = [alerts.named(member) for member in members]
        wanted = [id_.decode() if id_ else of[2] for id_, of in zip(ids, named, strict=True)]
        async with self.redis.pipeline(transaction=False) as pipe:
            for (_, org, _), alert_id in zip(named, wanted, strict=True):
                pipe.hget(self.of(org).alerts, alert_id)
            packed = await pipe.execute()
        entries = [read_entry(entry) if entry else None for entry in packed]
        return [Look(name, *of, entry) for name, of, entry in zip(members, named, entries, strict=True)]

    def of(self, org: str) -> OrgKeys:
        """Return the keys of an organisation."""
        return org_keys(self.prefix, org)

    async def write(self, at: Mark, changes: Changes) -> Answer:
        """Write changes if the tables still stand where they were looked at, and are ours."""
        args: list[Any] = [self.store.owner, at.next, at.packed(), changes.packed()]
        answer, _ = await self._write(keys=self.keys, args=args)
        return Answer(answer.decode())

    async def outbox(self, most: int) -> list[Told]:
        """Return the oldest events that wait to be published."""
        found: Any = await self.redis.xrange(tables.outbox(self.prefix), count=most)
        return [Told(id_, fields[b"org"], fields[b"event"]) for id_, fields in found]

    async def published(self, told: Sequence[Told]) -> None:
        """Take events out of the outbox, by their ids: whoever owns it now, these were published."""
        await self.redis.xdel(tables.outbox(self.prefix), *(each.id for each in told))

    async def goals(self) -> list[str]:
        """Return the organisations that have or had goals."""
        found: Any = await self.redis.zrange(tables.with_goals(self.prefix), 0, -1)
        return [org.decode() for org in found]

    async def versions(self, orgs: Sequence[str]) -> Mapping[str, bytes | None]:
        """Return the versions of organisations' tables."""
        found: Any = await self.redis.mget([self.of(org).version for org in orgs]) if orgs else []
        return dict(zip(orgs, found, strict=True))

    async def seen(self, org: str) -> tuple[dict[str, bytes], int]:
        """Return how an organisation's goals were seen, by id, and the offset at which it was last told history."""
        packed: Any = await self.redis.hgetall(self.of(org).goal_standings)
        offset = await self.redis.zscore(tables.history(self.prefix), org)
        return {name.decode(): each for name, each in packed.items()}, -1 if offset is None else int(offset)
