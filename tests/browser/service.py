"""The whole service for pages: broker, Redis, a worker and an API that can be stopped and started, each organisation new."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any, Self

import httpx

from crmpulse.embedded import Redis, Tansu, free_port
from crmpulse.settings import PREFIX, Settings
from streams.topics import ensure

WAIT_SECONDS = 60.0
POLL_SECONDS = 0.02
COMMAND = (sys.executable, "-c", "from crmpulse.cli import main; main()")


class Process:
    """`crmpulse worker` or `crmpulse api` with these settings."""

    def __init__(self, command: str, settings: Settings) -> None:
        self.command = command
        values = {PREFIX + name.upper(): str(value) for name, value in settings}
        self.environment = {**os.environ, **values, f"{PREFIX}LOG_LEVEL": "warning"}
        self.running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it."""
        self.running = subprocess.Popen(
            (*COMMAND, self.command), env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )

    def stop(self) -> int:
        """End it in order, within 10 s; return its exit code."""
        assert self.running
        self.running.terminate()
        try:
            return self.running.wait(10)
        finally:
            self.running.kill()
            self.running.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class Service:
    """Everything that runs; `with` starts it. ``tokens`` is a file of tokens, or empty."""

    def __init__(self) -> None:
        self.parts = ExitStack()

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.parts.close()
            raise
        return self

    def _start(self) -> None:
        kafka = self.parts.enter_context(Tansu()).address
        redis = self.parts.enter_context(Redis()).address
        self.settings = Settings(
            kafka=kafka, redis=redis, http=f"127.0.0.1:{free_port()}", partitions=4, session_timeout_ms=3000
        )
        ensure(self.settings)
        self.parts.enter_context(Process("worker", self.settings))
        self.api = self.parts.enter_context(Process("api", self.settings))
        self.url = f"http://{self.settings.http}"
        self.client = self.parts.enter_context(httpx.Client(base_url=self.url, timeout=WAIT_SECONDS))
        self.ready()

    def __exit__(self, *_: object) -> None:
        self.parts.close()

    def ready(self) -> None:
        """Return once the API answers and has all it needs."""
        until(lambda: answers(f"{self.url}/readyz"))

    def second(self, tokens: str) -> Process:
        """Another API for the same tables, with tokens, at an address of its own."""
        return Process("api", self.settings.model_copy(update={"http": f"127.0.0.1:{free_port()}", "tokens": tokens}))


class Org:
    """An organisation that nothing was told of yet."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.name = f"org-{uuid.uuid4().hex[:8]}"
        self.count = 0

    def url(self, **params: str) -> str:
        """Return the address of the page."""
        return str(httpx.URL(self.service.url, params={"org": self.name, **params}))

    def tell(self, *events: tuple[str, str, dict[str, Any]]) -> str:
        """Publish events of now, as type, subject and data; return the position of the last."""
        self.count += 1
        plain = {"specversion": "1.0", "source": "/t", "orgid": self.name, "time": datetime.now(UTC).isoformat()}
        whole = [
            {**plain, "id": f"{self.count}-{n}", "type": f"crm.{kind}", "subject": subject, "data": data}
            for n, (kind, subject, data) in enumerate(events)
        ]
        answer = self.service.client.post("/v1/events", params={"org": self.name}, json=whole)
        assert answer.status_code == 202, answer.text
        position: str = answer.json()["position"]
        return position

    def told(self, *events: tuple[str, str, dict[str, Any]]) -> None:
        """Publish events, and return once the tables include them."""
        self.get("/v1/kpis/deals_won", after=self.tell(*events))

    def get(self, path: str, **params: Any) -> Any:
        """Return a JSON answer."""
        answer = self.service.client.get(path, params={"org": self.name, **params})
        assert answer.status_code == 200, answer.text
        return answer.json()


def won(number: int, owner: str, amount: str) -> tuple[str, str, dict[str, Any]]:
    """A deal that was won."""
    return "deal.won", f"deal/{number}", {"owner_id": owner, "value": {"amount": amount, "currency": "EUR"}}


def user(name: str, team: str) -> tuple[str, str, dict[str, Any]]:
    """Somebody in a team."""
    return "user.updated", f"user/{name.lower()}", {"name": name, "team_id": team}


def goal(name: str, target: int, **more: Any) -> tuple[str, str, dict[str, Any]]:
    """A goal of the organisation: revenue of the year."""
    data = {"name": name, "kpi": "revenue_won", "assignee": "org", "target": target, "period": "year", **more}
    return "goal.set", f"goal/{name}", data


def answers(url: str) -> bool:
    """Tell whether something is there, and well."""
    try:
        return httpx.get(url, timeout=WAIT_SECONDS).status_code == 200
    except httpx.HTTPError:
        return False


def until(reached: Callable[[], bool]) -> None:
    """Return once it is so; fail where it never is."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(POLL_SECONDS)
