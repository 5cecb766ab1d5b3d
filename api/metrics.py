"""What this process of the API did, for Prometheus."""

import time
from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, disable_created_metrics
from starlette.types import ASGIApp, Message, Receive, Scope, Send

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH")
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    """The metrics of one application, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.waits = Waits()
        ProcessCollector(registry=self.registry)
        self.requests = Counter(
            "crmpulse_http_requests",
            "HTTP requests answered, by method, route and status.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.duration = Histogram(
            "crmpulse_http_request_duration_seconds",
            "Time from the head of a request to the end of its answer, by route; of streams, which have no end, none.",
            ("method", "route"),
            buckets=SECONDS,
            registry=self.registry,
        )
        self.accepted = Counter(
            "crmpulse_events_accepted",
            "Events that the broker acknowledged before their request was answered.",
            registry=self.registry,
        )


class Waits:
    """For how long events may have waited to be counted, as far as who asks again and again can tell."""

    def __init__(self) -> None:
        self.started_ms = time.time() * 1000
        self.none_ms: dict[int, float] = {}

    def seconds(self, lags: Mapping[int, int], appended_ms: Mapping[int, int]) -> dict[int, float]:
        """Return seconds by partition: 0 where none waits, else those since none was seen to wait.

        ``appended_ms`` is when the last event that was applied was appended, 0 where none was: nothing before it waits.
        """
        now_ms, found = time.time() * 1000, {}
        for partition, lag in lags.items():
            if lag <= 0:
                self.none_ms[partition] = now_ms
            since_ms = max(appended_ms[partition] or self.started_ms, self.none_ms.get(partition, 0))
            found[partition] = max(0.0, now_ms - since_ms) / 1000
        return found


class Measured:
    """Counts and times the requests of an application."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request by the application, and take note."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status, streams, start = 500, False, time.perf_counter()

        async def noted(message: Message) -> None:
            nonlocal status, streams
            if message["type"] == "http.response.start":
                status = message["status"]
                streams = any(value.startswith(b"text/event-stream") for _, value in message["headers"])
            await send(message)

        try:
            await self.app(scope, receive, noted)
        finally:
            method = scope["method"] if scope["method"] in METHODS else "other"
            route = getattr(scope.get("route"), "path", "none")
            self.metrics.requests.labels(method, route, status).inc()
            if not streams:
                self.metrics.duration.labels(method, route).observe(time.perf_counter() - start)
