"""Processes of the bench: the servers beside an engine, and engines, each in a folder of its own."""

import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from bench.report import HANDLED
from bench.usage import Account, Usage, peak_mib
from crmpulse.embedded import Redis, tied_to_us
from tests.services import Kafka

ROOT = Path(__file__).parents[1]
PATIENCE_SECONDS = 1_800.0
LOG_TAIL_BYTES = 3_000


class CannotMeasureError(Exception):
    """An engine did not come to its end; the message says where it stood."""


class Servers(NamedTuple):
    """Where the broker and the store are: addresses, and process ids for their accounts."""

    kafka: str
    redis_port: int
    pids: tuple[int, int]


@contextmanager
def servers() -> Iterator[Servers]:
    """Run Apache Kafka and Redis, its append-only file written every second."""
    with Kafka() as kafka, Redis(append_only=True) as redis:
        assert kafka.process and redis.process
        yield Servers(kafka.address, redis.port, (kafka.process.pid, redis.process.pid))


class Child(subprocess.Popen[str]):
    """A process at work in a folder of its own; it is ended with the ``with``, on Ctrl-C too. ``tells``: as in ``bench.report``."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], *, tells: bool = False) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="crmpulse-bench-"))
        self.log = self.folder / "log"
        with self.log.open("wb") as log:
            super().__init__(
                tied_to_us(list(command)),
                env={**os.environ, **environment, "PYTHONPATH": str(ROOT)},
                stdin=subprocess.PIPE if tells else subprocess.DEVNULL,
                stdout=subprocess.PIPE if tells else log,
                stderr=log,
                text=True,
                cwd=self.folder,
                start_new_session=True,  # Ctrl-C is for us
            )

    def __exit__(self, *_: object) -> None:
        self.terminate()
        try:
            self.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()
            self.wait()
        for pipe in filter(None, (self.stdin, self.stdout)):
            pipe.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def last_words(self) -> str:
        """Return the end of its log."""
        return self.log.read_bytes()[-LOG_TAIL_BYTES:].decode(errors="replace").strip()


def told(process: Child, events: int, others: Sequence[int]) -> Usage:
    """Read the accounts of a process that tells of half and all of its events, as in ``bench.report``; let it end."""
    assert process.stdin
    accounts = list(islice(_accounts(process, others), 2))
    if len(accounts) < 2 or accounts[1].events < events:
        stood = accounts[-1].events if accounts else 0
        raise CannotMeasureError(f"it ended after {stood} events of {events}:\n{process.last_words()}")
    first, last = accounts
    if first.events == last.events:
        raise CannotMeasureError(f"{events} events are too few: the second half came with the first")
    peak = peak_mib(process.pid)
    process.stdin.write("\n")
    process.stdin.flush()
    process.wait(60)
    return first.until(last, peak)


def _accounts(process: Child, others: Sequence[int]) -> Iterator[Account]:
    """Read the accounts whenever the process tells of more events."""
    assert process.stdout
    guard = threading.Timer(PATIENCE_SECONDS, process.kill)
    guard.start()
    try:
        for line in process.stdout:
            if line.startswith(HANDLED):
                yield Account.of(int(line.split()[1]), [process.pid], others)
    finally:
        guard.cancel()
