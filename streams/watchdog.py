"""Ends a worker that has work waiting and does not move; another one, or itself anew, goes on from the tables."""

import os
import time
from collections.abc import Mapping

import structlog

from streams.progress import Progress

log = structlog.get_logger("crmpulse.watchdog")

STALLED = 70
"""Exit code of a worker that ended itself: EX_SOFTWARE."""


def is_stalled(progress: Progress, ends: Mapping[int, int], stall_seconds: float, now: float) -> bool:
    """Tell whether records wait (``ends`` are the log's, by partition) and nothing has moved for too long."""
    waiting = any(ends.get(number, 0) > progress.next.get(number, 0) for number in progress.held)
    return waiting and now - progress.moved_at > stall_seconds


def check(progress: Progress, ends: Mapping[int, int], stall_seconds: float) -> None:
    """End the process, hard, when it is stalled: what was not committed was not applied."""
    if is_stalled(progress, ends, stall_seconds, time.monotonic()):
        held = sorted(progress.held)
        log.critical("nothing moves", seconds=stall_seconds, partitions=held, next="ending; start it again")
        os._exit(STALLED)
