"""What is between the workers and the servers: every request is a call, whose fate the simulation decides."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from redis.exceptions import ConnectionError as Disconnected

from streams import commit
from tests.simulation.memory import Memory

Run = Callable[[], Any]


@dataclass(eq=False)
class Call:
    """A request on its way: `run` does on the server what it asks for, `fault` is raised where no reply comes."""

    caller: str
    run: Run
    reply: asyncio.Future[Any]
    fault: Exception
    is_commit: bool

    def deliver(self) -> None:
        """Do it and reply."""
        answer = self.run()
        if not self.reply.done():
            self.reply.set_result(answer)

    def fail(self) -> None:
        """Have the caller believe that it was not done."""
        if not self.reply.done():
            self.reply.set_exception(self.fault)


class Network:
    """Calls on their way, and calls that nobody waits for any more and that may still arrive."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.calls: list[Call] = []
        self.late: list[Call] = []

    def send(self, caller: str, run: Run, fault: Exception, *, is_commit: bool = False) -> asyncio.Future[Any]:
        """Put a call on its way."""
        call = Call(caller, run, self.loop.create_future(), fault, is_commit)
        self.calls.append(call)
        return call.reply

    def of(self, *callers: str) -> list[Call]:
        """The calls of some callers, the oldest first."""
        return [call for call in self.calls if call.caller in callers]

    def take(self, call: Call) -> Call:
        """Take a call off the wire."""
        self.calls.remove(call)
        return call

    def abandon(self, caller: str) -> None:
        """Nobody waits for the calls of a caller any more; they may still arrive."""
        self.late += self.of(caller)
        self.calls = [call for call in self.calls if call.caller != caller]


class RemoteRedis:
    """As much of the client of Redis as workers use, with a call for every command."""

    def __init__(self, network: Network, caller: str, server: Memory) -> None:
        self.network = network
        self.caller = caller
        self.server = server

    def send(self, run: Run, *, is_commit: bool = False) -> asyncio.Future[Any]:
        """Put a command on its way."""
        return self.network.send(self.caller, run, Disconnected("the connection broke"), is_commit=is_commit)

    def register_script(self, script: str) -> Callable[..., asyncio.Future[Any]]:
        """As the client's."""
        is_commit = commit.WRITE in script
        return lambda keys=(), args=(): self.send(lambda: self.server.eval(script, keys, args), is_commit=is_commit)

    def get(self, key: str) -> asyncio.Future[Any]:
        """As the client's."""
        return self.send(lambda: self.server.get(key))

    def mget(self, keys: Sequence[str]) -> asyncio.Future[Any]:
        """As the client's."""
        return self.send(lambda: self.server.mget(keys))

    def pipeline(self, transaction: bool) -> Pipeline:
        """As the client's."""
        return Pipeline(self)

    async def scan_iter(self, match: str, count: int) -> AsyncIterator[bytes]:
        """As the client's, for all keys with a prefix and in one call."""
        prefix = match.removesuffix("*").replace("\\", "")
        for key in await self.send(lambda: self.server.starting_with(prefix)):
            yield key


class Pipeline:
    """Reads that are sent together, in one call."""

    def __init__(self, redis: RemoteRedis) -> None:
        self.redis = redis
        self.reads: list[Run] = []

    def get(self, key: str) -> None:
        """As the client's."""
        self.reads.append(lambda: self.redis.server.get(key))

    def hgetall(self, key: str) -> None:
        """As the client's."""
        self.reads.append(lambda: self.redis.server.hgetall(key))

    def zrangebyscore(self, key: str, low: int, high: str, start: int | None, num: int | None) -> None:
        """As the client's."""
        self.reads.append(lambda: self.redis.server.zrangebyscore(key, low, int(high[1:]), (start, num)))

    def execute(self) -> asyncio.Future[Any]:
        """As the client's."""
        return self.redis.send(lambda: [read() for read in self.reads])
