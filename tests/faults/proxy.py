"""A TCP proxy that is slow, that cuts replies, and that keeps connections open through which nothing comes any more."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from crmpulse.embedded import HOST
from crmpulse.settings import host_port

CHUNK_BYTES = 1 << 16


class Proxy:
    """Passes bytes on to `target`; each member says how badly."""

    def __init__(self, target: str, port: int) -> None:
        self.target = target
        self.port = port
        self.latency_seconds = 0.0
        self.cut_after: int | None = None
        """Bytes of replies after which the connection is reset, counted down."""
        self._flows = asyncio.Event()
        self._writers: set[asyncio.StreamWriter] = set()

    @contextmanager
    def listening(self) -> Iterator[Proxy]:
        """Listen until the end of the `with`, whatever else this process does meanwhile."""
        listens, self._ends = threading.Event(), asyncio.Event()
        thread = threading.Thread(target=lambda: asyncio.run(self._listen(listens)))
        thread.start()
        listens.wait()
        try:
            yield self
        finally:
            self._loop.call_soon_threadsafe(self._ends.set)
            thread.join()

    def cut(self) -> None:
        """Reset all connections."""
        self._loop.call_soon_threadsafe(self._abort)

    def hold(self, *, back: bool) -> None:
        """Hold back all that is sent, with connections open; or let it go, late."""
        self._loop.call_soon_threadsafe(self._flows.clear if back else self._flows.set)

    async def _listen(self, listens: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._flows.set()
        server = await asyncio.start_server(self._serve, HOST, self.port)
        listens.set()
        await self._ends.wait()
        server.close()
        self._flows.set()
        self._abort()
        await server.wait_closed()

    def _abort(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            remote_reader, remote_writer = await asyncio.open_connection(*host_port(self.target))
        except OSError:
            writer.transport.abort()
            return
        both = {writer, remote_writer}
        self._writers |= both
        with suppress(OSError, asyncio.CancelledError):
            await asyncio.gather(
                self._pass(reader, remote_writer, replies=False), self._pass(remote_reader, writer, replies=True)
            )
        for each in both:
            each.transport.abort()
        self._writers -= both

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, replies: bool) -> None:
        while data := await reader.read(CHUNK_BYTES):
            await asyncio.sleep(self.latency_seconds)
            await self._flows.wait()
            if replies and self.cut_after is not None:
                self.cut_after -= len(data)
                if self.cut_after <= 0:
                    writer.write(data[: len(data) // 2])
                    raise ConnectionResetError
            writer.write(data)
            await writer.drain()
        raise ConnectionResetError  # one side closed: the other has nobody to talk to
