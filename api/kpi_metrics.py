"""The KPIs, goals and alerts of all organisations for Prometheus, computed when they are asked for and something changed."""

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple

import structlog
from prometheus_client.core import GaugeMetricFamily
from redis.asyncio import Redis
from redis.exceptions import RedisError

from aggregators.tables import orgs
from api import gauges
from api.gauges import Gauge
from api.metrics_windows import windows
from api.org_metrics import LEVELS, Told, Values, tell, within
from api.positions import agreed
from api.query.engine import Engine
from api.query.overview import figures_each
from api.query.tables import Tables
from crmpulse.settings import Settings
from streams.layout import Layout

WAIT_SECONDS = 5.0
"""How long a scrape waits for a computation; after that it tells the numbers as they were."""

log = structlog.get_logger("crmpulse.api")


class _Organisation(NamedTuple):
    org: str
    tables: Tables
    version: bytes
    alerts: bytes


class KpiMetrics:
    """All organisations' KPIs and goals as gauges. However many ask at a time, they are computed once."""

    def __init__(self, redis: Redis, settings: Settings, engine: Engine) -> None:
        self.redis = redis
        self.settings = settings
        self.engine = engine
        self.windows = windows(settings.metrics_windows)
        self.levels = LEVELS[: max(2, LEVELS.index(settings.metrics_level) + 1)]
        self.told: dict[str, Told] = {}
        self.dropped = dict.fromkeys(self.levels, 0)
        self.failed = 0
        self.running: asyncio.Task[None] | None = None

    async def collect(self) -> list[GaugeMetricFamily]:
        """Return the gauges as of now, or as they were where that takes too long; no KPIs while Redis is away."""
        if self.running is None or self.running.done():
            self.running = asyncio.create_task(self._refresh())
        await asyncio.wait({self.running}, timeout=WAIT_SECONDS)
        return self._families()

    async def close(self) -> None:
        """Stop computing."""
        if self.running:
            self.running.cancel()
            await asyncio.wait({self.running})

    async def _refresh(self) -> None:
        try:
            found = await self._organisations()
        except (RedisError, OSError):
            self.told.clear()
            return
        most, each = self.settings.metrics_series, figures_each("org", len(self.windows))
        kept = found[: most // each]
        room, failed = most - each * len(kept), 0
        dropped = dict.fromkeys(self.levels, 0) | {"org": each * (len(found) - len(kept))}
        for one in kept:
            failed += not await self._current(one, room)
            if told := self.told.get(one.org):
                room -= sum(told.sizes[level] for level in told.levels if level != "org")
                for level in told.sizes.keys() - {*told.levels}:
                    dropped[level] += told.sizes[level]
        self.told = {one.org: self.told[one.org] for one in kept if one.org in self.told}
        self.dropped, self.failed = dropped, failed

    async def _organisations(self) -> list[_Organisation]:
        """All organisations by name, and where the tables of each stand."""
        names = await self._names()
        tables = [await self.engine.tables(org) for org in names]
        keys = [key for one in tables for key in (one.keys.version, one.keys.alert_changes)]
        changes: list[Any] = [change or b"" for change in await self.redis.mget(keys)] if keys else []
        return [_Organisation(*one) for one in zip(names, tables, changes[::2], changes[1::2], strict=True)]

    async def _names(self) -> list[str]:
        """The names of all organisations, under the layout that holds."""
        found: Layout | None = None
        listed: list[list[bytes]] = []
        # It may be another one by the time that all is read.
        while found != (now := await agreed(self.redis, self.settings)):
            found = now
            async with self.redis.pipeline(transaction=False) as pipe:
                for prefix in found.shards():
                    pipe.zrange(orgs(prefix), 0, -1)
                listed = await pipe.execute()
        return sorted(org.decode() for of_partition in listed for org in of_partition)

    async def _current(self, one: _Organisation, room: int) -> bool:
        """Have what is told of an organisation be that of now; False where it stays as it was, which stops no other."""
        known = self.told.get(one.org)
        if known and known.holds(one.version, one.alerts, within(known.sizes, room)):
            return True
        fresh = self.settings.metrics_fresh_seconds
        try:
            self.told[one.org] = await tell(one.org, one.tables, self.windows, self.levels, room, fresh, one.alerts)
        except Exception as error:
            # Its message may have values of a customer.
            log.error("cannot compute the metrics of an organisation", org=one.org, error=type(error).__name__)
            return False
        return True

    def _families(self) -> list[GaugeMetricFamily]:
        told = [one.values for one in self.told.values()]
        families = [_merged(gauge, told) for gauge in (*gauges.OF_KPIS.values(), *gauges.OF_GOALS)]
        return [
            *families,
            _merged(gauges.FIRING, told),
            gauges.SERIES.family({(): sum(len(family.samples) for family in families)}),
            gauges.DROPPED.family({(level,): count for level, count in self.dropped.items()}),
            gauges.FAILED.family({(): self.failed}),
        ]


def _merged(gauge: Gauge, told: Sequence[Values]) -> GaugeMetricFamily:
    return gauge.family({labels: value for one in told for labels, value in one.get(gauge.name, {}).items()})
