"""One reader of an organisation's tables for all who listen: each distinct question is asked once a change."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from zlib import crc32

import structlog
from redis.exceptions import RedisError

from api.messages import Message, Messages, Topic, message, messages
from api.query.engine import Engine
from api.query.errors import ImpossibleError, UnknownError, UnsettledError

LOOK_SECONDS = 0.1
CLOCK_SECONDS = 5
"""A window turns over, or something becomes due, without an event: the clock alone is a reason to ask again."""

log = structlog.get_logger("crmpulse.api")


class State(NamedTuple):
    """When to ask again: where the tables stand, how often the alerts changed, and the stretch of the clock."""

    position: str
    alerts: int
    clock: int


class Live:
    """The readers of a service, one per organisation that anybody listens to."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.readers: dict[str, Reader] = {}

    def reader(self, org: str) -> "Reader":
        """Return the reader of an organisation."""
        found = self.readers.get(org)
        if found is None or found.ended:
            self.readers = {name: one for name, one in self.readers.items() if not one.ended}
            found = self.readers[org] = Reader(self.engine, org)
        return found

    async def close(self) -> None:
        """Stop all readers."""
        for one in self.readers.values():
            await one.close()


class Reader:
    """Reads for as long as anybody listens; ``changed`` is set, and made anew, when there is something new to tell."""

    def __init__(self, engine: Engine, org: str) -> None:
        self.engine, self.org = engine, org
        self.state = State("", 0, 0)
        self.wanted: Counter[Topic] = Counter()
        self.answers: dict[Topic, Messages] = {}
        self.changed = asyncio.Event()
        self.lock = asyncio.Lock()
        self.task: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        """Tell whether it reads."""
        return self.task is not None and not self.task.done()

    @property
    def ended(self) -> bool:
        """Tell whether it read, and stopped."""
        return self.task is not None and self.task.done()

    async def join(self, topics: Sequence[Topic]) -> None:
        """Read these, too. Raises what is wrong with the questions, UnsettledError, RedisError."""
        self.wanted.update(topics)
        try:
            async with self.lock:
                if not self.running:
                    self.state = await self._look()
                for topic in topics:
                    if topic not in self.answers:
                        self.answers[topic] = await messages(self.engine, self.org, topic)
        except BaseException:
            self.leave(topics)
            raise
        if not self.running:
            self.task = asyncio.create_task(self._read())

    def leave(self, topics: Sequence[Topic]) -> None:
        """Read these for one listener less."""
        self.wanted.subtract(topics)
        self.wanted = +self.wanted
        self.answers = {topic: told for topic, told in self.answers.items() if topic in self.wanted}

    async def close(self) -> None:
        """Stop reading."""
        if self.task:
            self.task.cancel()
            await asyncio.wait({self.task})

    async def _read(self) -> None:
        try:
            while self.wanted:
                began = time.monotonic()
                state = await self._look()
                if state != self.state:
                    if await self._ask():
                        self.state = state
                    self._wake()
                # What takes long is done seldom: others want answers, too.
                await asyncio.sleep(max(LOOK_SECONDS, time.monotonic() - began))
        except (RedisError, OSError) as error:
            log.warning("the tables cannot be read, listeners are sent away", error=f"{type(error).__name__}: {error}")
        finally:
            self._wake()

    async def _look(self) -> State:
        position, alerts = await self.engine.standing(self.org)
        return State(position, alerts, int(time.time()) // CLOCK_SECONDS)

    async def _ask(self) -> bool:
        """Ask everything that is wanted; tell whether the tables stood still for all of it."""
        settled = True
        async with self.lock:
            for topic in list(self.wanted):
                try:
                    self.answers[topic] = await messages(self.engine, self.org, topic)
                except UnsettledError:
                    settled = False
                except (ImpossibleError, UnknownError) as error:
                    log.warning("a question that was possible is so no more", topic=topic, error=str(error))
        return settled

    def _wake(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()


class Listener:
    """One who listens to some topics, and what was told so far: by what it is about, the digest of what was said."""

    def __init__(self, reader: Reader, topics: Sequence[Topic], last_id: str = "") -> None:
        self.reader, self.topics = reader, topics
        self.told: dict[str, int] = {}
        self.last_id = last_id

    async def join(self) -> None:
        """Begin to listen. Raises as ``Reader.join``."""
        await self.reader.join(self.topics)
        found = {about: one.digest for about, one in self._present().items() if not one.over}
        if self.last_id.rpartition("-")[2] == _fingerprint(found):
            self.told = found

    def leave(self) -> None:
        """Listen no more."""
        self.reader.leave(self.topics)

    def news(self) -> Iterator[dict[str, str]]:
        """Return what was not told yet, as events; the id of each stands for all that is known with it."""
        present, missed = self._present(), self._missed()
        gone = {about: _gone(about) for about in self.told if about not in present}
        for about, one in [*gone.items(), *present.items()]:
            if self.told.get(about) != one.digest and (not one.over or about in self.told or missed):
                self.told[about] = one.digest
                if one.over:
                    del self.told[about]
                yield {"event": one.event, "data": one.data, "id": self._id()}

    def _missed(self) -> bool:
        """Tell whether alerts changed while the listener was away: then it may know of some that are over."""
        position, alerts, _ = ["", "", "", *self.last_id.rsplit("-", 2)][-3:]
        return bool(position) and not self.told and alerts != str(self.reader.state.alerts)

    def _present(self) -> Messages:
        return {about: one for topic in self.topics for about, one in self.reader.answers.get(topic, {}).items()}

    def _id(self) -> str:
        state = self.reader.state
        return f"{state.position}-{state.alerts}-{_fingerprint(self.told)}"


def _gone(about: str) -> Message:
    """What is told of a goal that was deleted, or an alert that was forgotten."""
    event, _, name = about.partition("/")
    return message(event, {event: name, "deleted": True}, {}, over=True)


def _fingerprint(told: dict[str, int]) -> str:
    return f"{crc32(repr(sorted(told.items())).encode()):08x}"
