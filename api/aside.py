"""Long answers on a thread of their own: a number that is told from tens of thousands of records would keep all others waiting."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from threading import Thread
from typing import Any, TypeVar

from api.query.engine import Engine
from crmpulse.settings import Settings
from streams.connection import connect

T = TypeVar("T")


class Aside:
    """An engine with a connection, an event loop and a thread of its own, which begin when they are first needed."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.loop = asyncio.new_event_loop()
        self.thread = Thread(target=self.loop.run_forever, name="long answers", daemon=True)
        self.engine: Engine | None = None

    async def told(self, ask: Callable[[Engine], Awaitable[T]]) -> T:
        """Return what the engine tells; who waits for it does not keep others waiting."""
        if self.loop.is_closed():
            raise ConnectionAbortedError("nothing is told any more: the service ends")
        engine = self.engine = self.engine or Engine(connect(self.settings, patient=False), self.settings)
        if not self.thread.is_alive():
            self.thread.start()
        return await self._there(_awaited(ask, engine))

    async def close(self) -> None:
        """Let go of the connection, and end the thread."""
        if self.engine and self.thread.is_alive():
            await self._there(_cancelled())
            await self._there(self.engine.redis.aclose())
            self.loop.call_soon_threadsafe(self.loop.stop)
            await asyncio.to_thread(self.thread.join)
        self.loop.close()

    async def _there(self, what: Coroutine[Any, Any, T]) -> T:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(what, self.loop))


async def _cancelled() -> None:
    """End what this loop is still at."""
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _awaited(ask: Callable[[Engine], Awaitable[T]], engine: Engine) -> T:
    return await ask(engine)
