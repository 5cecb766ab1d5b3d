"""The KPIs, goals and alerts of all organisations for Prometheus, computed when they are asked for and something changed."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from prometheus_client.core import GaugeMetricFamily
from redis.asyncio import Redis
from redis.exceptions import RedisError

from aggregators.tables import orgs, shard
from aggregators.windows import NAMES
from api import gauges
from api.gauges import Gauge
from api.org_metrics import LEVELS, Told, Values, tell, within
from api.positions import agreed
from api.query.engine import Engine
from api.query.errors import nearest
from api.query.overview import figures_each
from api.query.tables import Tables
from crmpulse.settings import PREFIX, Settings, SettingsError

WAIT_SECONDS = 5.0
"""How long a scrape waits for a computation; after that it tells the numbers as they were."""

log = structlog.get_logger("crmpulse.api")


class KpiMetrics:
    """All organisations' KPIs and goals as gauges. However many ask at a time, they are computed once."""

    def __init__(self, redis: Redis, settings: Settings, engine: Engine) -> None:
        self.redis = redis
        self.settings = settings
        self.engine = engine
        self.windows = windows(settings)
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
            keys = [key for one in found.values() for key in (one.keys.version, one.keys.alert_changes)]
            changes: list[Any] = await self.redis.mget(keys) if keys else []
        except (RedisError, OSError):
            self.told.clear()
            return
        each = figures_each("org", len(self.windows))
        room, fit = self.settings.metrics_series, self.settings.metrics_series // each
        dropped, failed = dict.fromkeys(self.levels, 0) | {"org": each * max(0, len(found) - fit)}, 0
        room -= each * min(fit, len(found))
        for number, (org, tables) in enumerate([*found.items()][:fit]):
            version, alerts = (change or b"" for change in changes[2 * number : 2 * number + 2])
            if not await self._current(org, tables, version, alerts, room):
                failed += 1
            for level, size in (self.told[org].sizes if org in self.told else {}).items():
                if level not in self.told[org].levels:
                    dropped[level] += size
                elif level != "org":
                    room -= size
        for org in self.told.keys() - [*found][:fit]:
            del self.told[org]
        self.dropped, self.failed = dropped, failed

    async def _organisations(self) -> Mapping[str, Tables]:
        found = await agreed(self.redis, self.settings)
        async with self.redis.pipeline(transaction=False) as pipe:
            for number in range(found.partitions):
                pipe.zrange(orgs(shard(number, found.layout)), 0, -1)
            listed = await pipe.execute()
        known = sorted(org.decode() for of_partition in listed for org in of_partition)
        return {org: await self.engine.tables(org) for org in known}

    async def _current(self, org: str, tables: Tables, version: bytes, alerts: bytes, room: int) -> bool:
        """Have what is told of an organisation be that of now; False where it stays as it was, which stops no other."""
        known = self.told.get(org)
        if known and known.holds(version, alerts, within(known.sizes, room)):
            return True
        fresh = self.settings.metrics_fresh_seconds
        try:
            self.told[org] = await tell(org, tables, self.windows, self.levels, room, fresh, alerts)
        except Exception as error:
            # Its message may have values of a customer.
            log.error("cannot compute the metrics of an organisation", org=org, error=type(error).__name__)
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


def windows(settings: Settings) -> Sequence[str]:
    """Return the windows that the settings name; SettingsError where one is none."""
    found = [*dict.fromkeys(name.strip() for name in settings.metrics_windows.split(",") if name.strip())]
    wrong = [name for name in found if name not in NAMES]
    if wrong or not found:
        near = [near for name in wrong for near in nearest(name, [*NAMES])]
        allowed = f"must be some of {', '.join(NAMES)}, with commas" + (f"; nearest: {', '.join(near)}" if near else "")
        raise SettingsError([f"{PREFIX}METRICS_WINDOWS={settings.metrics_windows!r}: {allowed}"])
    return found
