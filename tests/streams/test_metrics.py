from __future__ import annotations

import socket

import pytest

from crmpulse.settings import CannotStartError, Settings
from streams import metrics


def test_a_port_that_another_worker_has_is_said_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        settings = Settings(worker_metrics=f"127.0.0.1:{other.getsockname()[1]}")
        with pytest.raises(
            CannotStartError, match=r"Address already in use\): give each worker .* CRMPULSE_WORKER_METRICS"
        ):
            metrics.serve(settings)
