"""A whole service of crmpulse to be measured: a worker and the API, which begin with an empty topic and empty tables."""

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

import httpx2
from redis import Redis

from bench import ours
from bench.mix import Event
from bench.process import CannotMeasureError, Child, Servers
from bench.publish import Topic, empty, publish
from bench.usage import Account, Usage, peak_mib
from crmpulse.embedded import free_port

PATIENCE_SECONDS = 60.0
POLL_SECONDS = 0.1
UNLIMITED = 1 << 30


class Answers(NamedTuple):
    """How often something was asked, how often refused or not answered in time, and in how many ms the others were answered."""

    asked: int
    refused: int
    p50_ms: float
    p99_ms: float


class Service(NamedTuple):
    """Where it is, and its processes."""

    servers: Servers
    topic: Topic
    address: str
    worker: Child
    redis: Redis
    client: httpx2.Client

    def feed(self, events: Iterable[Event]) -> Usage:
        """Publish events; return what it took until the tables included them all."""
        before = ours.applied(self.redis)
        first = Account.of(before, [self.worker.pid], self.servers.pids)
        due = before + publish(self.servers.kafka, self.topic.name, events)
        last = next(ours.accounts(self.servers, self.redis, [self.worker], [due]))
        return first.until(last, peak_mib(self.worker.pid))

    def ask(self, path: str, seconds: float, most: int = UNLIMITED) -> Answers:
        """Ask the same again and again, for so long and so often at most, once at least.

        A refusal of what is not there or not allowed is a CannotMeasureError; what the service cannot do now is counted.
        """
        took_ms: list[float] = []
        refused, until = 0, time.monotonic() + seconds
        while len(took_ms) + refused < most and (time.monotonic() < until or not (took_ms or refused)):
            asked = time.perf_counter()
            if self._answered(path):
                took_ms.append((time.perf_counter() - asked) * 1000)
            else:
                refused += 1
        return Answers(len(took_ms) + refused, refused, quantile(took_ms, 0.5), quantile(took_ms, 0.99))

    def _answered(self, path: str) -> bool:
        try:
            answer = self.client.get(path)
        except httpx2.TimeoutException:
            return False
        if answer.is_client_error:
            raise CannotMeasureError(f"{path} was answered with {answer.status_code}: {answer.text[:500]}")
        return bool(answer.is_success)


@contextmanager
def running(servers: Servers, **settings: str) -> Iterator[Service]:
    """Run a worker and the API; ``settings`` are more of theirs, in lower case and without prefix."""
    topic, address = empty(servers.kafka), f"127.0.0.1:{free_port()}"
    more = {f"CRMPULSE_{name.upper()}": value for name, value in settings.items()}
    environment = ours.settings(servers, topic) | {"CRMPULSE_HTTP": address} | more
    with ExitStack() as stack:
        redis = stack.enter_context(Redis(port=servers.redis_port))
        client = stack.enter_context(httpx2.Client(base_url=f"http://{address}", timeout=PATIENCE_SECONDS))
        worker, api = (stack.enter_context(Child(command, environment)) for command in (ours.WORKER, ours.API))
        _ready(client, (worker, api))
        yield Service(servers, topic, address, worker, redis, client)


def quantile(figures: Iterable[float], share: float) -> float:
    """Return the figure that such a share of all does not exceed, nan of none."""
    ordered = sorted(figures) or [math.nan]
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def _ready(client: httpx2.Client, processes: Sequence[Child]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        ended = next((process for process in processes if process.poll() is not None), None)
        if ended:
            raise CannotMeasureError(f"the service ended:\n{ended.last_words()}")
        try:
            if client.get("/readyz").is_success:
                return
        except httpx2.HTTPError:
            pass
        time.sleep(POLL_SECONDS)
    raise CannotMeasureError(f"the API is not ready after {PATIENCE_SECONDS:.0f} s")
