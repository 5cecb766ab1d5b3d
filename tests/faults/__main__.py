"""The long tier: every scenario at its full size, for as long as there is time; what is done already is not done again."""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from pathlib import Path

from rich.console import Console

from tests.faults.driver import Outcome, begin, run
from tests.faults.scenarios import SCENARIOS, Scenario, Size
from tests.services import Kafka

console = Console()


def main() -> None:
    """Play what the report lacks; end with 1 where anything was lost or double."""
    asked = arguments()
    known = read(asked.report)
    deadline = time.monotonic() + asked.minutes * 60
    with Kafka() as kafka:
        for scenario in SCENARIOS:
            if (scenario.name, asked.seed) in known or not asked.only(scenario.name):
                continue
            if time.monotonic() > deadline:
                console.print(f"out of time before: {scenario.name}; run it again to go on")
                break
            outcome = play(scenario, scaled(scenario.long, asked.share), kafka, asked.seed)
            known[scenario.name, asked.seed] = outcome
            write(asked.report, known)
            console.print(row(outcome))
    raise SystemExit(any(outcome.wrong for outcome in known.values()))


def play(scenario: Scenario, size: Size, kafka: Kafka, seed: int) -> Outcome:
    """Play a scenario in a world of its own; what fails is an outcome, too."""
    with tempfile.TemporaryDirectory() as folder, begin(scenario, kafka, Path(folder), seed) as world:
        try:
            return asyncio.run(run(scenario, size, world, long=True))
        except (AssertionError, OSError) as failed:
            restarts, slowest = world.restarts, round(world.slowest_seconds, 1)
            return Outcome(scenario.name, scenario.told, seed, *size, restarts, slowest, 0.0, [str(failed)])


def scaled(size: Size, share: float) -> Size:
    """Return a share of a size, at least once."""
    return Size(max(2_000, int(size.events * share)), max(1, int(size.times * share)))


def row(outcome: Outcome) -> str:
    """Return an outcome as a row of a table in Markdown."""
    result = "exact" if not outcome.wrong else f"**{len(outcome.wrong)} differences**: {outcome.wrong[0]}"
    figures = f"{outcome.times} | {outcome.events:,} | {outcome.slowest_seconds} | {result}"
    return f"| {outcome.scenario} | {outcome.told} | {figures} |"


HEAD = """| scenario | what is done | times | events | slowest until the lag fell, s | result |
|---|---|---|---|---|---|"""


def read(report: Path) -> dict[tuple[str, int], Outcome]:
    """Return what was done already, by scenario and seed."""
    told = json.loads(report.read_text()) if report.exists() else []
    return {(each["scenario"], each["seed"]): Outcome(**each) for each in told}


def write(report: Path, known: dict[tuple[str, int], Outcome]) -> None:
    """Write the report, and beside it the same as a table in Markdown."""
    report.write_text(json.dumps([outcome._asdict() for outcome in known.values()], indent=1))
    report.with_suffix(".md").write_text("\n".join([HEAD, *map(row, known.values()), ""]))


class Asked(argparse.Namespace):
    """What is asked for."""

    seed: int
    minutes: float
    share: float
    report: Path
    scenario: list[str]

    def only(self, name: str) -> bool:
        """Tell whether a scenario is asked for."""
        return not self.scenario or name in self.scenario


def arguments() -> Asked:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="seed of load and faults")
    parser.add_argument("--minutes", type=float, default=240, help="begin no scenario after this")
    parser.add_argument("--share", type=float, default=1.0, help="share of the full sizes, such as 0.1")
    parser.add_argument("--report", type=Path, default=Path("soak.json"), help="where the outcomes are, and go")
    parser.add_argument("--scenario", action="append", default=[], help="only this one; may be given again")
    return parser.parse_args(namespace=Asked())


if __name__ == "__main__":
    main()
