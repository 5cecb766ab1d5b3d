"""Whatever came in whatever order and whoever crashed when: in the end what fires is what the rules say, and that was told."""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec
import pytest
from redis.asyncio import Redis as Client

from crmpulse.settings import Settings
from events.instants import instant_ns
from streams import layout
from streams.alerts import Alerts
from streams.alerts_ledger import Changes
from streams.commit import Answer, Store
from streams.mark import Mark
from streams.partition import Partition
from tests.aggregators.test_alerts import stated
from tests.feed import HOME, PARTITIONS
from tests.histories import history
from tests.loading import NoProducer, record

ACME, *_ = HOME
NOW_MS = 1_800_000_000_000
EVER_MS = 4_000_000_000_000
EVENTS = 60

Firing = set[tuple[str, str, int]]


class CrashError(Exception):
    """The worker is gone."""


class Crew:
    """Workers that follow one another on a partition; each may be gone before or after it has written."""

    def __init__(self, redis: Client, rng: Random) -> None:
        self.redis = redis
        self.rng = rng
        self.count = 0

    async def join(self) -> None:
        """The next one takes over."""
        self.count += 1
        self.writer = Partition(0, PARTITIONS, Settings(), Store(self.redis, f"w{self.count}"), NoProducer())
        await self.writer.claim(0)
        self.writer.checked = True
        self.writer.begun_ms, self.writer.fresh_ms = 0, EVER_MS  # everything is news
        self.alerts = Alerts(self.writer, self._all_read)
        write = self.alerts.ledger.write

        async def crashing(at: Mark, changes: Changes) -> Answer:
            self._crash()
            answer = await write(at, changes)
            self._crash()
            return answer

        self.alerts.ledger.write = crashing  # type: ignore[method-assign]

    def _crash(self) -> None:
        if self.rng.random() < 0.1:
            raise CrashError

    async def tick(self, at_ms: int) -> None:
        """Look at what is due as of an instant, whoever does."""
        while True:
            try:
                self.writer.due_ms = 0
                await self.alerts.tick(at_ms)
                return
            except CrashError:
                await self.join()

    async def _all_read(self, *_: int) -> bool:
        return True


@pytest.mark.parametrize("seed", range(12))
async def test_what_fires_in_the_end_is_what_the_rules_say(redis: Client, seed: int) -> None:
    rng = Random(seed)
    events = history(rng, (ACME,), EVENTS)
    await layout.agree(redis, PARTITIONS)
    crew = Crew(redis, rng)
    await crew.join()
    at = 0
    while at < len(events):
        size = rng.randint(1, 9)
        records = [record(at + n, event, 0, NOW_MS) for n, event in enumerate(events[at : at + size])]
        await crew.writer.apply(at, records)
        at += size
        if rng.random() < 0.2:
            await crew.join()
        if rng.random() < 0.7:
            await crew.tick(rng.choice((EVER_MS, rng.randrange(1_300_000_000_000, NOW_MS))))
    expected: Firing = {(rule, subject, since_ms) for (rule, subject), since_ms in stated(events).items()}
    for _ in range(2):
        await crew.tick(EVER_MS)
        assert await ledger(redis) == await told(redis) == expected


async def ledger(redis: Client) -> Firing:
    """What fires, as the ledger has it, and the same as the list of what fires has it."""
    found: Any = await redis.hvals(f"{{1.p0}}:{ACME}:alerts")
    entries = [entry for entry in map(msgspec.json.decode, found) if not entry.get("resolved_ms")]
    ids: Any = await redis.hvals("{1.p0}:firing")
    assert sorted(entry["id"] for entry in entries) == sorted(map(bytes.decode, ids))
    return {(entry["rule"], entry["record"], entry["since_ms"]) for entry in entries}


async def told(redis: Client) -> Firing:
    """What fires to those who have heard all events."""
    firing: dict[str, tuple[str, str, int]] = {}
    outbox: Any = await redis.xrange("{1.p0}:outbox")
    for _, fields in outbox:
        event = msgspec.json.decode(fields[b"event"])
        if event["type"] == "crm.alert.fired":
            assert event["id"] not in firing
            firing[event["id"]] = event["data"]["rule"], event["subject"], _ms(event["data"]["since"])
        else:
            firing.pop(event["data"]["alert_id"])
    return {*firing.values()}


def _ms(text: str) -> int:
    return instant_ns(text) // 1_000_000
