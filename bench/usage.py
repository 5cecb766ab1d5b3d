"""What a process uses, as the kernel counts it, and the report of one that measures itself."""

import json
import os
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

REPORT = "report.json"
_TICKS = os.sysconf("SC_CLK_TCK")


class Usage(NamedTuple):
    """What handling ``events`` took one process: processor and wall time in seconds, the most memory held at once in MiB."""

    events: int
    cpu_s: float
    wall_s: float
    peak_mib: float


def cpu_seconds(pid: int) -> float:
    """Return the processor time of all threads of a process, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def peak_mib(pid: int) -> float:
    """Return the most memory that a process has held at once."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


class Meter:
    """Measures its own process from the first of ``expected`` events to the last."""

    def __init__(self, expected: int) -> None:
        self.expected = expected
        self.events = 0
        self.started = (0.0, 0.0)

    def seen(self, events: int) -> bool:
        """Note that events came in; tell whether they were the last."""
        if not self.events:
            self.started = time.process_time(), time.monotonic()
        self.events += events
        return self.events >= self.expected

    def report(self, counted: Mapping[str, int]) -> None:
        """Leave what was used and what was counted in the working folder."""
        cpu_s, wall_s = time.process_time() - self.started[0], time.monotonic() - self.started[1]
        usage = Usage(self.events, cpu_s, wall_s, peak_mib(os.getpid()))
        Path(REPORT).write_text(json.dumps({"usage": usage, "counted": counted}))
