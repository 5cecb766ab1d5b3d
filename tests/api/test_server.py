"""The API as a process."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import httpx
import pytest

from api import server
from crmpulse.embedded import free_port
from crmpulse.settings import CannotStartError, Settings
from tests.api.serving import event


@pytest.fixture
def process(settings: Settings) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`crmpulse api` and its URL, once it said that it listens."""
    variables = {f"CRMPULSE_{name.upper()}": str(value) for name, value in settings.model_dump().items()}
    url = f"http://127.0.0.1:{free_port()}"
    command = [sys.executable, "-c", "from crmpulse.cli import main; main()", "api"]
    environment = {**os.environ, **variables, "CRMPULSE_HTTP": url.removeprefix("http://")}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout
        assert url in running.stdout.readline()
        yield running, url
        running.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_answers_until_it_is_told_to_stop(
    process: tuple[subprocess.Popen[str], str], number: signal.Signals
) -> None:
    running, url = process
    with httpx.Client(base_url=url, timeout=10) as client:
        assert client.get("/readyz").status_code == 200
        assert client.post("/v1/events", content=event()).status_code == 202
        assert client.post("/v1/events", content=b" " * (2 << 20)).status_code == 413
        assert client.post("/v1/events", content=(b" " * 4096 for _ in range(1024))).status_code == 413
        assert client.get("/v1/records/deal/a%2Fb%20%7B%F0%9F%9A%80").status_code == 404
    running.send_signal(number)
    assert running.wait(timeout=10) == 0


@pytest.mark.parametrize("announced", [True, False])
def test_who_writes_all_before_reading_is_told_that_it_is_too_much(
    process: tuple[subprocess.Popen[str], str], announced: bool
) -> None:
    _, url = process
    mib = b" " * (1 << 20)
    for _ in range(3):
        with pytest.raises(HTTPError) as refused:
            urlopen(Request(f"{url}/v1/events", 12 * mib if announced else iter([mib] * 12), method="POST"), timeout=20)
        assert (refused.value.code, json.load(refused.value)["type"]) == (413, "urn:crmpulse:problem:too-large")


def test_who_asks_before_writing_is_told_so_at_once(process: tuple[subprocess.Popen[str], str]) -> None:
    _, url = process
    address = httpx.URL(url)
    with socket.create_connection((address.host, address.port or 0), timeout=20) as connection:
        connection.sendall(
            b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2097152\r\nExpect: 100-continue\r\n\r\n"
        )
        assert connection.recv(1024).startswith(b"HTTP/1.1 413 ")


def test_it_stops_while_somebody_listens(process: tuple[subprocess.Popen[str], str]) -> None:
    running, url = process
    with httpx.Client(base_url=url, timeout=10) as client, client.stream("GET", "/v1/live?kpi=calls_made") as answer:
        lines = answer.iter_lines()
        assert "event: kpi" in (next(lines), next(lines))
        running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=10) == 0


def test_an_address_that_is_taken_stops_the_start() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(CannotStartError, match=f"cannot listen on {address}.*CRMPULSE_HTTP"):
            server.run(Settings(http=address))
