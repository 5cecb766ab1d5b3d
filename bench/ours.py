"""Workers of crmpulse over a topic, from empty tables until all of its events are in them."""

import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from redis import Redis

from aggregators.tables import shard
from bench import tables, totals
from bench.process import PATIENCE_SECONDS, CannotMeasureError, Child, Servers
from bench.publish import PARTITIONS, Topic
from bench.usage import Account, Usage, peak_mib
from streams.mark import mark

POLL_SECONDS = 0.02
WORKER, API = ([sys.executable, "-m", "crmpulse", command] for command in ("worker", "api"))
MARKS = [f"{shard(number)}:mark" for number in range(PARTITIONS)]
TWELVE = (
    "calls_made,call_connect_rate,call_talk_time,emails_sent,meetings_held,tasks_completed,"
    "deals_created,deals_won,revenue_won,deals_lost,leads_created,tickets_created"
)
"""The KPIs that need the measures of `bench.totals.MEASURES`, and no others."""


def settings(servers: Servers, topic: Topic, enable: str = "") -> dict[str, str]:
    """Return the settings of a service that reads a topic, whose tables are emptied; ``enable`` names KPIs, empty: all."""
    with Redis(port=servers.redis_port) as redis:
        redis.flushall()
    return {
        "CRMPULSE_KAFKA": servers.kafka,
        "CRMPULSE_REDIS": f"127.0.0.1:{servers.redis_port}",
        "CRMPULSE_EVENTS_TOPIC": topic.name,
        "CRMPULSE_PARTITIONS": str(PARTITIONS),
        "CRMPULSE_GROUP": f"bench-{uuid.uuid4().hex}",
        "CRMPULSE_LOG_LEVEL": "warning",
        "CRMPULSE_ENABLE": enable,
    }


def measured(servers: Servers, topic: Topic, workers: int, enable: str) -> Usage:
    """Measure workers over the second half of a topic, and check what they counted."""
    with Redis(port=servers.redis_port) as redis:
        with running(workers, settings(servers, topic, enable)) as processes:
            first, last = accounts(servers, redis, processes, (topic.events // 2, topic.events))
            peak = sum(peak_mib(process.pid) for process in processes)
        totals.check_all("crmpulse", topic.totals, tables.counted(redis))
    return first.until(last, peak)


@contextmanager
def running(workers: int, environment: dict[str, str]) -> Iterator[list[Child]]:
    """Run workers for as long as the ``with`` lasts."""
    with ExitStack() as stack:
        yield [stack.enter_context(Child(WORKER, environment)) for _ in range(workers)]


def accounts(servers: Servers, redis: Redis, processes: Sequence[Child], stages: Sequence[int]) -> Iterator[Account]:
    """Read the accounts each time that so many events are in the tables, or a few more."""
    for events in stages:
        applied = _wait_for(redis, processes, events)
        yield Account.of(applied, [process.pid for process in processes], servers.pids)


def applied(redis: Redis) -> int:
    """Return how many events are in the tables."""
    return sum(found.next for found in map(mark, redis.mget(MARKS)) if found)


def _wait_for(redis: Redis, processes: Sequence[Child], events: int) -> int:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (now := applied(redis)) < events:
        ended = next((process for process in processes if process.poll() is not None), None)
        if ended or time.monotonic() > deadline:
            words = ended.last_words() if ended else ""
            raise CannotMeasureError(f"the workers stand at {now} events of {events}\n{words}")
        time.sleep(POLL_SECONDS)
    return now
