"""The API on a socket of its own, listeners to it, and a writer of tables that goes on."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple, Self

import httpx
import uvicorn
from fastapi import FastAPI
from redis.asyncio import Redis

from aggregators.ledger import Entry, encode
from aggregators.tables import org_keys, shard
from api.app import create_app
from api.listening import Reader
from crmpulse.embedded import free_port
from crmpulse.settings import Settings
from events import partition_for
from streams import layout
from streams.commit import Store
from streams.partition import Partition
from tests.loading import PARTITIONS, NoProducer, record

ORG = "demo"
WAIT_SECONDS = 20.0
POLL_SECONDS = 0.01


class Writer:
    """Writes the tables of one organisation, as a worker does."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.redis = Redis.from_url(f"redis://{settings.redis}")
        self.count = 0

    async def __aenter__(self) -> Self:
        await layout.agree(self.redis, PARTITIONS)
        self.number = partition_for(ORG, PARTITIONS)
        self.partition = Partition(self.number, PARTITIONS, self.settings, Store(self.redis, "test"), NoProducer())
        await self.partition.claim(0)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.redis.aclose()

    async def tell(self, *events: dict[str, Any]) -> str:
        """Apply events, of now where they do not say when; return the position that the tables now include."""
        whole = [self._whole(number, event) for number, event in enumerate(events, self.count)]
        records = [record(offset, event, self.number) for offset, event in enumerate(whole, self.count)]
        await self.partition.apply(self.count, records)
        self.count += len(events)
        return f"{self.number}:{self.count - 1}"

    async def alert(self, *entries: Entry) -> None:
        """Write alerts to the ledger."""
        keys = org_keys(shard(self.number), ORG)
        await self.redis.hset(keys.alerts, mapping={entry.id: encode(entry) for entry in entries})
        await self.redis.incr(keys.alert_changes)

    def _whole(self, number: int, event: dict[str, Any]) -> dict[str, Any]:
        now = datetime.fromtimestamp(time.time(), UTC).isoformat()
        return {"specversion": "1.0", "id": str(number), "source": "/t", "time": now, "orgid": ORG, **event}


def call(number: int, owner: str = "ann") -> dict[str, Any]:
    """An outbound call."""
    return {
        "type": "crm.call.logged",
        "subject": f"call/{number}",
        "data": {"owner_id": owner, "direction": "outbound"},
    }


def won(number: int, amount: str, owner: str = "ann") -> dict[str, Any]:
    """A deal that was won."""
    data = {"owner_id": owner, "value": {"amount": amount, "currency": "EUR"}}
    return {"type": "crm.deal.won", "subject": f"deal/{number}", "data": data}


class Told(NamedTuple):
    """One event of the stream."""

    event: str
    data: dict[str, Any]
    id: str


class Stream:
    """What one listener hears."""

    def __init__(self, answer: httpx.Response) -> None:
        self.lines = answer.aiter_lines()

    async def next(self) -> Told:
        """The next event."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(WAIT_SECONDS):
            async for line in self.lines:
                name, _, value = line.partition(": ")
                if line and name:
                    fields[name] = value
                elif not line and fields:
                    return Told(fields["event"], json.loads(fields["data"]), fields.get("id", ""))
        raise EOFError("the stream ended")

    async def until(self, event: str, **wanted: Any) -> list[Told]:
        """All events up to one with these members."""
        heard = [await self.next()]
        while heard[-1].event != event or not wanted.items() <= heard[-1].data.items():
            heard.append(await self.next())
        return heard

    async def ended(self) -> bool:
        """Return once the stream has ended; fail where it does not."""
        try:
            while True:
                await self.next()
        except (EOFError, httpx.HTTPError):
            return True


class Site:
    """The API at an address."""

    def __init__(self, app: FastAPI, url: str) -> None:
        self.app = app
        self.client = httpx.AsyncClient(base_url=url, timeout=WAIT_SECONDS, limits=httpx.Limits(max_connections=None))

    @property
    def readers(self) -> list[Reader]:
        """The readers that read."""
        return [reader for reader in self.app.state.service.live.readers.values() if reader.running]

    @asynccontextmanager
    async def listen(self, query: str, **headers: str) -> AsyncIterator[Stream]:
        """Listen."""
        async with self.client.stream("GET", f"/v1/live?{query}", headers=headers) as answer:
            assert answer.status_code == 200, await answer.aread()
            assert answer.headers["content-type"].startswith("text/event-stream")
            yield Stream(answer)

    async def get(self, path: str) -> dict[str, Any]:
        """A JSON answer."""
        found: dict[str, Any] = (await self.client.get(path)).json()
        return found


@asynccontextmanager
async def site(settings: Settings) -> AsyncIterator[Site]:
    """Serve in this process, on a port of its own."""
    app, port = create_app(settings), free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, timeout_graceful_shutdown=1))
    serving = asyncio.create_task(server._serve())
    found = Site(app, f"http://127.0.0.1:{port}")
    try:
        await until(lambda: server.started)
        yield found
    finally:
        await found.client.aclose()
        server.should_exit = True
        await serving


async def until(reached: Callable[[], object]) -> None:
    """Return once something is so."""
    async with asyncio.timeout(WAIT_SECONDS):
        while not reached():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(POLL_SECONDS)
