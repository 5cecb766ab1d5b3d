"""Ends a worker that has work waiting and does not move, or cannot stop; another one, or itself anew, goes on from the tables."""

import os
import threading
import time
from collections.abc import Mapping

import structlog

from streams.progress import Progress

log = structlog.get_logger("crmpulse.watchdog")

LATE_SECONDS = 15.0
"""A look that comes so long after the one before was kept waiting: it is to come every 5 s."""

STALLED = 70
"""Exit code of a worker that ended itself: EX_SOFTWARE."""


def is_stalled(progress: Progress, ends: Mapping[int, int], stall_seconds: float, now: float) -> bool:
    """Tell whether records wait (``ends`` are the log's, by partition) and nothing has moved for too long."""
    waiting = any(ends.get(number, 0) > progress.next.get(number, 0) for number in progress.held)
    return waiting and now - progress.moved_at > stall_seconds


def check(progress: Progress, ends: Mapping[int, int], stall_seconds: float) -> None:
    """End the process, hard, when it is stalled: what was not committed was not applied."""
    now = time.monotonic()
    progress.looked(now, LATE_SECONDS)
    if is_stalled(progress, ends, stall_seconds, now):
        held = sorted(progress.held)
        log.critical("nothing moves", seconds=stall_seconds, partitions=held, next="ending; start it again")
        os._exit(STALLED)


def end_within(seconds: float) -> None:
    """End the process, hard, where stopping in order takes longer."""
    timer = threading.Timer(seconds, _end, [seconds])
    timer.daemon = True
    timer.start()


def _end(seconds: float) -> None:
    log.warning("stopping takes too long", seconds=seconds, next="ending; nothing is lost")
    os._exit(0)
