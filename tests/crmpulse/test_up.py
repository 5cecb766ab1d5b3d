"""`crmpulse up` as a process."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from crmpulse.embedded import free_port

UP = "from crmpulse.cli import main; main()"


def test_an_interrupt_ends_it_though_it_was_started_with_interrupts_ignored() -> None:
    command = ["sh", "-c", 'trap \'\' INT; exec "$0" "$@"', sys.executable, "-c", UP, "up"]
    environment = {**os.environ, "CRMPULSE_HTTP": f"127.0.0.1:{free_port()}"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout
            assert any(line.startswith("Redis ") for line in running.stdout), "it says where everything is"
            running.send_signal(signal.SIGINT)
            assert running.wait(timeout=10) == 0
        finally:
            running.kill()


def test_an_address_that_something_else_listens_at_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        ended = subprocess.run(
            [sys.executable, "-c", UP, "up"],
            env={**os.environ, "CRMPULSE_HTTP": address},
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert ended.returncode == 2
    assert f"something else listens at {address}" in " ".join(ended.stderr.split())
    assert "Traceback" not in ended.stderr


def test_it_says_in_a_line_which_part_has_ended(tmp_path: Path) -> None:
    environment = {**os.environ, "CRMPULSE_HTTP": f"127.0.0.1:{free_port()}"}
    with (
        (tmp_path / "log").open("w+") as log,
        subprocess.Popen(
            [sys.executable, "-c", UP, "up"], env=environment, stdout=subprocess.PIPE, stderr=log, text=True
        ) as running,
    ):
        try:
            assert running.stdout
            assert any(line.startswith("Redis ") for line in running.stdout)
            found = subprocess.run(
                ["pgrep", "-P", str(running.pid), "-f", "worker$"], check=True, capture_output=True, text=True
            )
            os.kill(int(found.stdout), signal.SIGKILL)
            assert running.wait(timeout=20) == 2
        finally:
            running.kill()
        log.seek(0)
        said = log.read()
    assert "The worker ended with code -9" in " ".join(said.split())
    assert "Traceback" not in said
