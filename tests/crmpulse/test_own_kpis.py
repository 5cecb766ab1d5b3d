"""The file of KPIs of one's own: checked and tried by the command, and counted by the service as any other."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis import Redis as Client

from crmpulse.embedded import Redis, Tansu, free_port
from crmpulse.settings import Settings
from streams import layout
from streams.topics import ensure
from tests.browser.service import COMMAND, Process

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "kpis.toml"
FILE = """
[[kpi]]
id = "whales"
definition = "Large wins."
moment = "deal.closed"
where = { status = "won", "custom.size" = "big" }
dimensions = ["user", "team", "org", "source"]

[[kpi.test]]
name = "large ones"
events = [ { type = "deal.won", subject = "deal/1", time = 2026-01-05T10:00:00Z, data = { custom = { size = "big" } } } ]
answers = { "" = 1, "by=source" = { "(none)" = 1 } }

[[kpi]]
id = "risks"
definition = "Deals at risk, each time."
event = "deal.health_changed"
where = { new = "at_risk" }
dimensions = ["user", "team", "org"]
"""
WAIT_SECONDS = 60


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "kpis.toml"
    path.write_text(FILE, encoding="utf-8")
    return path


def crmpulse(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command, in a process of its own: what it adds to the catalogue is there for good."""
    return subprocess.run(
        (*COMMAND, *arguments), env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_the_example_passes_its_tests() -> None:
    ended = crmpulse("kpis", "--check", str(EXAMPLE))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.count("passed  ") == EXAMPLE.read_text(encoding="utf-8").count("[[kpi.test]]")
    assert "FAILED" not in ended.stdout


def test_a_test_that_fails_says_what_came_and_what_was_expected(file: Path) -> None:
    wrong = FILE.replace('"" = 1', '"" = 2').replace('"(none)" = 1', "web = 1")
    file.write_text(wrong, encoding="utf-8")
    ended = crmpulse("kpis", "--check", str(file))
    assert ended.returncode == 1
    assert ended.stdout.splitlines() == [
        "FAILED  whales: large ones", "    '' is 1, not 2", "    'by=source' is {(none) = 1}, not {web = 1}", "2 KPIs, 1 tests failed.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('type = "deal.won"', 'type = "deal.one"'), "event 1, $.type: "),
        (('"by=source"', '"by=sauce"'), "'by=sauce': by: whales has no dimension 'sauce'"),
    ],
)
def test_a_test_that_cannot_be_run_fails(file: Path, change: tuple[str, str], said: str) -> None:
    file.write_text(FILE.replace(*change), encoding="utf-8")
    ended = crmpulse("kpis", "--check", str(file))
    assert ended.returncode == 1 and said in ended.stdout, ended.stdout


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (FILE.replace("dimensions", "dimension"), "kpi 1 (whales), dimension: is no member of a KPI"),
        ("[[kpi", "is not TOML: "),
    ],
)
def test_a_wrong_file_stops_every_start(file: Path, content: str, said: str) -> None:
    file.write_text(content, encoding="utf-8")
    for ended in (
        crmpulse("kpis", "--check", str(file)),
        crmpulse("kpis", CRMPULSE_KPIS=str(file)),
        crmpulse("api", CRMPULSE_KPIS=str(file)),
    ):
        assert ended.returncode == 2 and said in ended.stderr, ended


def test_a_file_that_is_not_there_is_a_wrong_setting() -> None:
    ended = crmpulse("kpis", CRMPULSE_KPIS="/no/such/file")
    assert (
        ended.returncode == 2 and "CRMPULSE_KPIS='/no/such/file': must be the path of an existing file" in ended.stderr
    )


def test_the_catalogue_shows_them(file: Path) -> None:
    listed = {row["id"]: row for row in json.loads(crmpulse("kpis", "--json", CRMPULSE_KPIS=str(file)).stdout)}
    assert (listed["whales"]["version"], listed["whales"]["kind"]) == (1, "count")


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[str, str]]:
    with Tansu() as broker, Redis() as redis:
        yield broker.address, redis.address


def event(number: int, kind: str, subject: str, **data: Any) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat()
    return {"specversion": "1.0", "id": f"{number}", "source": "/t", "type": f"crm.{kind}", "subject": subject, "time": now,
            "orgid": "demo", "data": data}  # fmt: skip


EVENTS = [
    event(1, "user.updated", "user/ann", team_id="west"),
    event(2, "deal.won", "deal/1", owner_id="ann", source="web", custom={"size": "big"}),
    event(3, "deal.won", "deal/2", owner_id="bo", source="web", custom={"size": "small"}),
    event(4, "deal.health_changed", "deal/3", new="at_risk", owner_id="ann"),
]


def until_ready(client: httpx.Client) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        try:
            if client.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise AssertionError("the service does not get ready")


def until_counted(ask: Callable[[], Any]) -> None:
    """An answer waits for 10 s at most, which a worker may take longer to start."""
    deadline = time.monotonic() + WAIT_SECONDS
    while (found := ask()).get("status") == 504:
        assert time.monotonic() < deadline, found
    assert "value" in found, found


def test_the_service_counts_them_as_any_other(file: Path, servers: tuple[str, str]) -> None:
    settings = Settings(
        kafka=servers[0], redis=servers[1], http=f"127.0.0.1:{free_port()}", partitions=2, session_timeout_ms=3000, kpis=str(file),
        metrics_windows="all", metrics_level="user",
    )  # fmt: skip
    ensure(settings)
    worker, api = Process("worker", settings), Process("api", settings)
    with worker, api, httpx.Client(base_url=f"http://{settings.http}", timeout=30) as client:
        until_ready(client)
        batch = {"Content-Type": "application/cloudevents-batch+json"}
        sent = client.post("/v1/events", content=json.dumps(EVENTS), headers=batch)
        assert sent.status_code == 202, sent.text
        after = {"after": sent.json()["position"]}

        def value(kpi: str, **asked: str) -> Any:
            return client.get(f"/v1/kpis/{kpi}", params={**after, **asked}).json()

        until_counted(lambda: value("whales"))
        whole = value("whales")
        assert (whole["value"], whole["version"]) == (1, 1)
        assert [value("whales", scope=scope)["value"] for scope in ("team:west", "user:ann", "user:bo")] == [1, 1, 0]
        assert [group["key"] for group in value("whales", by="source")["groups"]] == [{"source": "web"}]
        assert value("risks", by="user")["groups"][0]["value"] == 1
        behind = client.get("/v1/records", params={"kpi": "whales"}).json()
        assert [row["record"] for row in behind["records"]] == ["deal/1"]
        assert {"whales", "risks"} <= {kpi["id"] for kpi in client.get("/v1/kpis").json()["kpis"]}
        metrics = client.get("/metrics").text
        assert 'crm_whales{org="demo",team="west",user="",window="all"} 1.0' in metrics, [
            line for line in metrics.splitlines() if "whales" in line
        ]
        dry = crmpulse("kpis", "--check", str(file), "--dry-run", **plain(worker))
        assert dry.returncode == 0 and ["demo", "whales", "1"] in [line.split() for line in dry.stdout.splitlines()], (
            dry
        )
        assert crmpulse("verify", **worker.environment).returncode == 0

    changed = FILE.replace('id = "whales"', 'id = "whales"\nversion = 2').replace('"big"', '"small"')
    file.write_text(changed, encoding="utf-8")
    refused = crmpulse("worker", **worker.environment)
    assert refused.returncode == 2 and "count other KPIs of one's own" in refused.stderr, refused
    rebuilt = crmpulse("rebuild", **worker.environment)
    assert rebuilt.returncode == 0, rebuilt
    with worker, api, httpx.Client(base_url=f"http://{settings.http}", timeout=30) as client:
        until_ready(client)
        again = client.get("/v1/kpis/whales", params={"by": "user"}).json()
        assert (again["version"], again["value"]) == (2, 1)
        assert {group["key"]["user"]: group["value"] for group in again["groups"]}["bo"] == 1
    with Client.from_url(f"redis://{settings.redis}") as redis:
        kept = redis.get(layout.KEY)
        assert isinstance(kept, bytes) and json.loads(kept)["kpis"]


def plain(process: Process) -> dict[str, str]:
    """The environment of a process, less the file: the one that is checked is named."""
    return {name: value for name, value in process.environment.items() if name != "CRMPULSE_KPIS"}
