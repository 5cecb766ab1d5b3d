"""Measurements of crmpulse, alone and beside others: `python -m bench`."""

import argparse
import signal
import sys
from collections.abc import Callable
from itertools import islice

from rich.console import Console

from bench import growth, largest, latency, printed, reads, side_by_side
from bench.engines import ENGINES
from bench.mix import ONE, Shape
from bench.peers.prepare import CannotPrepareError
from bench.process import CannotMeasureError, servers
from crmpulse.settings import CannotStartError

WIDTH = 200
QUICK = {"events": 20_000, "peer_events": 8_000, "rounds": 1}
console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)


def main() -> None:
    """Measure, and print tables; what keeps it from that is a message."""
    parser = _parser()
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # servers and engines end with it
    try:
        asked.measure(asked)
    except (CannotMeasureError, CannotPrepareError, CannotStartError) as error:
        parser.exit(1, f"{error}\n")


def beside(asked: argparse.Namespace) -> None:
    """Measure the engines beside each other."""
    if asked.quick:
        vars(asked).update(QUICK)
    names = [name for name in ENGINES if not asked.only or name in asked.only]
    shape = Shape(asked.orgs, asked.users, asked.teams, asked.hot)
    events = asked.events, asked.peer_events
    side_by_side.check(names, events, shape)
    side_by_side.prepare(names, console.print)
    with servers() as where:
        running = side_by_side.rounds(where, names, events, shape, asked.workers, console.print)
        done = []
        for one in islice(running, asked.rounds):
            done.append(one)
            console.print(f"round {len(done)} of {asked.rounds} is done")
        console.print(side_by_side.table(done))


def answers(asked: argparse.Namespace) -> None:
    """Measure answers while events come in."""
    with servers() as where:
        console.print(printed.reads(reads.measure(where, asked.events, asked.users, asked.seconds)))


def visible(asked: argparse.Namespace) -> None:
    """Measure how long accepted events take until they are visible."""
    with servers() as where:
        console.print(printed.latency(latency.at_shares(where, asked.events, asked.seconds)))


def growing(asked: argparse.Namespace) -> None:
    """Measure costs as events and users become more."""
    for users in asked.users:
        with servers() as where:
            console.print(printed.growth(growth.measure(where, sorted(asked.events), users)))


def records(asked: argparse.Namespace) -> None:
    """Measure the largest records."""
    with servers() as where:
        parts = list(largest.account(where, asked.touches))
        console.print(printed.largest(f"an account with {asked.touches:,} touches", parts))
        parts = list(largest.tasks(where, asked.tasks))
        console.print(printed.largest(f"a user's {asked.tasks:,} open tasks, then done", parts))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure the engines beside each other, interleaved, on the same events; or something else by name.",
    )
    parser.set_defaults(measure=beside)
    _count(parser, "--events", 500_000, "events for the fast engines")
    _count(parser, "--peer-events", 60_000, "events for the slow engines")
    parser.add_argument("--only", nargs="+", choices=ENGINES, metavar="NAME", help=f"some of {', '.join(ENGINES)}")
    _count(parser, "--rounds", 3, "interleaved rounds")
    _count(parser, "--workers", 1, "workers of crmpulse, and threads of engines on the JVM")
    _count(parser, "--orgs", ONE.orgs, "organisations that the events are of")
    _count(parser, "--users", ONE.users, "users of each organisation")
    _count(parser, "--teams", ONE.teams, "teams of each organisation")
    parser.add_argument("--hot", action="store_true", help="one organisation has 90 %% of the events")
    parser.add_argument("--quick", action="store_true", help="a short run that only shows that it works")
    others = parser.add_subparsers(title="other measurements, of crmpulse alone", metavar="")
    _reads_and_latency(others)
    found = _other(others, "growth", growing, "costs as events and users become more")
    found.add_argument(
        "--events", type=_whole, nargs="+", default=[10**5, 10**6, 10**7], help="stages (default: %(default)s)"
    )
    found.add_argument(
        "--users", type=_whole, nargs="+", default=[10, 500, 10_000], help="a run each (default: %(default)s)"
    )
    found = _other(others, "largest", records, "an account with very many touches, a user with very many open tasks")
    _count(found, "--touches", 1_000_000, "touches of the account")
    _count(found, "--tasks", 5_000, "open tasks of the user")
    return parser


def _reads_and_latency(others: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    found = _other(others, "reads", answers, "answers while events come in at half of the maximal rate")
    _count(found, "--events", 300_000, "events of the year before")
    _count(found, "--users", ONE.users, "users of the organisation")
    _count(found, "--seconds", 20, "how long each question is asked")
    found = _other(others, "latency", visible, "from accepted to visible at 1, 10 and 50 %% of the maximal rate")
    _count(found, "--events", 200_000, "events that the maximal rate is found over")
    _count(found, "--seconds", 30, "how long events are sent at each rate")


def _other(
    others: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    measure: Callable[[argparse.Namespace], None],
    what: str,
) -> argparse.ArgumentParser:
    found = others.add_parser(name, help=what, description=f"Measure {what}.")
    found.set_defaults(measure=measure)
    return found


def _count(parser: argparse.ArgumentParser, name: str, default: int, what: str) -> None:
    parser.add_argument(name, type=_whole, default=default, metavar="N", help=f"{what} (default: {default:,})")


def _whole(text: str) -> int:
    number = int(text.replace("_", ""))
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return number


if __name__ == "__main__":
    main()
