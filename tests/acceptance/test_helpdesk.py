"""The log of a help desk: the time to the first resolution of every case equals that of a reference."""

import csv
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest
import pytest_asyncio

from crmpulse.embedded import Redis
from crmpulse.formats import helpdesk
from crmpulse.settings import Settings
from tests.loading import Asking, load

pytestmark = pytest.mark.asyncio(loop_scope="module")
DATA = Path(__file__).parents[3] / "shared" / "datasets" / "helpdesk"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def api(redis_server: Redis) -> AsyncIterator[Asking]:
    settings = Settings(redis=redis_server.address)
    await load(settings, list(helpdesk.events(DATA / "helpdesk_full.csv")), 5000)
    async with Asking(settings, "demo") as asking:
        yield asking


async def test_every_case_has_the_first_resolution_time_of_the_reference(api: Asking) -> None:
    answer = await api.get("records", kpi="first_resolution_time", limit="10000")
    found = {row["record"]: row["value"] for row in answer["records"]}
    with (DATA / "reference" / "case_times.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    resolved = {f"ticket/{row['case_id']}": _seconds(row) for row in rows if row["first_resolve"]}
    assert len(resolved) == 4569
    assert found == resolved


async def test_mean_and_median_are_those_published(api: Asking) -> None:
    assert await api.value("tickets_created") == 4580
    assert await api.value("first_resolution_time", stat="mean") / 3600 == pytest.approx(266.9404, abs=5e-5)
    assert await api.value("first_resolution_time", stat="p50") / 3600 == pytest.approx(143.5933, rel=0.01)
    assert await api.value("first_resolution_time", stat="count") == 4569


def _seconds(row: dict[str, str]) -> float:
    return (datetime.fromisoformat(row["first_resolve"]) - datetime.fromisoformat(row["first_ts"])).total_seconds()
