"""`crmpulse verify`: every number in Redis beside what the log says.

Nothing has to stand still for it. Some keys are read together with the mark of their partition in one transaction, the
recount folds on to that mark, and then the two have to be equal.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from redis.asyncio import Redis
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from crmpulse.settings import CannotStartError, Settings
from streams import layout, log, topics
from streams.cluster import naming
from streams.comparison import differing
from streams.connection import connect
from streams.forwards import Forwards
from streams.layout import Layout
from streams.log import Log, LogError
from streams.mark import Mark, mark
from streams.recount import Recount

CHUNK_KEYS = 1000
Tell = Callable[[int], object]


def verify(settings: Settings) -> list[str]:
    """Return a line for each difference; raises CannotStartError where there is nothing to compare."""
    return asyncio.run(differences(settings))


async def differences(settings: Settings) -> list[str]:
    """As ``verify``, inside an event loop."""
    async with connect(settings) as redis, log.consumer(settings) as reader:
        found = await live(redis, settings)
        layout.require_kpis(found, settings.enable)
        marks = [mark(await redis.get(f"{prefix}:mark")) for prefix in found.shards()]
        logs = [Log(reader, found.events_topic(settings), number) for number in range(found.partitions)]
        forwards, lines = Forwards(), list[str]()
        with progress_bar() as progress:
            task = progress.add_task("recounting", total=sum(m.next for m in marks if m))
            for one in logs:
                prefix = found.shard(one.tp.partition)
                recount = Recount(one, prefix, found, settings, forwards, lambda n: progress.advance(task, n))
                lines += [line async for line in compared(redis, recount)]
        if await layout.read(redis) != found:
            raise CannotStartError("The tables were rebuilt while they were recounted: verify them again.")
        return lines + [line for one in logs for line in await forgotten(forwards, one)]


async def live(redis: Redis, settings: Settings) -> Layout:
    """Return the layout that holds; CannotStartError where there is none, or where it is for another number of partitions."""
    found = await layout.read(redis)
    if found is None:
        raise CannotStartError("There are no tables in Redis yet: start a worker first.")
    topic = found.events_topic(settings)
    partitions = await topics.partitions(settings, topic)
    if partitions != found.partitions:
        raise CannotStartError(
            f"The tables are for {found.partitions} partitions, and {topic} has {partitions}: use the topic that they were "
            "made from, or empty Redis."
        )
    return found


async def compared(redis: Redis, recount: Recount) -> AsyncIterator[str]:
    """Yield a line for each difference between a partition's tables and the recount of its log."""
    try:
        await recount.log.open()
        at, _ = await read(redis, recount.prefix, [])
        await recount.upto(at)
        kept = {key.decode(errors="replace") async for key in redis.scan_iter(match=f"{recount.prefix}:*", count=5000)}
        names = sorted(name for name in kept | recount.names() if is_counted(name, recount.prefix))
        for start in range(0, len(names), CHUNK_KEYS):
            chunk = names[start : start + CHUNK_KEYS]
            at, values = await read(redis, recount.prefix, chunk)
            await recount.upto(at)
            for name in chunk:
                for said in differing(values[name], recount.value(name)):
                    yield f"{name}{said}"
    except LogError as error:
        yield f"{recount.prefix}: the log {error}"


async def forgotten(forwards: Forwards, home: Log) -> list[str]:
    """Return a line for each record that belongs to a partition and has no copy there."""
    return [
        f"{home.tp.topic}: offset {offset} of partition {partition} belongs to partition {home.tp.partition}, "
        "and there is no copy of it there"
        for partition, offset in await forwards.missing(home)
    ]


def is_counted(name: str, prefix: str) -> bool:
    """Tell whether a key is of the tables, and does not depend on how the log was cut into batches."""
    match name.removeprefix(f"{prefix}:").split(":"):
        case ["orgs"]:
            return True
        case [_] | [_, "ver" | "touched"] | [_, "alerts" | "fresh", *_]:
            return False
    return True


def is_of_an_organisation(name: str, prefix: str) -> bool:
    """Tell whether a key is of an organisation's tables."""
    return ":" in name.removeprefix(f"{prefix}:") and is_counted(name, prefix)


async def read(redis: Redis, prefix: str, names: Sequence[str]) -> tuple[Mark, dict[str, Any]]:
    """Return the mark of a partition and the values of some of its keys, all of the same instant. Raises LogError without a mark."""
    kinds = defaultdict[str, list[str]](list)
    for name in names:
        kinds[_kind(name, prefix)].append(name)
    pipe = redis.pipeline(transaction=True)
    pipe.mget([*naming(f"{prefix}:mark"), *kinds["string"]])
    for name in kinds["set"]:
        pipe.zrange(name, 0, -1, withscores=True)
    for name in kinds["hash"]:
        pipe.hgetall(name)
    (packed, _, *strings), *others = await pipe.execute(raise_on_error=False)
    if (found := mark(packed)) is None:
        raise LogError("has no mark in Redis that tells how far it was applied")
    ordered = (*kinds["string"], *kinds["set"], *kinds["hash"])
    return found, dict(zip(ordered, (*strings, *others), strict=True))


def _kind(name: str, prefix: str) -> str:
    match name.removeprefix(f"{prefix}:").split(":"):
        case ["orgs"] | [_, "i" | "n", *_]:
            return "set"
        case [_, "dir"]:
            return "hash"
    return "string"


def progress_bar() -> Progress:
    """Return a progress bar on standard error, which shows where that is a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
