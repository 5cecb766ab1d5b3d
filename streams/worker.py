"""The stream worker: a Faust application whose agent applies fetched batches to the tables."""

import asyncio
import gc
from collections.abc import Callable
from typing import cast

import faust
from faust.types import TP
from redis.exceptions import RedisError

from crmpulse.settings import Settings
from streams import layout, metrics, transport, watchdog
from streams.alerting import Alerting
from streams.alerts_goals import Standings
from streams.applier import Applier
from streams.connection import connect

WATCH_SECONDS = 5.0
STOP_SECONDS = 8.0
METADATA_MS = 5_000
"""How often to ask which partitions there are. A topic that went away says itself that it did; that it is back nobody says to who has
no partitions of it, and aiokafka would ask after 5 minutes."""
BUFFER_BATCHES = 2
"""Batches that are fetched ahead; what else would be in memory is the whole backlog."""


def run(settings: Settings, standings: Callable[[Settings], Standings]) -> None:
    """Run a worker until it is told to stop, by SIGINT or SIGTERM. Raises CannotStartError before Faust has a say.

    ``standings`` makes what tells how goals stand.
    """
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    app = create_app(loop.run_until_complete(_located(settings)), standings)
    worker = Worker(app, loop=loop, quiet=True, override_logging=False, redirect_stdouts=False, console_port=0)
    try:
        loop.run_until_complete(app.applier.open())
        metrics.serve(settings)
    except BaseException:
        loop.run_until_complete(app.close())
        raise
    gc.freeze()
    try:
        worker.execute_from_commandline()
    finally:
        if worker.is_anew:
            watchdog.begin_anew()


async def _located(settings: Settings) -> Settings:
    """The settings with the topic that the tables are made of; without Redis the applier says what is wrong."""
    async with connect(settings) as redis:
        try:
            return await layout.located(redis, settings)
        except RedisError:
            return settings


def create_app(settings: Settings, standings: Callable[[Settings], Standings]) -> "App":
    """Return the Faust application, whose applier has yet to be opened."""
    session_seconds = settings.session_timeout_ms / 1000
    app = App(
        settings.group,
        broker=[f"{transport.SCHEME}://{address}" for address in settings.kafka.split(",")],
        broker_credentials=transport.credentials(settings),
        broker_max_poll_records=settings.batch_records,
        broker_session_timeout=session_seconds,
        broker_rebalance_timeout=session_seconds,
        broker_heartbeat_interval=session_seconds / 5,
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=8 << 20,
        consumer_metadata_max_age_ms=METADATA_MS,
        key_serializer="raw",
        value_serializer="raw",
        store="memory://",
        stream_buffer_maxsize=BUFFER_BATCHES,
        stream_wait_empty=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
    )
    applier = app.applier = Applier(settings, app)
    transport.register(applier.resume)

    @app.agent(app.topic(settings.events_topic, value_serializer="raw"))
    async def apply(batches: faust.StreamT[transport.Batch]) -> None:
        async for batch in batches:
            await applier.apply(batch)

    @app.timer(WATCH_SECONDS)  # type: ignore[untyped-decorator]
    async def watch() -> None:
        held = sorted(applier.progress.held)
        found = await asyncio.gather(*(applier.consumer.end(TP(settings.events_topic, number)) for number in held))
        ends = dict(zip(held, found, strict=True))
        metrics.LAG.clear()
        for number, end in ends.items():
            metrics.LAG.labels(number).set(max(0, end - applier.progress.next.get(number, 0)))
        watchdog.check(applier.progress, ends, settings.stall_seconds)

    @app.task  # type: ignore[untyped-decorator]
    async def guard() -> None:
        watchdog.end_blocked(applier.progress, settings.stall_seconds)

    @app.timer(WATCH_SECONDS)  # type: ignore[untyped-decorator]
    async def follow() -> None:
        await applier.follow()

    app.standings = standings(settings)
    alerting = Alerting(settings, applier, app.standings)
    for task in (alerting.look, alerting.publish, alerting.ask, applier.forward):
        app.task(task)
    return app


class Worker(faust.Worker):
    """A Faust worker that ends in time, whatever has become of broker and Redis meanwhile."""

    is_anew = False
    """Whether it stops only to begin anew, as the tables are made of another topic now."""

    async def stop(self) -> None:
        """Stop in order; what cannot be told to a broker that is gone is not waited for."""
        self.is_anew = cast(App, self.app).applier.has_moved
        watchdog.end_within(STOP_SECONDS, anew=self.is_anew)
        await super().stop()


class App(faust.App):
    """A Faust application that closes after itself what its agent needs."""

    applier: Applier
    standings: Standings

    def _create_directories(self) -> None:
        """Make none: they are for Faust's tables, and where a container starts nothing can be made."""

    async def on_stop(self) -> None:
        """Let go of the connections after Faust did."""
        await super().on_stop()
        await self.close()

    async def close(self) -> None:
        """Let go of the connections."""
        await self.standings.close()
        await self.applier.close()
