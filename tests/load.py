"""A load of events for tests of delivery: seeded, cheap to make, with repeats, poison and records on wrong partitions."""

from __future__ import annotations

import json
import random
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from confluent_kafka import Producer

from crmpulse.settings import Settings

USERS = 5
START_MS = 1_767_225_600_000  # 2026-01-01
PACE_MS, LATE_MS = 1_000, 3_600_000


class Item(NamedTuple):
    """A record to publish; a partition only where it is not the one of the key."""

    org: str
    value: bytes
    partition: int = -1


class Load:
    """`items` are the same for the same seed; `calls` has the outbound calls of each organisation, `poison` all bad ones."""

    def __init__(self, seed: int, orgs: int = 40, partitions: int = 12, poison_share: float = 0.005) -> None:
        self.random = random.Random(seed)
        self.orgs = [f"org {n}" for n in range(orgs)]
        self.partitions = partitions
        self.calls: Counter[str] = Counter()
        self.poison_share = poison_share
        self.poison = 0
        self._number = 0
        self._past: deque[Item] = deque(maxlen=1000)
        self._deals: dict[str, list[str]] = {org: [] for org in self.orgs}
        self._tasks: dict[str, list[str]] = {org: [] for org in self.orgs}

    def items(self, count: int) -> Iterator[Item]:
        """The next `count` records: repeats, poison and records of a wrong partition among them."""
        for _ in range(count):
            chance = self.random.random()
            if chance < self.poison_share:
                self.poison += 1
                org, value, _ = self._past[-1] if self._past else Item(self.orgs[0], b"{}")
                yield Item(org, value[:-9])
            elif chance < self.poison_share + 0.01 and self._past:
                yield self.random.choice(self._past)
            else:
                item = self._made(self.random.choice(self.orgs))
                self._past.append(item)
                yield item._replace(partition=self.random.randrange(self.partitions)) if chance > 0.99 else item

    def _made(self, org: str) -> Item:
        kind, subject, data = self._event(org)
        self._number += 1
        at_ms = START_MS + self._number * PACE_MS + self.random.randrange(LATE_MS)
        event = {
            "specversion": "1.0", "id": str(self._number), "source": "/load", "type": f"crm.{kind}", "subject": subject,
            "time": datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(), "orgid": org,
            "actorid": f"u{self.random.randrange(USERS)}", "data": data,
        }  # fmt: skip
        return Item(org, json.dumps(event).encode())

    def _event(self, org: str) -> tuple[str, str, dict[str, Any]]:
        chance, new = self.random.random(), f"{self._number}"
        if chance < 0.5:
            direction = self.random.choice(("inbound", "outbound"))
            self.calls[org] += direction == "outbound"
            return "call.logged", f"call/{new}", {"direction": direction, "duration_ms": self.random.randrange(90_000)}
        if chance < 0.7:
            return "email.logged", f"email/{new}", {"direction": "outbound", "thread_id": f"t{new}"}
        owner = {"owner_id": f"u{self.random.randrange(USERS)}"}
        tasks, deals = self._tasks[org], self._deals[org]
        if chance < 0.76 or not tasks:
            tasks.append(f"task/{new}")
            return "task.created", tasks[-1], {"due_date": "2026-01-20", **owner}
        if chance < 0.8:
            return "task.status_changed", self.random.choice(tasks), {"new": "done"}
        if chance < 0.86 or not deals:
            deals.append(f"deal/{new}")
            return "deal.created", deals[-1], {"value": self._money(), "pipeline_id": "p", "stage_id": "new", **owner}
        if chance < 0.95:
            return "deal.stage_changed", self.random.choice(deals), {"new_stage_id": f"s{self.random.randrange(4)}"}
        return "deal.won", self.random.choice(deals), {"value": self._money()}

    def _money(self) -> dict[str, str]:
        return {"amount": f"{self.random.randrange(10_000)}.{self.random.randrange(100):02}", "currency": "EUR"}


def publish(kafka: str, topic: str, items: Iterable[Item], **more: str) -> None:
    """Publish keyed by organisation as Java would, or as `more` says; return once all are acknowledged."""
    send(producer(kafka, **more), topic, items)


def publish_huge(settings: Settings, items: Iterable[Item]) -> None:
    """Publish records of any size to the events, compressed to what the topic takes."""
    publish(
        settings.kafka, settings.events_topic, items, **{"compression.type": "zstd", "message.max.bytes": "100000000"}
    )


def producer(kafka: str, **more: str) -> Producer:
    """Return a producer for `send`."""
    return Producer({"bootstrap.servers": kafka, "linger.ms": 5, "partitioner": "murmur2_random", **more})


def send(through: Producer, topic: str, items: Iterable[Item]) -> None:
    """Publish through a producer; return once all are acknowledged."""
    for org, value, partition in items:
        while True:
            try:
                through.produce(topic, value, org, partition)
                break
            except BufferError:
                through.poll(0.1)
    assert through.flush(60) == 0
