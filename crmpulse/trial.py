"""Questions about tables in memory, with the engine of the API: for what is tried and not kept."""

from collections.abc import Sequence
from typing import Any, Self, cast

import msgspec
from redis.asyncio import Redis

from aggregators.memory import Tables
from aggregators.tables import escaped
from api.query import scripts
from api.query.engine import Engine
from crmpulse.settings import Settings
from streams import commit


def engine(held: Tables, settings: Settings) -> Engine:
    """Return an engine that answers from tables in memory."""
    return Engine(cast(Redis, _Memory(held)), settings)


class _Memory:
    """What the engine asks of Redis, of tables in memory. A pipeline gathers the answers."""

    def __init__(self, held: Tables) -> None:
        self.tables = held
        self.answers: list[Any] = []

    async def get(self, key: str) -> bytes | None:
        return self.tables.values.get(key)

    def pipeline(self, *, transaction: bool) -> Self:
        return type(self)(self.tables) if transaction else self

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.answers = []

    def mget(self, *keys: Any) -> None:
        names = keys[0] if keys and isinstance(keys[0], list) else keys
        self.answers.append([self.tables.values.get(name) for name in names])

    def hgetall(self, key: str) -> None:
        self.answers.append({field.encode(): value for field, value in self.tables.hashes.get(key, {}).items()})

    def eval(self, script: str, *args: Any) -> None:
        """Answer one of the scripts by which tables are read; before what it asks stand how many keys are named, and those."""
        match script:
            case commit.READ:
                self.answers.append([self.tables.values.get(key) for key in msgspec.msgpack.decode(args[2])])
            case scripts.MATCHING:
                self.answers.append([self._matching(args[2], args[4:]), []])
            case scripts.LATEST:
                self.answers.append([self._latest(*asked) for asked in msgspec.msgpack.decode(args[2])])
            case scripts.SINCE:
                self.answers.append([[]])  # nothing changes here
            case _:
                raise NotImplementedError(script)

    def execute_command(self, _: str, script: str, *args: Any) -> None:
        self.eval(script, *args)

    async def execute(self) -> list[Any]:
        return self.answers

    def _matching(self, prefix: str, args: Sequence[Any]) -> list[bytes]:
        found: dict[str, bytes] = {}
        for key, least, below in zip(args[::3], args[1::3], args[2::3], strict=True):
            for member in self._between(key, least, int(below.removeprefix("("))):
                subject = member.partition(":")[2]
                if state := self.tables.values.get(prefix + escaped(subject)):
                    found[subject] = state
        return [part for subject, state in found.items() for part in (subject.encode(), state)]

    def _latest(self, key: str, below: str, least: str, count: int) -> list[bytes]:
        return [member.encode() for member in reversed(self._between(key, float(least), float(below)))][:count]

    def _between(self, key: str, least: float, below: float) -> list[str]:
        members = self.tables.sets.get(key, {})
        return [m for score, m in sorted((score, m) for m, score in members.items()) if least <= score < below]
