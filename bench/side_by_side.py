"""The engines beside each other: interleaved rounds over the same topics, medians, and ratios within each round."""

import statistics
from collections.abc import Callable, Iterator, Sequence

from rich.table import Table

from bench.engines import ENGINES, OURS
from bench.mix import Shape
from bench.printed import machine
from bench.process import CannotMeasureError, Servers
from bench.publish import MONTH, filled
from bench.usage import Usage

Round = dict[str, Usage]
COLUMNS = (
    "engine",
    "events",
    "events / CPU s",
    "CPU µs / event",
    "engine",
    "broker",
    "store",
    "events / s wall",
    "peak MiB",
    "crmpulse does",
    "without servers",
)


def check(names: Sequence[str], events: tuple[int, int], shape: Shape) -> None:
    """Raise CannotMeasureError where the events would be hardly more than the directories of the organisations."""
    fewest = min(events[ENGINES[name].slow] for name in names)
    if fewest < 2 * shape.announced:
        raise CannotMeasureError(
            f"{fewest:,} events are too few: {shape.orgs:,} organisations of {shape.users:,} users in {shape.teams:,} teams are "
            f"announced by {shape.announced:,} events, and at least twice as many have to come; ask for fewer --users and --teams"
        )


def prepare(names: Sequence[str], say: Callable[[str], None]) -> None:
    """Make what is missing for the engines."""
    for name in names:
        ENGINES[name].prepare(lambda what: say(f"preparing {what}"))


def rounds(
    servers: Servers,
    names: Sequence[str],
    events: tuple[int, int],
    shape: Shape,
    workers: int,
    say: Callable[[str], None],
) -> Iterator[Round]:
    """Run the engines in turn, round after round; ``events`` are those for fast and for slow engines."""
    counts = {slow: count for slow, count in enumerate(events) if any(ENGINES[name].slow == slow for name in names)}
    topics = {}
    for slow, count in counts.items():
        say(f"filling a topic with {count:,} events …")
        topics[slow] = filled(servers.kafka, count, max(*events, MONTH), shape)
    while True:
        done: Round = {}
        for name in names:
            say(f"{ENGINES[name].title} …")
            done[name] = ENGINES[name].run(servers, topics[ENGINES[name].slow], workers)
        yield done


def table(done: Sequence[Round]) -> Table:
    """Return medians over rounds, and how many times the work of an engine crmpulse does per CPU second (and its range)."""
    made = Table(
        *COLUMNS, title=f"second half of the events, medians of {len(done)} interleaved rounds", caption=machine()
    )
    for name in done[0]:
        runs = [one[name] for one in done]
        cpu, engine, broker, store = (
            statistics.median(_per_event_us(run, part) for run in runs)
            for part in ("cpu_s", "engine_cpu_s", "broker_cpu_s", "store_cpu_s")
        )
        wall = statistics.median(run.events / run.wall_s for run in runs)
        peak = max(run.peak_mib for run in runs)
        made.add_row(
            ENGINES[name].title,
            f"{runs[0].events:,}",
            f"{1e6 / cpu:,.0f}",
            *(f"{us:.1f}" for us in (cpu, engine, broker, store)),
            f"{wall:,.0f}",
            f"{peak:,.0f}",
            *(_times(done, name, part) for part in ("cpu_s", "engine_cpu_s")),
        )
    return made


def _per_event_us(run: Usage, part: str) -> float:
    return float(getattr(run, part)) / run.events * 1e6


def _times(done: Sequence[Round], name: str, part: str) -> str:
    if OURS not in done[0]:
        return ""
    ratios = [_per_event_us(one[name], part) / max(_per_event_us(one[OURS], part), 0.01) for one in done]
    span = f" ({min(ratios):.2f} to {max(ratios):.2f})" if len(ratios) > 1 else ""
    return f"{statistics.median(ratios):.2f} x{span}"
