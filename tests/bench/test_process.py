"""An engine in a process of its own is measured from half of its events to all of them."""

import os
import select
import subprocess
import sys

import pytest

from bench.process import ROOT, CannotMeasureError, Child, told
from bench.usage import Account, Usage, cpu_seconds

HANDLES = """
from bench.report import Report
report = Report()
print("something else", flush=True)
while not report.seen({step}):
    {work}
report.done()
report.leave({{"counted": report.events}})
"""

STARTS = """
import sys, time
from bench.process import Child
with Child([sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"], {}, tells=True) as process:
    process.stdout.readline()
    print(process.pid, flush=True)
    time.sleep(60)
"""


def child(step: int, work: str = "sum(range(3_000))") -> Child:
    program = HANDLES.format(step=step, work=work)
    return Child([sys.executable, "-c", program], {"BENCH_EVENTS": "10000"}, tells=True)


def test_the_second_half_is_measured_and_what_was_counted_is_left() -> None:
    with child(step=1) as process:
        usage = told(process, 10_000, (os.getpid(), os.getpid()))
        assert (process.folder / "counted.json").read_text() == '[{"counted": 10000}]'
    assert usage.events == 5_000
    assert usage.engine_cpu_s > 0
    assert usage.wall_s > 0
    assert usage.peak_mib > 1
    assert not process.folder.exists()


def test_an_engine_that_ends_early_is_told_with_its_last_words() -> None:
    with (
        child(step=1, work="assert report.events < 7_000, 'broken'") as process,
        pytest.raises(CannotMeasureError, match=r"(?s)ended after 5000 events of 10000:.*broken"),
    ):
        told(process, 10_000, (os.getpid(), os.getpid()))


def test_too_few_events_are_told() -> None:
    with child(step=10_000) as process, pytest.raises(CannotMeasureError, match="10000 events are too few"):
        told(process, 10_000, (os.getpid(), os.getpid()))


def test_processor_time_is_that_of_the_process() -> None:
    before = cpu_seconds(os.getpid())
    while cpu_seconds(os.getpid()) == before:
        sum(range(100_000))
    assert cpu_seconds(os.getpid()) > before


def test_accounts_are_subtracted_and_engine_and_servers_added_up() -> None:
    usage = Account(100, 5.0, (1.0, 2.0, 3.0)).until(Account(300, 7.0, (1.5, 2.25, 3.125)), 64.0)
    assert usage == Usage(200, 2.0, 0.5, 0.25, 0.125, 64.0)
    assert usage.cpu_s == 0.875


def test_an_engine_ends_with_the_bench_even_when_that_is_killed() -> None:
    bench = subprocess.Popen([sys.executable, "-c", STARTS], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert bench.stdout
    engine = int(bench.stdout.readline())
    watched = os.pidfd_open(engine)
    bench.kill()
    bench.wait()
    assert select.select([watched], [], [], 10)[0], "the engine outlived the bench"
    os.close(watched)
    bench.stdout.close()
