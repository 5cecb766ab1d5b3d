"""The engines, each run once over a topic in a process of its own, and what that took."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from redis import Redis

from aggregators.tables import shard
from bench import totals
from bench.publish import PARTITIONS
from bench.usage import REPORT, Usage, cpu_seconds, peak_mib
from streams.commit import mark

ROOT = Path(__file__).parents[1]
PATIENCE_SECONDS = 600.0
POLL_SECONDS = 0.02
WORKER, API = (["-m", "crmpulse", command] for command in ("worker", "api"))

MARKS = [f"{shard(number)}:mark" for number in range(PARTITIONS)]


class CannotMeasureError(Exception):
    """An engine did not come to its end; the message says where it stood."""


class Servers(NamedTuple):
    """Where the broker and the store are: addresses, and process ids for their accounts."""

    kafka: str
    broker_pid: int
    redis_port: int
    store_pid: int


class Topic(NamedTuple):
    """A filled topic: how many events it holds, and the calls among them."""

    name: str
    events: int
    calls: Mapping[str, int]


class Child(subprocess.Popen[bytes]):
    """Python at work in a folder of its own; it is ended with the ``with``, on Ctrl-C too."""

    def __init__(self, command: list[str], environment: Mapping[str, str]) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="crmpulse-bench-"))
        super().__init__(
            [sys.executable, *command],
            env={**os.environ, **environment, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
            cwd=self.folder,
            start_new_session=True,  # Ctrl-C is for us
        )

    def __exit__(self, *_: object) -> None:
        self.terminate()
        try:
            self.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()
            self.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Run(NamedTuple):
    """What an engine took; processor seconds of broker and store beside it."""

    usage: Usage
    broker_cpu_s: float
    store_cpu_s: float


def limit(servers: Servers, topic: Topic) -> Run:
    """Fetch and decode; every event must be usable."""
    with _accounts(servers) as others:
        usage, counted = _reported(["-m", "bench.limit"], servers, topic)
    totals.check("the limit", {"usable": topic.events}, counted)
    return Run(usage, *others)


def faust_agent(servers: Servers, topic: Topic) -> Run:
    """Count calls with an agent and a table of Faust."""
    with _accounts(servers) as others:
        command = ["-m", "bench.peers.faust_agent", "worker", "--without-web", "-l", "error"]
        usage, counted = _reported(command, servers, topic)
    totals.check("the Faust agent", topic.calls, counted)
    return Run(usage, *others)


def worker(servers: Servers, topic: Topic) -> Run:
    """Run one worker from empty tables, with every KPI on, until all events are in them."""
    settings = environment(servers, topic)
    with Redis(port=servers.redis_port) as redis:
        with _accounts(servers) as others, Child(WORKER, settings) as process:
            first = _when_applied(redis, process, 1)
            last = _when_applied(redis, process, topic.events)
            peak = peak_mib(process.pid)
        totals.check("the worker", topic.calls, totals.in_tables(redis))
    usage = Usage(last.events - first.events, last.cpu_s - first.cpu_s, last.wall_s - first.wall_s, peak)
    return Run(usage, *others)


def environment(servers: Servers, topic: Topic) -> dict[str, str]:
    """Return the settings of a service that reads a topic, whose tables are emptied."""
    with Redis(port=servers.redis_port) as redis:
        redis.flushall()
    return {
        "CRMPULSE_KAFKA": servers.kafka,
        "CRMPULSE_REDIS": f"127.0.0.1:{servers.redis_port}",
        "CRMPULSE_EVENTS_TOPIC": topic.name,
        "CRMPULSE_PARTITIONS": str(PARTITIONS),
        "CRMPULSE_GROUP": f"bench-{uuid.uuid4().hex}",
        "CRMPULSE_LOG_LEVEL": "warning",
    }


class _Moment(NamedTuple):
    events: int
    cpu_s: float
    wall_s: float


def _when_applied(redis: Redis, process: Child, events: int) -> _Moment:
    """Wait until at least so many events are in the tables."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (applied := sum(m.next for m in map(mark, redis.mget(MARKS)) if m)) < events:
        if process.poll() is not None or time.monotonic() > deadline:
            raise CannotMeasureError(f"the worker stands at {applied} events of {events}")
        time.sleep(POLL_SECONDS)
    return _Moment(applied, cpu_seconds(process.pid), time.monotonic())


def _reported(command: list[str], servers: Servers, topic: Topic) -> tuple[Usage, dict[str, int]]:
    """Run a process that measures itself; return what it used and counted."""
    told = {"KAFKA": servers.kafka, "TOPIC": topic.name, "EVENTS": topic.events, "PARTITIONS": PARTITIONS}
    environment = {f"BENCH_{name}": str(value) for name, value in told.items()}
    with Child(command, environment | {"BENCH_GROUP": f"bench-{uuid.uuid4().hex}"}) as process:
        process.wait(PATIENCE_SECONDS)
        report = json.loads((process.folder / REPORT).read_text())
    return Usage(*report["usage"]), report["counted"]


@contextmanager
def _accounts(servers: Servers) -> Iterator[list[float]]:
    """Fill the list with what broker and store used meanwhile, once the ``with`` ends."""
    pids = servers.broker_pid, servers.store_pid
    before = [cpu_seconds(pid) for pid in pids]
    spent: list[float] = []
    yield spent
    spent += [cpu_seconds(pid) - used for pid, used in zip(pids, before, strict=True)]
