"""Ends a worker that has work waiting and does not move, or cannot stop; another one, or itself anew, goes on from the tables."""

import math
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import NoReturn

import structlog

from streams.progress import Progress

log = structlog.get_logger("crmpulse.watchdog")

LOOK_SECONDS = 5.0
BUSY = 0.02
"""The share of a processor that the loop uses at least in one long piece of work; what is blocked uses none."""

LATE_SECONDS = 15.0
"""A look that comes so long after the one before was kept waiting: it is to come every 5 s."""

STALLED = 70
"""Exit code of a worker that ended itself: EX_SOFTWARE."""


def is_stalled(progress: Progress, ends: Mapping[int, int], stall_seconds: float, now: float) -> bool:
    """Tell whether records wait (``ends`` are the log's, by partition) and nothing has moved for too long."""
    return waits(progress, ends) and now - progress.moved_at > stall_seconds


def waits(progress: Progress, ends: Mapping[int, int]) -> bool:
    """Tell whether records wait."""
    return any(ends.get(number, 0) > progress.next.get(number, 0) for number in progress.held)


def check(progress: Progress, ends: Mapping[int, int], stall_seconds: float) -> None:
    """End the process, hard, when it is stalled: what was not committed was not applied."""
    now = time.monotonic()
    progress.looked(now, LATE_SECONDS)
    if is_stalled(progress, ends, stall_seconds, now):
        held = sorted(progress.held)
        log.critical("nothing moves", seconds=stall_seconds, partitions=held, next="ending; start it again")
        os._exit(STALLED)
    if not waits(progress, ends):
        progress.excused()  # what comes next has waited since then at most, however long nothing came


def end_blocked(progress: Progress, stall_seconds: float) -> None:
    """End the process, hard, when for so long nobody looks and next to nothing is done: its loop waits for what does not come.

    A thread that finds log or loop blocked is all that can notice it: the client of Kafka has one, too, and keeps the partitions.
    """
    patience = max(stall_seconds, 3 * LOOK_SECONDS)  # the first look comes later than that of the thread
    threading.Thread(target=_wait_blocked, args=(progress, patience, _used_seconds()), daemon=True).start()


def _used_seconds() -> Callable[[], float]:
    """What tells how much of a processor this thread has used; of the process, where the system does not tell of a thread."""
    if not hasattr(time, "pthread_getcpuclockid"):
        return time.process_time
    return partial(time.clock_gettime, time.pthread_getcpuclockid(threading.get_ident()))


def _wait_blocked(progress: Progress, stall_seconds: float, used_seconds: Callable[[], float]) -> None:
    idle = Idle(progress)
    while idle.seconds(used_seconds()) < stall_seconds:
        time.sleep(LOOK_SECONDS)
    telling = threading.Thread(
        target=log.critical, args=("the loop is blocked",), kwargs={"seconds": stall_seconds, "next": "ending; start it again"},
        daemon=True,
    )  # fmt: skip
    telling.start()
    telling.join(1.0)  # it may be the log that blocks
    os._exit(STALLED)


class Idle:
    """For how long nobody looked and next to nothing was done. Counted in looks of its own: a process that is frozen makes none."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.looked_at = self.used_seconds = -math.inf
        self.looks = 0

    def seconds(self, used_seconds: float) -> float:
        """Look again, after ``LOOK_SECONDS``; ``used_seconds`` is how much of a processor was used in all."""
        moved = self.progress.looked_at != self.looked_at or used_seconds - self.used_seconds > BUSY * LOOK_SECONDS
        self.looks = 0 if moved else self.looks + 1
        self.looked_at, self.used_seconds = self.progress.looked_at, used_seconds
        return self.looks * LOOK_SECONDS


def end_within(seconds: float, *, anew: bool = False) -> None:
    """End the process, hard, or begin it ``anew``, where stopping in order takes longer."""
    timer = threading.Timer(seconds, _end, [seconds, anew])
    timer.daemon = True
    timer.start()


def _end(seconds: float, anew: bool) -> None:
    what = "beginning anew" if anew else "ending"
    log.warning("stopping takes too long", seconds=seconds, next=f"{what}; nothing is lost")
    if anew:
        begin_anew()
    os._exit(0)


def begin_anew() -> NoReturn:
    """Run the command of this process again in its place, from whichever thread."""
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
