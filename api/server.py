"""The API as a process."""

import logging
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from api.app import create_app
from crmpulse.settings import CannotStartError, Settings, host_port

FINISH_SECONDS = 5
KEEP_ALIVE_SECONDS = 75
"""Longer than load balancers keep an idle connection (most: 60 s), so that none writes on one that is being closed."""
BACKLOG = 2048


def run(settings: Settings) -> None:
    """Serve until told to stop by SIGINT or SIGTERM, and then finish what was begun, within 10 s.

    CannotStartError where the address cannot be listened on, or the tokens file is wrong.
    """
    # Ten lines a second while the broker is away; we tell it once.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    app, listening = create_app(settings), _listening(settings)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=FINISH_SECONDS,
    )
    server = _Server(config)
    server.url = f"http://{settings.http}"
    server.run([listening])


class _Server(uvicorn.Server):
    url: str

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        sys.stdout.write(f"The API listens on {self.url}, its reference is {self.url}/docs\n")
        sys.stdout.flush()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End in order and with 0, where uvicorn would raise the signal again once it has ended."""
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _listening(settings: Settings) -> socket.socket:
    host, port = host_port(settings.http)
    try:
        return socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=BACKLOG
        )
    except OSError as error:
        raise CannotStartError(
            f"The API cannot listen on {settings.http} ({error.strerror or error}): "
            "say where it can with CRMPULSE_HTTP."
        ) from None
