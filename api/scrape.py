"""`GET /metrics`: the KPIs and goals of all organisations, how the service is, and what this process did."""

import asyncio
from collections.abc import Iterable, Mapping
from hmac import compare_digest
from pathlib import Path

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from api import gauges, reference
from api.auth import ASK, bearer
from api.health import Standing, standing, versions
from api.problems import Problem
from api.service import Service, service

router = APIRouter(tags=["Health"])


class Families(Collector):
    """Metrics that are there already, as a collector."""

    def __init__(self, families: Iterable[GaugeMetricFamily]) -> None:
        self.families = families

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Return the metrics."""
        return self.families


@router.get(
    "/metrics",
    response_class=Response,
    responses=reference.text("text/plain", "Prometheus's text format") | reference.errors(401, 403),
)
async def metrics(request: Request) -> Response:
    """Give Prometheus the KPIs and goals as gauges, and how the service is."""
    at = service(request)
    _need_token(request, at)
    kpis, stands = await asyncio.gather(at.kpi_metrics.collect(), standing(at))
    appended_ms = {number: mark.timestamp_ms for number, mark in (stands.marks or {}).items()}
    told = Families([*_of_service(stands, at.metrics.waits.seconds(stands.lags, appended_ms)), *kpis])
    # In a thread: it takes a while, and others are not to wait for it.
    return Response(await asyncio.to_thread(_text, told, at.metrics.registry), media_type=CONTENT_TYPE_LATEST)


def _of_service(stands: Standing, waited: Mapping[int, float]) -> list[GaugeMetricFamily]:
    letters = stands.ends.dead_letters
    return [
        gauges.BUILD.family({tuple(str(version) for version in versions(stands).values()): 1}),
        gauges.KAFKA_UP.family({(): stands.ends.known}),
        gauges.REDIS_UP.family({(): stands.marks is not None}),
        gauges.LAG.family({(str(partition),): max(0, lag) for partition, lag in stands.lags.items()}),
        gauges.FRESHNESS.family({(str(partition),): seconds for partition, seconds in waited.items()}),
        gauges.LETTERS.family({} if letters is None else {(): letters}),
    ]


def _text(told: Families, own: CollectorRegistry) -> bytes:
    return generate_latest(told) + generate_latest(own)


def _need_token(request: Request, at: Service) -> None:
    """Refuse who may not see the numbers of all organisations."""
    if not at.settings.tokens:
        at.tokens.caller(request)
        return
    if not at.settings.metrics_token:
        raise Problem(403, "forbidden", "Name with CRMPULSE_METRICS_TOKEN a file with the token that this is to want.")
    wanted = Path(at.settings.metrics_token).read_bytes().strip()
    if not wanted or not compare_digest(bearer(request).encode(), wanted):
        raise Problem(401, "unauthorized", "Send the token of CRMPULSE_METRICS_TOKEN: `Authorization: Bearer …`.", ASK)
