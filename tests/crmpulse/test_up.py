"""`crmpulse up` as a process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

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
