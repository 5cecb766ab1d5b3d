"""The tables that are printed."""

from collections.abc import Iterable
from pathlib import Path

from rich.table import Table

from bench.growth import Growth
from bench.largest import Part
from bench.latency import Latency
from bench.reads import Reads
from bench.service import Answers
from bench.usage import Usage


def reads(found: Iterable[Reads]) -> Table:
    """Return how long answers take."""
    columns = "question", "asked", "refused", "p50 ms", "p99 ms", "events / s meanwhile"
    made = _table("answers while events come in", *columns)
    for one in found:
        asked, refused, p50_ms, p99_ms = one.answers
        made.add_row(one.question, f"{asked:,}", f"{refused:,}", f"{p50_ms:.1f}", f"{p99_ms:.1f}", f"{one.rate:,.0f}")
    return made


def latency(found: Iterable[tuple[float, Latency]]) -> Table:
    """Return how long events take until they are visible."""
    columns = "events / s", "of the maximum", "sent / s", "requests", "visible p50 ms", "p99 ms", "202 after p99 ms"
    made = _table("from accepted (the 202) to visible", *columns)
    for share, one in found:
        figures = (f"{ms:.0f}" for ms in (one.visible_p50_ms, one.visible_p99_ms, one.accepted_p99_ms))
        made.add_row(f"{one.rate:,.0f}", f"{share:.0%}", f"{one.sent_rate:,.0f}", f"{one.requests:,}", *figures)
    return made


def growth(found: Iterable[Growth]) -> Table:
    """Return what events cost and leave as there are more of them."""
    columns = "users", "events", "worker µs / event", "store µs", "worker MiB", "Redis MiB", "bytes / event"
    kinds = "bytes / user-day", "/ record", "/ activity", "drill-down / event"
    made = _table("a year of one organisation", *columns, *kinds)
    for one in found:
        sizes = one.per_user_day, one.per_record, one.per_activity, one.drill_down_per_event
        made.add_row(
            f"{one.users:,}",
            f"{one.events:,}",
            *_costs(one.usage),
            f"{one.usage.peak_mib:,.0f}",
            f"{one.redis_mib:,.0f}",
            f"{one.redis_mib * (1 << 20) / one.events:,.0f}",
            *(f"{size:,.0f}" for size in sizes),
        )
    return made


def largest(title: str, parts: list[Part]) -> Table:
    """Return what a tenth of the events cost, and how long answers about the record took after it."""
    columns = "events", "worker µs / event", "store µs", "worker MiB", "heaviest key, bytes"
    made = _table(title, *columns, *(f"{name}: p50, p99 ms" for name in parts[0].answers))
    for one in parts:
        answers = (_answers(answers) for answers in one.answers.values())
        peak = f"{one.usage.peak_mib:,.0f}"
        made.add_row(f"{one.events:,}", *_costs(one.usage), peak, f"{one.heaviest:,}", *answers)
    return made


def machine() -> str:
    """Return the processor and how many of it there are."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(models)} x {models[0]}" if models else "unknown machine"


def _answers(answers: Answers) -> str:
    refused = f" ({answers.refused} of {answers.asked} refused)" if answers.refused else ""
    return f"{answers.p50_ms:.1f}, {answers.p99_ms:.1f}{refused}"


def _costs(usage: Usage) -> tuple[str, str]:
    cpu_s = usage.engine_cpu_s, usage.store_cpu_s
    worker, store = (f"{seconds / usage.events * 1e6:.1f}" for seconds in cpu_s)
    return worker, store


def _table(title: str, *columns: str) -> Table:
    return Table(*columns, title=title, caption=machine())
