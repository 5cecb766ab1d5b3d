"""How an engine in a process of its own tells the bench how far it is; needs nothing but Python itself.

A line ``handled <events>`` on standard output once half of the events are handled, and one once all are, durably. Then it waits
for a line on standard input, so that its accounts can be read, and leaves what it counted in a file of its working folder.
"""

import json
import os
import sys
from pathlib import Path

COUNTED = "counted.json"
HANDLED = "handled"


class Report:
    """Tells of the handling of ``expected`` events."""

    def __init__(self, expected: int = 0) -> None:
        self.expected = expected or int(os.environ["BENCH_EVENTS"])
        self.half = self.expected // 2
        self.events = 0

    def seen(self, events: int) -> bool:
        """Note that events were handled; tell whether they were the last."""
        before, self.events = self.events, self.events + events
        if before < self.half <= self.events:
            self._tell()
        return self.events >= self.expected

    def done(self) -> None:
        """Tell that all is handled and durable; return when the bench has read the accounts."""
        self._tell()
        sys.stdin.readline()

    def leave(self, *counted: object) -> None:
        """Leave what was counted: rows, then deals."""
        Path(COUNTED).write_text(json.dumps(counted))

    def _tell(self) -> None:
        os.write(1, f"{HANDLED} {self.events}\n".encode())  # past whoever redirects sys.stdout
