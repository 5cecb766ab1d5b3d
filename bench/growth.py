"""How costs grow with events and users: processor time of an event, and what it leaves in Redis and in the worker."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from bench import service
from bench.census import Weight, census
from bench.mix import Event, Shape, mix
from bench.process import Servers
from bench.usage import Usage

DAYS = 365
ACTIVITIES = ("call", "email")


class Growth(NamedTuple):
    """What the last events took, and what all of them left: bytes in Redis a piece, MiB at most of the worker."""

    users: int
    events: int
    usage: Usage
    redis_mib: float
    per_user_day: float
    per_record: float
    per_activity: float
    drill_down_per_event: float


class _Held:
    """What the events are of: how many days of users, records and activities."""

    def __init__(self) -> None:
        self.user_days: set[tuple[str, str]] = set()
        self.subjects: set[str] = set()
        self.activities = 0

    def noted(self, events: Iterable[Event]) -> Iterator[Event]:
        """Pass events on, and note what they are of."""
        for event in events:
            subject = event["subject"]
            if "actorid" in event:
                self.user_days.add((event["actorid"], event["time"][:10]))
            if subject.startswith(ACTIVITIES):
                self.activities += 1
            else:
                self.subjects.add(subject)
            yield event


def measure(servers: Servers, stages: list[int], users: int) -> Iterator[Growth]:
    """Feed a year of one organisation's events, stage by stage, and weigh after each."""
    shape = Shape(users=users, teams=max(1, users // 12), days=DAYS)
    held = _Held()
    events = held.noted(mix(stages[-1], shape))
    with service.running(servers) as one:
        fed = 0
        for stage in stages:
            used = one.feed(islice(events, stage - fed))
            fed = stage
            yield _weighed(users, stage, used, held, census(one.redis), one)


def _weighed(
    users: int, events: int, used: Usage, held: _Held, weights: Mapping[str, Weight], one: service.Service
) -> Growth:
    sizes = {kind: weight.size for kind, weight in weights.items()}
    return Growth(
        users,
        events,
        used,
        one.redis.info("memory")["used_memory"] / (1 << 20),
        sizes["user rows"] / max(1, len(held.user_days)),
        sizes["records"] / max(1, len(held.subjects)),
        sizes["activities"] / max(1, held.activities),
        sizes["drill-down"] / events,
    )
