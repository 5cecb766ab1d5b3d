"""A whole service of crmpulse to be measured: a worker and the API, which begin with an empty topic and empty tables."""

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

    def ask(self, path: str) -> float:
        """Ask once; return the milliseconds until the answer was there. CannotMeasureError where it was refused."""
        asked = time.perf_counter()
        answer = self.client.get(path)
        took_ms = (time.perf_counter() - asked) * 1000
        if not answer.is_success:
            raise CannotMeasureError(f"{path} was answered with {answer.status_code}: {answer.text[:500]}")
        return took_ms


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
    """Return the figure that such a share of all does not exceed."""
    ordered = sorted(figures)
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
