"""From accepted to visible: how long after the 202 the tables include an event, at shares of the maximal rate.

Events go in over HTTP at a steady rate; a request is visible once the mark of its partition has passed the position that the
API answered.
"""

import asyncio
import time
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

import httpx2
import msgspec
from redis.asyncio import Redis

from bench import service
from bench.mix import ONE, Event, mix
from bench.ours import MARKS
from bench.process import Servers
from bench.service import quantile
from streams.mark import mark

SHARES = (0.01, 0.1, 0.5)
REQUESTS_PER_SECOND, MOST_PER_REQUEST = 50, 500
WARM_SECONDS = 3
"""Connections, caches and the directory are there before anything is timed."""
POLL_SECONDS = 0.001
PATIENCE_SECONDS = 60.0


class Latency(NamedTuple):
    """Milliseconds from accepted to visible, and from sent to accepted; ``rate`` and ``sent_rate``: events a second, due and done."""

    rate: float
    sent_rate: float
    requests: int
    visible_p50_ms: float
    visible_p99_ms: float
    accepted_p99_ms: float


def at_shares(servers: Servers, events: int, seconds: int) -> Iterator[tuple[float, Latency]]:
    """Find the maximal rate over so many events; then measure at shares of it, with a new service each."""
    with service.running(servers) as one:
        used = one.feed(mix(events))
    most = used.events / used.wall_s
    for share in SHARES:
        with service.running(servers) as one:
            yield share, asyncio.run(_measured(one, most * share, seconds))


async def _measured(one: service.Service, rate: float, seconds: int) -> Latency:
    size = max(1, min(MOST_PER_REQUEST, round(rate / REQUESTS_PER_SECOND)))
    due = rate / size
    before = max(ONE.announced, int(rate * WARM_SECONDS))
    events = mix(before + int(rate * seconds) + size)
    async with (
        httpx2.AsyncClient(base_url=f"http://{one.address}", timeout=PATIENCE_SECONDS) as client,
        Redis(port=one.servers.redis_port) as redis,
    ):
        sending = _Sending(client, redis)
        watching = asyncio.create_task(sending.watch())
        for batch in _batches(islice(events, before), MOST_PER_REQUEST):
            await sending.send(batch)
        sending.forget()
        started, tasks = time.perf_counter(), []
        for number, batch in enumerate(islice(_batches(events, size), max(1, int(due * seconds)))):
            await asyncio.sleep(started + number / due - time.perf_counter())
            tasks.append(asyncio.create_task(sending.send(batch)))
        took_s = time.perf_counter() - started
        await asyncio.gather(*tasks)
        watching.cancel()
    return Latency(
        rate,
        len(tasks) * size / took_s,
        len(tasks),
        quantile(sending.visible_ms, 0.5),
        quantile(sending.visible_ms, 0.99),
        quantile(sending.accepted_ms, 0.99),
    )


class _Sending:
    """Sends batches and notes how long each took to be accepted, and from then on to be visible."""

    def __init__(self, client: httpx2.AsyncClient, redis: Redis) -> None:
        self.client, self.redis = client, redis
        self.waiting: list[tuple[int, int, asyncio.Event]] = []
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
        included = asyncio.Event()
        self.waiting.append((int(partition), int(offset), included))
        await asyncio.wait_for(included.wait(), PATIENCE_SECONDS)
        self.accepted_ms.append((accepted - sent) * 1000)
        self.visible_ms.append((time.perf_counter() - accepted) * 1000)

    async def watch(self) -> None:
        """Tell those whose events are in the tables by now."""
        while True:
            applied = [one.next if one else 0 for one in map(mark, await self.redis.mget(MARKS))]
            due, self.waiting = self.waiting, []
            for partition, offset, included in due:
                if applied[partition] > offset:
                    included.set()
                else:
                    self.waiting.append((partition, offset, included))
            await asyncio.sleep(POLL_SECONDS)


def _batches(events: Iterator[Event], size: int) -> Iterator[bytes]:
    while chunk := list(islice(events, size)):
        yield msgspec.json.encode(chunk)
