"""How the service is: for people and for probes."""

import asyncio
import importlib.metadata
from typing import Any, NamedTuple
from zlib import crc32

from fastapi import APIRouter, Request, Response
from redis.exceptions import RedisError

from aggregators.catalogue import KPIS
from aggregators.tables import LAYOUT
from api import reference, service_answers
from api.json_answer import JsonAnswer
from api.log import Ends
from api.positions import agreed
from api.problems import RETRY, Problem
from api.service import Service, reader, service
from streams.layout import Layout
from streams.mark import Mark, mark

REDIS_SECONDS = 2.0
MOST_LAG = 100_000
CATALOGUE = f"{crc32(repr([(kpi.id, kpi.version) for kpi in KPIS]).encode()):08x}"

router = APIRouter(tags=["Health"])


class Standing(NamedTuple):
    """Where log and tables stand; ``marks`` by partition is None while Redis is away."""

    layout: Layout | None
    marks: dict[int, Mark] | None
    ends: Ends

    @property
    def partitions(self) -> list[dict[str, Any]]:
        """Return each partition's log end, offset applied and what is between them, None where it is not known."""
        marks = self.marks or {}
        return [_partition(number, self.ends.events.get(number), marks.get(number)) for number in self.numbers]

    @property
    def numbers(self) -> list[int]:
        """Return the partitions."""
        return sorted({*self.ends.events, *(self.marks or {})})

    @property
    def lags(self) -> dict[int, int]:
        """Return how many events of each partition wait to be counted, of those where it is known."""
        return {one["partition"]: one["lag"] for one in self.partitions if one["lag"] is not None}

    @property
    def lag(self) -> int | None:
        """Return how many events wait to be counted."""
        lags = [partition["lag"] for partition in self.partitions]
        return None if None in lags or not lags else sum(lags)


@router.get("/v1/status", response_model=service_answers.Status, **reference.question("org"))
async def status(request: Request) -> Response:
    """Tell how far the tables are behind the log, by partition, and what the service consists of."""
    await reader(request, known=())
    at = service(request)
    stands = await standing(at)
    told = {
        "partitions": stands.partitions,
        "lag": stands.lag,
        "dead_letters": stands.ends.dead_letters,
        "kafka": {"address": at.settings.kafka, "answers": stands.ends.known},
        "redis": {"address": at.settings.redis, "answers": stands.marks is not None},
        "versions": versions(stands),
    }
    return JsonAnswer(told)


def versions(stands: Standing) -> dict[str, Any]:
    """Return the versions of what runs."""
    return {
        "crmpulse": importlib.metadata.version("crmpulse"),
        "layout": stands.layout.layout if stands.layout else LAYOUT,
        "catalogue": CATALOGUE,
    }


@router.get("/healthz", response_model=service_answers.Health)
async def alive() -> Response:
    """Tell that the process runs."""
    return JsonAnswer({"status": "alive"})


@router.get("/readyz", response_model=service_answers.Health, responses=reference.errors(503))
async def ready(request: Request) -> Response:
    """Tell whether broker, Redis and lag are fine."""
    stands = await standing(service(request))
    wrong = []
    if not stands.ends.known:
        wrong.append("The broker does not answer, or has no topics.")
    if stands.marks is None:
        wrong.append("Redis does not answer.")
    if (stands.lag or 0) > MOST_LAG:
        wrong.append(f"{stands.lag} events wait to be counted, more than {MOST_LAG}.")
    if wrong:
        raise Problem(503, "unavailable", " ".join(wrong), RETRY)
    return JsonAnswer({"status": "ready"})


async def standing(at: Service) -> Standing:
    """Return where log and tables stand; it does not raise."""
    try:
        async with asyncio.timeout(REDIS_SECONDS):
            found = await agreed(at.redis, at.settings)
            keys = [f"{prefix}:mark" for prefix in found.shards()]
            marks = {number: mark(packed) or Mark(0) for number, packed in enumerate(await at.redis.mget(keys))}
    except (RedisError, OSError):  # a TimeoutError is an OSError
        return Standing(None, None, await at.log.ends({}))
    applied = {number: each.next for number, each in marks.items()}
    return Standing(found, marks, await at.log.ends(applied, found.events_topic(at.settings)))


def _partition(number: int, end: int | None, stands: Mark | None) -> dict[str, Any]:
    applied = stands.next if stands else None
    lag = None if end is None or applied is None else end - applied
    return {"partition": number, "log_end": end, "applied": applied, "lag": lag}
