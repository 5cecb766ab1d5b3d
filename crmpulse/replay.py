"""`crmpulse replay`: files are read twice, first to check every event in them, then to publish them."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from aiokafka.errors import KafkaError
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn
from rich.text import Text

import events
from crmpulse.cloudevent import Event
from crmpulse.formats import FORMATS, FormatError
from crmpulse.publish import CHUNK_EVENTS, encode, producer, publish
from crmpulse.settings import CannotStartError, Settings
from crmpulse.shift import shift

MOST_FAULTS = 20
SECOND_NS = 1_000_000_000

Placed = tuple[str, Event]


class InvalidFileError(CannotStartError):
    """Files hold what is no event; the message has a line for each of the first faults, and nothing is published."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(["Nothing is published, because of", *(f"  {fault}" for fault in faults)]))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Replay:
    """Events that have been found valid: how many, and a function that reads them once more."""

    count: int
    events: Callable[[], Iterator[Event]]


def replay(
    settings: Settings,
    paths: Sequence[Path],
    format: str = "jsonl",
    rate: float = 0,
    shift_to_now: bool = False,
    org: str = "",
) -> None:
    """Publish files with a progress bar, at most `rate` events a second; CannotStartError says what is in the way."""
    now_ns = time.time_ns() if shift_to_now else None
    try:
        asyncio.run(show(settings, check(paths, format, org, now_ns), rate))
    except KafkaError as error:
        raise CannotStartError(f"Kafka at {settings.kafka} did not take the events: {error}") from error


def check(paths: Sequence[Path], format: str = "jsonl", org: str = "", now_ns: int | None = None) -> Replay:
    """The files' events, in organisation `org` if given, moved in time so that the last is at `now_ns` if given.

    InvalidFileError when there is anything wrong in them.
    """
    if format not in FORMATS:
        known = (f"  {name}: {one.help}, {one.expects}" for name, one in FORMATS.items())
        raise CannotStartError("\n".join([f"There is no format {format!r}, but", *known]))
    count, last_ns = _survey(_placed(paths, format, org))
    seconds = 0 if now_ns is None else (now_ns - last_ns) // SECOND_NS

    def again() -> Iterator[Event]:
        for _, event in _placed(paths, format, org):
            yield shift(event, seconds) if seconds else event

    return Replay(count, again)


def _placed(paths: Sequence[Path], format: str, org: str) -> Iterator[Placed]:
    known = FORMATS[format]
    for path in paths:
        read = known.events(path, org) if org else known.events(path)
        for number, event in enumerate(read, 1):
            yield f"{path}, {known.counted} {number}", event


def _survey(placed: Iterator[Placed]) -> tuple[int, int]:
    """How many events there are and when the last one happened, in ns."""
    count, last_ns = 0, 0
    faults: list[str] = []
    try:
        while len(faults) < MOST_FAULTS and (chunk := list(islice(placed, CHUNK_EVENTS))):
            count += len(chunk)
            for (place, _), found in zip(chunk, events.decode([encode(event) for _, event in chunk]), strict=True):
                if isinstance(found, events.Invalid):
                    faults.append(f"{place}, {found.path}: {found.reason}")
                else:
                    last_ns = max(last_ns, found.entry.time_ns)
    except FormatError as error:
        faults.append(str(error))
    if faults:
        raise InvalidFileError(faults[:MOST_FAULTS])
    return count, last_ns


class _Speed(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.finished_speed or task.speed or 0:,.0f} events/s")


async def show(settings: Settings, source: Replay, rate: float = 0) -> None:
    """Publish with a progress bar."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Speed())
    with Progress(*columns) as progress:
        task = progress.add_task(f"to {settings.events_topic}", total=source.count)
        async with producer(settings) as sender:
            async for acknowledged in publish(sender, settings.events_topic, source.events(), rate):
                progress.advance(task, acknowledged)
