"""`crmpulse up`: the whole service on this machine, empty at each start."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import urlopen

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from crmpulse import publish
from crmpulse import replay as files
from crmpulse.company import Company
from crmpulse.embedded import Redis, Tansu, free_port
from crmpulse.replay import Replay
from crmpulse.settings import PREFIX, CannotStartError, Settings, host_port
from streams import topics

SEED = 7
READY_SECONDS = 30.0
STOP_SECONDS = 4.0
WATCH_SECONDS = 0.2
ORG = "demo"
SHOWN = ("deals_open", "revenue_won", "win_rate", "tasks_overdue", "calls_made")
EMBEDDED_SESSION_MS = 3_000  # the embedded broker lets every join wait this long


class Child(NamedTuple):
    """A process of the service, by the command that it runs."""

    command: str
    process: "subprocess.Popen[bytes]"


def run(settings: Settings, *, demo: bool = False, data: Path | None = None, replay: Path | None = None) -> None:
    """Run everything until Ctrl-C or SIGTERM, fed with a generated company, an export or a file where asked."""
    console = Console(highlight=False)
    with suppress(KeyboardInterrupt), _stoppable(), ExitStack() as parts:
        source, company = _source(demo, data, replay)
        here = _addresses(settings, parts)
        topics.ensure(here)
        children = parts.enter_context(_children(here))
        _ready(here, children)
        console.print(f"API      http://{here.http}/   (documentation at /docs)")
        console.print(f"Kafka    {here.kafka}\nRedis    {here.redis}")
        asyncio.run(_feed(here, source, company, children, console))


def _source(demo: bool, data: Path | None, replay: Path | None) -> tuple[Replay | None, Company | None]:
    if data or replay:
        return files.check([data], "maven-crm") if data else files.check([replay] if replay else []), None
    if not demo:
        return None, None
    company = Company(SEED, datetime.now(UTC), org=ORG)
    history = list(company.history())
    return Replay(len(history), lambda: iter(history)), company


def _addresses(settings: Settings, parts: ExitStack) -> Settings:
    """The settings with the addresses of what had to be started here."""
    changes: dict[str, object] = {}
    if "kafka" not in settings.model_fields_set:
        changes |= {"kafka": parts.enter_context(Tansu()).address, "session_timeout_ms": EMBEDDED_SESSION_MS}
    if "redis" not in settings.model_fields_set:
        changes["redis"] = parts.enter_context(Redis()).address
    if _is_taken(settings.http):
        if "http" in settings.model_fields_set:
            raise CannotStartError(f"{PREFIX}HTTP: something else listens at {settings.http}; name another address.")
        changes["http"] = f"127.0.0.1:{free_port()}"
    return settings.model_copy(update=changes)


def _is_taken(address: str) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(host_port(address))
        except OSError:
            return True
    return False


@contextmanager
def _children(settings: Settings) -> Iterator[list[Child]]:
    """Worker and API, which end together."""
    children: list[Child] = []
    try:
        children.extend(Child(command, _started(command, settings)) for command in ("worker", "api"))
        yield children
    finally:
        for _, process in children:
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for _, process in children:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
            process.kill()
            process.wait()


def _started(command: str, settings: Settings) -> "subprocess.Popen[bytes]":
    quiet = {f"{PREFIX}LOG_LEVEL": "warning"} if "log_level" not in settings.model_fields_set else {}
    own = {f"{PREFIX}{name.upper()}": str(value) for name, value in settings.model_dump().items() if value != ""}
    return subprocess.Popen(
        [sys.executable, "-m", "crmpulse", command],
        env={**os.environ, **own, **quiet},
        stdin=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for us: children end in order, before what they need
    )


@contextmanager
def _stoppable() -> Iterator[None]:
    """SIGTERM ends it as Ctrl-C does, and Ctrl-C also where a shell that started it with `&` has it ignore that."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _ready(settings: Settings, children: Sequence[Child]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not _answers(settings):
        _alive(children)
        if time.monotonic() > deadline:
            raise CannotStartError(f"The API does not answer at {settings.http} after {READY_SECONDS:.0f} s.")
        time.sleep(0.05)


def _answers(settings: Settings) -> bool:
    with suppress(OSError):
        return bool(_get(settings, "/healthz"))
    return False


def _get(settings: Settings, path: str) -> Any:
    with urlopen(f"http://{settings.http}{path}", timeout=10) as answer:
        return json.load(answer)


def _alive(children: Sequence[Child]) -> None:
    for name, process in children:
        if process.poll() is not None:
            raise CannotStartError(f"The {name} ended with code {process.returncode}; what it said stands above.")


async def _feed(
    settings: Settings,
    source: Replay | None,
    company: Company | None,
    children: Sequence[Child],
    console: Console,
) -> None:
    """Feed what there is to feed, show numbers, and go on for as long as the children do."""
    if source:
        began = time.monotonic()
        await files.show(settings, source)
        await _applied(settings, source.count, children)
        await asyncio.to_thread(_show_numbers, settings, console)
        console.print(f"{source.count:,} events counted in {time.monotonic() - began:.1f} s. Ctrl-C stops everything.")
    async with publish.producer(settings) as sender:
        live = [publish.play(sender, settings.events_topic, company.live())] if company else []
        await asyncio.gather(_watch(children), *live)


async def _watch(children: Sequence[Child]) -> None:
    while True:
        _alive(children)
        await asyncio.sleep(WATCH_SECONDS)


async def _applied(settings: Settings, count: int, children: Sequence[Child]) -> None:
    """Wait until the tables include everything published, with a progress bar."""
    with Progress(TextColumn("counted      "), BarColumn(), MofNCompleteColumn()) as progress:
        task, lag = progress.add_task("", total=count), count
        while lag:
            _alive(children)
            status = await asyncio.to_thread(_get, settings, "/v1/status")
            lag = sum(partition["lag"] for partition in status["partitions"])
            progress.update(task, completed=count - lag)
            await asyncio.sleep(WATCH_SECONDS)


def _show_numbers(settings: Settings, console: Console) -> None:
    for kpi in SHOWN:
        answer = _get(settings, f"/v1/kpis/{kpi}?org={ORG}")
        if answer["value"]:
            console.print(
                f"  {kpi:14} {answer['value']:>14,.{4 if answer['unit'] == 'ratio' else 0}f} {answer['unit']}"
            )
    console.print(f"Ask for more:  curl 'http://{settings.http}/v1/kpis/revenue_won?org={ORG}&by=team'", soft_wrap=True)
