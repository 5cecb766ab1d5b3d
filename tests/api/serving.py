"""The API in this process, events to send to it, and what it published."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord
from fastapi import FastAPI

from api.app import create_app
from api.service import Service
from crmpulse.settings import Settings

CALL: dict[str, Any] = {
    "specversion": "1.0",
    "id": "e1",
    "source": "/crm/test",
    "type": "crm.call.logged",
    "subject": "call/1",
    "time": "2026-01-05T10:00:00Z",
    "orgid": "demo",
    "data": {"owner_id": "u1", "direction": "outbound", "duration_ms": 90_000},
}


def event(**attributes: Any) -> bytes:
    """A call that was logged, with other attributes; None leaves one out."""
    merged = {name: value for name, value in {**CALL, **attributes}.items() if value is not None}
    return json.dumps(merged, ensure_ascii=False).encode()


@asynccontextmanager
async def serving(settings: Settings, **headers: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an API that is open; `service_of` gives what it consists of."""
    app = create_app(settings)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers) as client,
    ):
        yield client


def app_of(client: httpx.AsyncClient) -> FastAPI:
    """The application that a client of `serving` talks to."""
    transport = client._transport
    assert isinstance(transport, httpx.ASGITransport)
    assert isinstance(transport.app, FastAPI)
    return transport.app


def service_of(client: httpx.AsyncClient) -> Service:
    """What the application consists of."""
    found: Service = app_of(client).state.service
    return found


async def send(
    client: httpx.AsyncClient, body: bytes, content_type: str = "application/json", **params: str
) -> httpx.Response:
    """Publish, once the API has found its broker."""
    await service_of(client).publisher.connecting
    return await client.post("/v1/events", content=body, headers={"content-type": content_type}, params=params)


async def published(settings: Settings, count: int) -> list[ConsumerRecord]:
    """The first so many records of the events topic."""
    async with AIOKafkaConsumer(bootstrap_servers=settings.kafka, enable_auto_commit=False) as consumer:
        tps = [TopicPartition(settings.events_topic, number) for number in range(settings.partitions)]
        consumer.assign(tps)
        await consumer.seek_to_beginning(*tps)
        return [await consumer.getone() for _ in range(count)]
