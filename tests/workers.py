"""Workers in processes of their own, and what the tables and the topics hold after them."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from redis.asyncio import Redis

from aggregators.tables import LAYOUT
from crmpulse.settings import PREFIX, Settings
from streams import layout
from streams.layout import Layout
from streams.mark import mark

CRMPULSE = (sys.executable, "-c", "from crmpulse.cli import main; main()")
POLL_SECONDS = 0.01


class Worker:
    """`crmpulse worker` with these settings, started in `cwd`; its log is in `log`."""

    command: Sequence[str] = CRMPULSE

    def __init__(self, settings: Settings, log: Path, cwd: Path | None = None) -> None:
        self.environment = environment(settings)
        self.log = log
        self.cwd = cwd
        self.start()

    def start(self) -> None:
        """Start it, again where it had ended."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.command, "worker"],
                cwd=self.cwd,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait()

    def terminate(self, seconds: float = 10) -> float:
        """Ask it to end; return how many seconds that took."""
        began = time.monotonic()
        self.process.terminate()
        self.process.wait(seconds)
        return time.monotonic() - began

    def said(self, words: str) -> int:
        """How often `words` are in its log."""
        return self.log.read_text().count(words)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.kill()


async def crmpulse(settings: Settings, *arguments: str) -> int:
    """Run a command with these settings; return what it ends with."""
    process = await asyncio.create_subprocess_exec(*CRMPULSE, *arguments, env=environment(settings))
    return await process.wait()


def environment(settings: Settings) -> dict[str, str]:
    """The environment of a process with these settings."""
    return os.environ | {PREFIX + name.upper(): str(value) for name, value in settings}


async def until(reached: Callable[[], Awaitable[bool]], seconds: float, what: str) -> None:
    """Return once `reached`; fail after so many seconds."""
    deadline = time.monotonic() + seconds
    while not await reached():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        await asyncio.sleep(POLL_SECONDS)


async def applied(redis: Redis, partitions: int) -> int:
    """How many records have been applied, over all partitions of the layout that holds."""
    found = await layout.read(redis) or Layout(LAYOUT, partitions)
    marks = await redis.mget([f"{prefix}:mark" for prefix in found.shards()])
    return sum(at.next for packed in marks if (at := mark(packed)))
