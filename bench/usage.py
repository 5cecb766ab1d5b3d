"""What processes use, as the kernel counts it."""

import os
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Self

_TICKS = os.sysconf("SC_CLK_TCK")


class Usage(NamedTuple):
    """What handling ``events`` took: wall and processor time in seconds, and the most memory the engine held at once in MiB."""

    events: int
    wall_s: float
    engine_cpu_s: float
    broker_cpu_s: float
    store_cpu_s: float
    peak_mib: float

    @property
    def cpu_s(self) -> float:
        """Return the processor time of engine, broker and store together."""
        return self.engine_cpu_s + self.broker_cpu_s + self.store_cpu_s


class Account(NamedTuple):
    """What an engine, the broker and the store had used when so many events were handled."""

    events: int
    wall_s: float
    cpu_s: tuple[float, float, float]

    @classmethod
    def of(cls, events: int, engine: Sequence[int], others: Sequence[int]) -> Self:
        """Read the accounts of the processes of an engine, and of broker and store."""
        broker, store = map(cpu_seconds, others)
        return cls(events, time.monotonic(), (sum(map(cpu_seconds, engine)), broker, store))

    def until(self, last: Self, peak: float) -> Usage:
        """Return what was used from this account to a later one."""
        engine, broker, store = (after - before for before, after in zip(self.cpu_s, last.cpu_s, strict=True))
        return Usage(last.events - self.events, last.wall_s - self.wall_s, engine, broker, store, peak)


def cpu_seconds(pid: int) -> float:
    """Return the processor time of all threads of a process, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def peak_mib(pid: int) -> float:
    """Return the most memory that a process has held at once."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0
