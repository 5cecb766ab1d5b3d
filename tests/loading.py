"""Events into real Redis through the partition writer, batch by batch, without a broker; and the API on top of it."""

import itertools
import json
from collections.abc import Sequence
from typing import Any

import httpx2
from aiokafka import AIOKafkaProducer
from aiokafka.structs import ConsumerRecord
from fastapi import FastAPI
from redis.asyncio import Redis

from api.app import create_app
from crmpulse.settings import Settings
from events import partition_for
from streams import layout
from streams.commit import Store
from streams.partition import Partition

Event = dict[str, Any]
PARTITIONS = 4


class NoProducer(AIOKafkaProducer):  # type: ignore[misc]
    """Stands where nothing is to be published: no dead letters, no records for other partitions."""

    def __init__(self) -> None:
        """Need no broker."""

    def __del__(self) -> None:
        """Have nothing to close."""

    async def send(self, *args: object, **kwargs: object) -> None:
        raise AssertionError(f"published: {args} {kwargs}")


def record(offset: int, event: Event, partition: int = 0, timestamp_ms: int = 0) -> ConsumerRecord:
    """Return an event as it is fetched."""
    value = json.dumps(event).encode()
    return ConsumerRecord("crm.events", partition, offset, timestamp_ms, 1, None, value, 0, 0, len(value), ())


async def load(settings: Settings, events: Sequence[Event], *batches: int) -> None:
    """Apply events of one organisation to empty tables in batches of so many, of these sizes in turns."""
    redis = Redis.from_url(f"redis://{settings.redis}")
    try:
        await redis.flushall()
        partitions = (await layout.agree(redis, PARTITIONS, settings.enable)).partitions
        number = partition_for(events[0]["orgid"], partitions)
        writer = Partition(number, partitions, settings, Store(redis, "test"), NoProducer())
        await writer.claim(0)
        records = [record(offset, event, number) for offset, event in enumerate(events)]
        start, sizes = 0, itertools.cycle(batches)
        while start < len(records):
            end = start + next(sizes)
            await writer.apply(start, records[start:end])
            start = end
    finally:
        await redis.aclose()


class Asking:
    """Asks the API of a service whose tables are loaded."""

    def __init__(self, settings: Settings, org: str) -> None:
        self.app: FastAPI = create_app(settings)
        self.org = org

    async def __aenter__(self) -> "Asking":
        self.lifespan = self.app.router.lifespan_context(self.app)
        await self.lifespan.__aenter__()
        self.client = httpx2.AsyncClient(transport=httpx2.ASGITransport(self.app), base_url="http://crmpulse")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.aclose()
        await self.lifespan.__aexit__(None, None, None)

    async def get(self, path: str, **params: str | Sequence[str]) -> Any:
        """Return the answer to a GET."""
        answer = await self.client.get(f"/v1/{path}", params={"org": self.org, **params})
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def value(self, kpi: str, **params: str | Sequence[str]) -> Any:
        """Return the value of a KPI."""
        return (await self.get(f"kpis/{kpi}", **params))["value"]

    async def groups(self, kpi: str, by: str, **params: str | Sequence[str]) -> dict[str, Any]:
        """Return the values of a KPI by one dimension."""
        answer = await self.get(f"kpis/{kpi}", by=by, limit="10000", **params)
        return {group["key"][by]: group["value"] for group in answer["groups"]}
