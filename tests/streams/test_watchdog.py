from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping

import pytest

from streams import watchdog
from streams.progress import Progress
from streams.watchdog import Idle, is_stalled


def progress(held: Mapping[int, int], moved_at: float = 0) -> Progress:
    """Partitions that are held with the offset that each is at, and when something last moved."""
    made = Progress()
    made.hold(set(held))
    for partition, offset in held.items():
        made.applied(partition, offset, 0)
    made.moved_at = moved_at
    return made


def test_work_that_keeps_the_watchdog_waiting_is_no_stall(monkeypatch: pytest.MonkeyPatch) -> None:
    found, ended = progress({0: 5}), list[float]()
    found.looked_at = 0
    for now in (5.0, 70.0, *(float(n) for n in range(75, 140, 5))):
        monkeypatch.setattr("streams.watchdog.time.monotonic", lambda now=now: now)
        monkeypatch.setattr("streams.watchdog.os._exit", lambda _, now=now: ended.append(now))
        watchdog.check(found, {0: 9}, 60)
    assert ended == [135.0]


@pytest.mark.parametrize(
    ("held", "ends", "now", "stalled"),
    [
        ({0: 5}, {0: 9}, 61, True),
        ({0: 5}, {0: 9}, 60, False),  # not for long enough
        ({0: 9}, {0: 9}, 900, False),  # nothing waits
        ({0: 9, 1: 0}, {0: 9, 1: 1}, 61, True),
        ({}, {0: 9}, 900, False),  # that of another worker
        ({0: 0}, {}, 900, False),  # nothing known of the log
    ],
)
def test_a_worker_is_stalled_when_records_wait_and_nothing_moves(
    held: Mapping[int, int], ends: Mapping[int, int], now: float, stalled: bool
) -> None:
    assert is_stalled(progress(held), ends, 60, now) is stalled


def test_a_partition_that_was_never_applied_counts_as_waiting() -> None:
    made = Progress()
    made.hold({0})
    made.moved_at = 0
    assert is_stalled(made, {0: 1}, 60, 61)


def test_a_halted_partition_and_one_given_back_do_not_count() -> None:
    made = progress({0: 5, 1: 5})
    made.release(0)
    assert is_stalled(made, {0: 9, 1: 5}, 60, 61) is False
    made.hold({0})
    made.moved_at = 0
    assert is_stalled(made, {0: 0, 1: 9}, 60, 61) is False


def test_waiting_for_something_else_is_no_stall() -> None:
    made = progress({0: 5}, moved_at=-1e9)
    made.excused()
    assert is_stalled(made, {0: 9}, 60, made.moved_at + 60) is False


def test_what_comes_after_a_long_time_without_anything_has_not_waited_long(monkeypatch: pytest.MonkeyPatch) -> None:
    codes: list[int] = []
    monkeypatch.setattr("streams.watchdog.os._exit", codes.append)
    made = progress({0: 9}, moved_at=time.monotonic() - 900)
    watchdog.check(made, {0: 9}, 60)
    watchdog.check(made, {0: 10}, 60)
    assert codes == []
    made.moved_at -= 61
    watchdog.check(made, {0: 10}, 60)
    assert codes == [watchdog.STALLED]


def test_a_stalled_worker_ends_hard_and_another_one_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    codes: list[int] = []
    monkeypatch.setattr(os, "_exit", codes.append)
    watchdog.check(progress({0: 9}, moved_at=-1e9), {0: 9}, 60)
    assert codes == []
    watchdog.check(progress({0: 5}, moved_at=-1e9), {0: 9}, 60)
    assert codes == [watchdog.STALLED]


@pytest.mark.parametrize(
    ("looked_at", "used", "seconds"),
    [
        ([1, 1, 1], [0, 0.05, 0.1], [0, 5, 10]),  # blocked
        ([1, 2, 3], [0, 0, 0], [0, 0, 0]),  # somebody looks
        ([1, 1, 1], [0, 4, 8], [0, 0, 0]),  # one long piece of work
        ([1, 1, 1, 2, 2], [0, 0, 0, 0, 0], [0, 5, 10, 0, 5]),
    ],
)
def test_idle_is_who_neither_looks_nor_works(looked_at: list[int], used: list[float], seconds: list[float]) -> None:
    made = Progress()
    idle, found = Idle(made), list[float]()
    for at, used_seconds in zip(looked_at, used, strict=True):
        made.looked_at = at
        found.append(idle.seconds(used_seconds))
    assert found == seconds


BLOCKED = """
import sys, time
from streams import watchdog
from streams.progress import Progress
watchdog.LOOK_SECONDS = 0.05
watchdog.end_blocked(Progress(), 0.2)
{}
"""


@pytest.mark.parametrize(
    "last",
    ["time.sleep(50)", "sys.stdout.write('x' * 1_000_000)", "import asyncio; asyncio.run(asyncio.sleep(50))"],
    ids=["asleep", "nobody reads the log", "nobody looks"],
)
def test_a_process_that_is_blocked_is_ended_by_a_thread(last: str) -> None:
    with subprocess.Popen([sys.executable, "-c", BLOCKED.format(last)], stdout=subprocess.PIPE) as process:
        assert process.wait(40) == watchdog.STALLED


def test_a_process_that_works_is_left_alone() -> None:
    last = "while time.process_time() < 1.5: pass"
    assert subprocess.run([sys.executable, "-c", BLOCKED.format(last)], check=False, timeout=40).returncode == 0


def test_who_cannot_stop_in_order_is_ended() -> None:
    stuck = "from streams import watchdog; import time; watchdog.end_within(0.1); time.sleep(50)"
    ended = subprocess.run([sys.executable, "-c", stuck], check=False, capture_output=True, text=True, timeout=40)
    assert ended.returncode == 0
    assert "stopping takes too long" in ended.stdout
