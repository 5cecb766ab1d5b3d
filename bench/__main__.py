"""One run, side by side: `python -m bench`."""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import engines, latency, publish, totals
from bench.engines import Run, Servers, Topic
from bench.mix import mix
from crmpulse.embedded import Redis
from tests.services import Kafka

ENGINES: dict[str, Callable[[Servers, Topic], Run]] = {
    "bare drain and decode": engines.limit,
    "one crmpulse worker, every KPI, exactly once": engines.worker,
    "idiomatic Faust agent, calls only": engines.faust_agent,
}
LIMIT, OURS, AGENT = ENGINES
MONTH = 500_000
"""Events of 30 days; fewer are those of its first days."""


def main() -> None:
    """Measure, and print tables."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the engines beside each other.")
    parser.add_argument("--events", type=int, default=500_000, help="events for the fast engines")
    parser.add_argument("--agent-events", type=int, default=60_000, help="events for the Faust agent")
    parser.add_argument("--orgs", type=int, default=1, help="organisations that the events are of")
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds")
    parser.add_argument("--rate", type=int, default=1_000, help="events a second for accepted to visible")
    parser.add_argument("--seconds", type=int, default=20, help="how long those are sent")
    parser.add_argument("--quick", action="store_true", help="a short run that only shows that it works")
    asked = parser.parse_args()
    if asked.quick:
        asked.events, asked.agent_events, asked.rounds, asked.seconds = 40_000, 10_000, 1, 5
    console = Console(highlight=False, width=140)
    with Kafka() as kafka, Redis(append_only=True) as redis:
        assert kafka.process and redis.process
        servers = Servers(kafka.address, kafka.process.pid, redis.port, redis.process.pid)
        many = _filled(servers, asked.events, asked.orgs)
        few = _filled(servers, asked.agent_events, asked.orgs)
        rounds = []
        for number in range(asked.rounds):
            console.print(f"round {number + 1} of {asked.rounds} …")
            rounds.append({name: run(servers, few if name == AGENT else many) for name, run in ENGINES.items()})
        console.print(_table(rounds))
        for name in (AGENT, LIMIT):
            ratios = [_per_cpu(one[OURS]) / _per_cpu(one[name]) for one in rounds]
            console.print(f"ours / {name}: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")
        empty = Topic(f"bench-live-{time.time_ns()}", 0, {})
        publish.create(servers.kafka, empty.name)
        console.print(_visible(latency.measure(servers, empty, asked.rate, asked.seconds)))


def _filled(servers: Servers, count: int, orgs: int) -> Topic:
    """A topic with the first ``count`` events of a month."""
    of = max(count, MONTH)
    name = f"bench-{count}-{time.time_ns()}"
    publish.create(servers.kafka, name)
    publish.publish(servers.kafka, name, islice(mix(of, orgs), count))
    return Topic(name, count, totals.happened(islice(mix(of, orgs), count)))


def _per_cpu(run: Run) -> float:
    return run.usage.events / run.usage.cpu_s


def _table(rounds: Sequence[dict[str, Run]]) -> Table:
    columns = ("engine", "events", "events / CPU s", "CPU µs / event", "broker", "store", "events / s wall", "peak MiB")
    table = Table(*columns, title=f"medians of {len(rounds)} interleaved rounds", caption=_machine())
    for name in ENGINES:
        runs = [one[name] for one in rounds]
        events = runs[0].usage.events
        broker, store = (statistics.median(getattr(r, f"{who}_cpu_s") for r in runs) for who in ("broker", "store"))
        cpu = statistics.median(r.usage.cpu_s for r in runs)
        wall = statistics.median(r.usage.wall_s for r in runs)
        peak = max(r.usage.peak_mib for r in runs)
        per_event = [f"{seconds / events * 1e6:.1f}" for seconds in (cpu, broker, store)]
        table.add_row(name, f"{events:,}", f"{events / cpu:,.0f}", *per_event, f"{events / wall:,.0f}", f"{peak:,.0f}")
    return table


def _machine() -> str:
    """The processor and how many of it there are."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(models)} x {models[0]}" if models else "unknown machine"


def _visible(found: latency.Latency) -> str:
    return (
        f"accepted to visible at {found.rate:,} events/s over HTTP, {found.requests:,} requests of {latency.PER_REQUEST}: "
        f"p50 {found.visible_p50_ms:.0f} ms, p99 {found.visible_p99_ms:.0f} ms (accepted: p99 {found.accepted_p99_ms:.0f} ms)"
    )


if __name__ == "__main__":
    main()
