"""From accepted to visible: how long after the 202 the tables include an event.

Events go in over HTTP at a steady rate, ten a request; a batch is visible once the mark of its partition has passed the
position that the API answered.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import httpx2
import msgspec
from redis.asyncio import Redis

from bench.engines import API, MARKS, WORKER, Child, Servers, Topic, environment
from bench.mix import Event, mix
from crmpulse.embedded import free_port
from streams.commit import mark

PER_REQUEST = 10
POLL_SECONDS = 0.001
PATIENCE_SECONDS = 60.0


class Latency(NamedTuple):
    """Milliseconds from accepted to visible, and to acknowledged from sent, at so many events a second."""

    rate: int
    requests: int
    visible_p50_ms: float
    visible_p99_ms: float
    accepted_p99_ms: float


def measure(servers: Servers, topic: Topic, rate: int, seconds: int) -> Latency:
    """Run a worker and the API on an empty topic and empty tables, and send at a rate."""
    settings = environment(servers, topic) | {"CRMPULSE_HTTP": f"127.0.0.1:{free_port()}"}
    with Child(WORKER, settings), Child(API, settings):
        return asyncio.run(_measured(servers, settings["CRMPULSE_HTTP"], rate, seconds))


async def _measured(servers: Servers, http: str, rate: int, seconds: int) -> Latency:
    batches = _batches(mix(rate * (seconds + 2)))
    async with (
        httpx2.AsyncClient(base_url=f"http://{http}", timeout=30) as client,
        Redis(port=servers.redis_port) as redis,
    ):
        await _ready(client)
        sending = _Sending(client, redis)
        watching = asyncio.create_task(sending.watch())
        for batch in islice(batches, rate // PER_REQUEST):
            await sending.send(batch)  # connections, caches and the directory are there before anything is timed
        sending.forget()
        started, tasks = time.perf_counter(), []
        for number, batch in enumerate(islice(batches, rate * seconds // PER_REQUEST)):
            await asyncio.sleep(started + number * PER_REQUEST / rate - time.perf_counter())
            tasks.append(asyncio.create_task(sending.send(batch)))
        await asyncio.gather(*tasks)
        watching.cancel()
    visible, accepted = sorted(sending.visible_ms), sorted(sending.accepted_ms)
    return Latency(rate, len(visible), _quantile(visible, 0.5), _quantile(visible, 0.99), _quantile(accepted, 0.99))


class _Sending:
    """Sends batches and notes how long each took to be accepted, and from then on to be visible."""

    def __init__(self, client: httpx2.AsyncClient, redis: Redis) -> None:
        self.client, self.redis = client, redis
        self.applied: dict[int, int] = {}
        self.forget()

    def forget(self) -> None:
        self.visible_ms: list[float] = []
        self.accepted_ms: list[float] = []

    async def send(self, batch: bytes) -> None:
        sent = time.perf_counter()
        headers = {"content-type": "application/cloudevents-batch+json"}
        answer = await self.client.post("/v1/events", params={"org": "org-0"}, content=batch, headers=headers)
        answer.raise_for_status()
        accepted = time.perf_counter()
        partition, _, offset = answer.json()["position"].partition(":")
        await self._include(int(partition), int(offset))
        self.accepted_ms.append((accepted - sent) * 1000)
        self.visible_ms.append((time.perf_counter() - accepted) * 1000)

    async def _include(self, partition: int, offset: int) -> None:
        deadline = time.perf_counter() + PATIENCE_SECONDS
        while self.applied.get(partition, 0) <= offset:
            if time.perf_counter() > deadline:
                raise TimeoutError(f"offset {offset} of partition {partition} is not applied")
            await asyncio.sleep(POLL_SECONDS)

    async def watch(self) -> None:
        """Keep up with how far the tables are."""
        while True:
            found = map(mark, await self.redis.mget(MARKS))
            self.applied = {number: one.next for number, one in enumerate(found) if one}
            await asyncio.sleep(POLL_SECONDS)


async def _ready(client: httpx2.AsyncClient) -> None:
    deadline = time.perf_counter() + PATIENCE_SECONDS
    while time.perf_counter() < deadline:
        try:
            if (await client.get("/readyz")).is_success:
                return
        except httpx2.HTTPError:
            pass
        await asyncio.sleep(0.1)
    raise TimeoutError("the API is not ready")


def _batches(events: Iterator[Event]) -> Iterator[bytes]:
    while chunk := list(islice(events, PER_REQUEST)):
        yield msgspec.json.encode(chunk)


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
