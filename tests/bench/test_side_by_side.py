"""Engines beside each other: what can be asked for, what is printed, what the page says."""

import io
import re
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from aggregators.catalogue import BY_ID
from bench import side_by_side
from bench.engines import ENGINES, OURS
from bench.mix import Shape
from bench.ours import TWELVE
from bench.process import CannotMeasureError
from bench.totals import MEASURES
from bench.usage import Usage

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
USED = Usage(1_000, 0.5, 0.01, 0.02, 0.02, 100.0)


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bench", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def row_of(title: str, rounds: list[side_by_side.Round]) -> str:
    console = Console(width=220, record=True, file=io.StringIO())
    console.print(side_by_side.table(rounds))
    return next(line for line in console.export_text().splitlines() if title in line)


def test_crmpulse_is_compared_with_each_engine_within_each_round() -> None:
    theirs = Usage(500, 1.0, 0.02, 0.03, 0.0, 50.0)
    row = row_of("Faust", [{OURS: USED, "faust": theirs}, {OURS: USED, "faust": theirs._replace(engine_cpu_s=0.045)}])
    assert "2.50 x (2.00 to 3.00)" in row  # with broker and store: 100 and 150 µs an event beside 50
    assert "6.50 x (4.00 to 9.00)" in row  # without them: 40 and 90 µs an event beside 10
    assert "8,000" in row  # events a CPU second


def test_without_crmpulse_nothing_is_compared() -> None:
    assert " x" in row_of("Faust", [{OURS: USED, "faust": USED}])
    assert " x" not in row_of("Faust", [{"faust": USED}])


@pytest.mark.parametrize("name", ["limit", "faust"])
def test_events_that_are_hardly_more_than_directories_are_refused(name: str) -> None:
    shape = Shape(orgs=100, users=9, teams=1)
    side_by_side.check([name], (2_200, 2_200), shape)
    with pytest.raises(CannotMeasureError, match="2,199 events are too few: 100 organisations of 9 users in 1 teams"):
        side_by_side.check([name], (2_199, 2_199), shape)


def test_the_kpis_of_the_work_exist_and_read_its_measures() -> None:
    read = {measure for kpi in TWELVE.split(",") for measure in BY_ID[kpi].formula.measures}
    assert set(MEASURES) <= read


@pytest.mark.parametrize("arguments", [["--orgs", "0"], ["--only", "spark"], ["reads", "--seconds", "some"]])
def test_what_means_nothing_is_refused_with_what_does(arguments: list[str]) -> None:
    refused = bench(*arguments)
    assert refused.returncode == 2
    assert f"argument {arguments[-2]}: " in refused.stderr


def test_what_keeps_it_from_measuring_is_a_message() -> None:
    refused = bench("--orgs", "10000")
    assert refused.returncode == 1
    assert refused.stderr.startswith("60,000 events are too few")


def test_every_engine_and_every_measurement_is_documented() -> None:
    others = re.findall(r"^    (\w+) ", bench("--help").stdout.partition("other measurements")[2], re.MULTILINE)
    assert "reads" in others
    assert [name for name in ENGINES if f"| `{name}` |" not in PAGE] == []
    assert [name for name in others if f"| `python -m bench {name}` |" not in PAGE] == []
