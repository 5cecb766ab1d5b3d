"""The alerts of one partition: what is due is looked at, and what comes of it is written where the tables still stand.

Nothing fires for what an unread part of the log may have settled: alerts wait until all of it has been applied, or all that was
appended up to an instant a moment ago.
"""

import asyncio
from collections.abc import Awaitable, Callable

from aiokafka import AIOKafkaProducer

from aggregators import alerts
from aggregators.alerts import BY_NAME, causes
from aggregators.catalogue import plan
from aggregators.contribution import Plan, contribution
from aggregators.ledger import Owned, Turn, look
from aggregators.org import Org
from aggregators.record import UNKNOWN, Record, decode_record
from aggregators.shard import Load
from aggregators.story import story
from streams import metrics
from streams.alerts_ledger import FORGET, Changes, Ledger, Look
from streams.commit import Answer, At
from streams.mark import Mark
from streams.partition import Partition

MOST_LOOKS = 500
MOST_TOLD = 500
BEHIND_MS = 5_000
"""How far behind the present a partition may be under load and still fire, up to where it is."""

NEVER_MS = 1 << 62

HasAll = Callable[[int, int], Awaitable[bool]]
"""Tells of a partition whether its log ends at an offset."""


class Alerts:
    """What fires and resolves in a partition, as its only writer. Faults of Redis and Kafka raise, and nothing is lost."""

    def __init__(self, partition: Partition, has_all: HasAll) -> None:
        self.partition = partition
        self.has_all = has_all
        self.ledger = Ledger(partition.store, partition.prefix)
        self.has_told = True

    async def tick(self, now_ms: int) -> None:
        """Look at what is due, some of it where it is much; what is left is due the next time."""
        partition = self.partition
        if partition.due_ms > now_ms:
            return
        async with partition.lock:
            at_ms, mark = await self.applied_ms(now_ms), partition.mark
            if at_ms is None or mark is None:
                return
            looks, later_ms = await self.ledger.due(at_ms, MOST_LOOKS)
            partition.due_ms = NEVER_MS if later_ms is None else later_ms
            if looks:
                await self.write(await self._looked(looks, at_ms, mark))

    async def applied_ms(self, now_ms: int) -> int | None:
        """Return the instant up to which all is applied that happened and was told, None where that is long ago."""
        mark = self.partition.mark
        if mark is None:
            return None
        if await self.has_all(self.partition.number, mark.next):
            return now_ms
        return min(mark.highest_ms, now_ms) if mark.highest_ms > now_ms - BEHIND_MS else None

    async def write(self, changes: Changes) -> bool:
        """Write changes, with the partition's lock held; tell whether they are."""
        mark = self.partition.mark
        self.has_told |= bool(changes.outbox)  # also where the answer is lost: what was written is there then
        if mark is None or await self.ledger.write(mark, changes) is not Answer.OK:
            return False  # whoever writes the next batch finds out why
        for entry in (entry for turn in changes.turns for entry in turn.entries):
            (metrics.RESOLVED if entry.resolved_ms else metrics.FIRED).labels(entry.rule).inc()
        return True

    async def publish(self, producer: AIOKafkaProducer, topic: str) -> None:
        """Publish what waits for it. What the broker has acknowledged and is still there after a crash is published again."""
        while self.has_told:
            self.has_told = False
            try:
                told = await self.ledger.outbox(MOST_TOLD)
                await asyncio.gather(*[await producer.send(topic, each.event, each.org) for each in told])
                if told:
                    await self.ledger.published(told)
            except BaseException:
                self.has_told = True
                raise
            self.has_told |= bool(told)

    def changes(self) -> Changes:
        """Return changes, none so far."""
        return Changes(self.partition.prefix, self.partition.settings.alert_kept_days)

    async def _looked(self, looks: list[Look], at_ms: int, mark: Mark) -> Changes:
        partition, changes, at = self.partition, self.changes(), At(self.partition.prefix, mark)
        orgs = {each.org: await partition.store.driven(partition.shard.directory(each.org), at) for each in looks}
        keys = [self.ledger.of(each.org).record(each.subject) for each in looks]
        states = await partition.store.answer(Load(keys), at)
        for each, state in zip(looks, states, strict=True):
            if each.rule == FORGET:
                changes.forget(each, at_ms)
            else:
                record = decode_record(state) if state else UNKNOWN
                changes.take(each.org, each.member, self._turn(each, record, orgs[each.org], at_ms))
        return changes

    def _turn(self, each: Look, record: Record, org: Org, at_ms: int) -> Turn:
        since_ms = causes_of(each.subject, record, org, plan(self.partition.settings.enable)).get(each.rule)

        def owned() -> Owned:
            return owned_by(each.rule, record, org, at_ms)

        return look(
            BY_NAME[each.rule], each.org, each.subject, each.entry, since_ms, at_ms, self.partition.fresh_ms, owned
        )


def causes_of(subject: str, record: Record, org: Org, kept: Plan) -> dict[str, int]:
    """Return since when (ms) which rules hold for a record."""
    entity = subject.partition("/")[0]
    return causes(contribution(entity, record, org, kept)) if record.entries else {}


def owned_by(rule: str, record: Record, org: Org, at_ms: int) -> Owned:
    """Return whose a record is, and what its rule tells of it."""
    told = story(record)
    facts = told.final if told else {}
    user, team = facts.get("owner_id"), facts.get("team_id")
    manager = alerts.manager(org, user, team, at_ms)
    return Owned(user, None if user else team, manager, BY_NAME[rule].value(facts))
