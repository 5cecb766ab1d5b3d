"""The page of metrics has all that is told, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
from prometheus_client import generate_latest

from api.metrics_page import page
from streams import metrics as of_worker

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"


def told(text: str) -> set[str]:
    """The metrics of ours that a process tells."""
    return set(re.findall(r"^# TYPE (crm\w+) ", text, re.MULTILINE))


def test_the_page_in_docs_is_fresh() -> None:
    assert PAGE.read_text() == page(), "run make docs"


async def test_every_metric_of_api_and_worker_is_on_the_page_and_no_other(client: httpx.AsyncClient) -> None:
    assert of_worker.LAG is not None  # what makes a worker's metrics be there
    listed = set(re.findall(r"^\| `(crm\w+)", PAGE.read_text(), re.MULTILINE))
    of_api = told((await client.get("/metrics")).text)
    worker = told(generate_latest().decode())
    assert {"crm_win_rate", "crmpulse_lag_events", "crmpulse_http_requests_total"} <= of_api
    assert {"crmpulse_events_applied_total", "crmpulse_partition_lag_records"} <= worker
    assert listed == of_api | worker
