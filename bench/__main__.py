"""Measurements of crmpulse, alone and beside others: `python -m bench`."""

import argparse
from itertools import islice

from rich.console import Console

from bench import side_by_side
from bench.engines import ENGINES
from bench.mix import Shape
from bench.process import servers

console = Console(highlight=False, width=180)


def main() -> None:
    """Measure, and print tables."""
    asked = _parser().parse_args()
    asked.measure(asked)


def beside(asked: argparse.Namespace) -> None:
    """Measure the engines beside each other."""
    names = [name for name in ENGINES if not asked.only or name in asked.only]
    shape = Shape(asked.orgs, asked.users, asked.teams, asked.hot)
    side_by_side.prepare(names, console)
    with servers() as where:
        events = asked.events, asked.peer_events
        running = side_by_side.rounds(where, names, events, shape, asked.workers, console.print)
        done = []
        for number, one in enumerate(islice(running, asked.rounds)):
            console.print(f"round {number + 1} of {asked.rounds} is done")
            done.append(one)
        console.print(side_by_side.table(done))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the engines beside each other.")
    parser.set_defaults(measure=beside)
    parser.add_argument("--events", type=int, default=500_000, help="events for the fast engines")
    parser.add_argument("--peer-events", type=int, default=60_000, help="events for the slow engines")
    parser.add_argument("--only", nargs="+", choices=ENGINES, metavar="NAME", help=f"some of: {', '.join(ENGINES)}")
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds")
    parser.add_argument("--workers", type=int, default=1, help="workers of ours, and threads of engines on the JVM")
    _shape(parser)
    return parser


def _shape(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--orgs", type=int, default=1, help="organisations that the events are of")
    parser.add_argument("--users", type=int, default=500, help="users of each organisation")
    parser.add_argument("--teams", type=int, default=40, help="teams of each organisation")
    parser.add_argument("--hot", action="store_true", help="one organisation has 90 %% of the events")


if __name__ == "__main__":
    main()
