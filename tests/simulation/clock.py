"""An event loop in which waiting takes no time: when there is nothing else to do, the clock jumps."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Mapping
from typing import Any


class _Skipping(selectors.SelectSelector):
    """Never waits, and tells how long it should have."""

    skipped = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("everything waits, and nothing will come")
        self.skipped += max(0.0, timeout)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """Runs as any loop; `time` goes on by what would have been waited."""

    def __init__(self) -> None:
        self.selector = _Skipping()
        super().__init__(self.selector)

    def time(self) -> float:
        """Virtual seconds."""
        return self.selector.skipped

    def call_exception_handler(self, context: Mapping[str, Any]) -> None:
        """Fail: nothing in a simulation may go wrong unheard."""
        raise AssertionError(context)
