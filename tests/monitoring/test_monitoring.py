"""Real Prometheus and Alertmanager beside a running service: what is deployed scrapes, shows and alerts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import Request, urlopen

import pytest

from crmpulse.embedded import HOST, free_port
from deploy.dashboards import DASHBOARDS, WHOLE
from tests.monitoring.servers import Alertmanager, Prometheus, Receiver

pytestmark = pytest.mark.monitoring
ROOT = Path(__file__).parents[2]
WINDOW = "last_90_days"
NAMED_AS_COUNTERS = {"crm_contacts_total", "crm_orders_count"}
"""Gauges whose KPIs have a suffix that Prometheus keeps for other kinds."""


class Stack(NamedTuple):
    """A service with a generated company in the organisation demo, and who watches it."""

    api: str
    worker: str
    prometheus: Prometheus
    receiver: Receiver

    def post(self, *events: tuple[str, str, dict[str, Any]], org: str) -> None:
        """Publish events, of now: type, subject, data."""
        body = [
            {
                "specversion": "1.0",
                "id": f"{kind} {subject} {time.monotonic_ns()}",
                "source": "/tests",
                "type": f"crm.{kind}",
                "subject": subject,
                "orgid": org,
                "time": datetime.now(UTC).isoformat(),
                "data": data,
            }
            for kind, subject, data in events
        ]
        headers = {"Content-Type": "application/cloudevents-batch+json"}
        request = Request(f"http://{self.api}/v1/events?org={org}", json.dumps(body).encode(), headers)
        with urlopen(request, timeout=10) as answer:
            assert answer.status == 202

    def metrics(self, address: str) -> bytes:
        """What Prometheus is told there."""
        with urlopen(f"http://{address}/metrics", timeout=10) as answer:
            found: bytes = answer.read()
        return found


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    api, worker = f"{HOST}:{free_port()}", f"{HOST}:{free_port()}"
    own = {"HTTP": api, "WORKER_METRICS": worker, "METRICS_WINDOWS": f"today,{WINDOW}", "METRICS_FRESH_SECONDS": "1"}
    environment = os.environ | {f"CRMPULSE_{name}": text for name, text in own.items()}
    up = subprocess.Popen([sys.executable, "-m", "crmpulse", "up", "--demo"], env=environment, cwd=ROOT)
    try:
        with Receiver() as receiver, Alertmanager(receiver.address) as alertmanager:
            jobs = {"crmpulse-api": api, "crmpulse-worker": worker}
            with Prometheus(jobs, alertmanager.address) as prometheus:
                until(lambda: len(prometheus.query("up == 1")) == 2, 90, "both are scraped")
                until(lambda: is_counted(prometheus), 300, "the company's history is counted")
                found = Stack(api, worker, prometheus, receiver)
                goal = {"kpi": "deals_won", "assignee": "org", "target": 1000, "period": "year"}
                found.post(("goal.set", "goal/year", goal), org="demo")
                yield found
    finally:
        up.terminate()
        up.wait(20)


def is_counted(prometheus: Prometheus) -> bool:
    """Whether what was published before is in the numbers: some, and nothing waits."""
    return (
        bool(prometheus.query("crm_deals_created{org='demo'} > 0"))
        and prometheus.value("sum(crmpulse_lag_events)") == 0
    )


def until(reached: Callable[[], object], seconds: float, what: str) -> None:
    """Return once something is so; fail after so many seconds."""
    deadline, pause = time.monotonic() + seconds, 0.2
    while not reached():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(pause)


def test_the_deployed_rules_fire_through_alertmanager_and_end(stack: Stack) -> None:
    due = datetime.now(UTC) + timedelta(seconds=2)
    stack.post(
        ("task.created", "task/1", {"owner_id": "ann", "due_at": due.isoformat()}),
        ("deal.created", "deal/1", {"owner_id": "ann"}),
        ("deal.lost", "deal/1", {"lost_reason": "price"}),
        org="acme",
    )
    heard = stack.receiver.heard
    for alert in ("TaskOverdue", "DealLost"):
        until(lambda alert=alert: heard(alert, "acme", "firing"), 60, f"{alert} is told")  # type: ignore[misc]
        assert {*heard(alert, "acme", "firing")} == {"sales"}
    stack.post(
        ("task.status_changed", "task/1", {"new": "done"}), ("deal.reopened", "deal/1", {"stage_id": "new"}), org="acme"
    )
    for alert in ("TaskOverdue", "DealLost"):
        until(lambda alert=alert: heard(alert, "acme", "resolved"), 60, f"{alert} is over")  # type: ignore[misc]


def test_a_won_deal_that_is_reopened_lowers_the_gauge_and_nothing_jumps(stack: Stack) -> None:
    of = 'org="globex",team="",window="today"'
    won, revenue = f"crm_deals_won{{{of}}}", f"crm_revenue_won{{{of}}}"
    value = {"amount": "70", "currency": "EUR"}
    stack.post(("deal.created", "deal/1", {"value": value}), ("deal.won", "deal/1", {"value": value}), org="globex")
    until(lambda: stack.prometheus.value(won) == 1, 30, "the deal is won")
    assert stack.prometheus.value(revenue) == 70
    stack.post(("deal.reopened", "deal/1", {"stage_id": "new"}), org="globex")
    until(lambda: stack.prometheus.value(won) == 0, 30, "the deal is open again")
    until(lambda: stack.prometheus.value(revenue) == 0, 30, "and so is its money")
    for series, known in ((won, {0, 1}), (revenue, {0, 70})):
        (recorded,) = stack.prometheus.query(f"{series}[10m]")
        assert {float(number) for _, number in recorded["values"]} <= known


@pytest.mark.parametrize("name", DASHBOARDS)
def test_every_panel_shows_data(stack: Stack, name: str) -> None:
    board = json.loads((ROOT / "deploy" / "grafana" / "dashboards" / name).read_text())
    asked = [target["expr"] for panel in board["panels"] for target in panel.get("targets", ())]
    assert len(asked) > 5
    for expression in asked:
        of = filled_in(expression)
        assert "$" not in of.replace(WHOLE, "")
        until(lambda of=of: stack.prometheus.query(of), 30, of)  # type: ignore[misc]


def test_a_team_that_is_selected_is_shown_beside_the_others(stack: Stack) -> None:
    named = stack.prometheus.query('crm_deals_won{org="demo",team!="",window="today"}')
    teams = {one["metric"]["team"] for one in named}
    board = json.loads((ROOT / "deploy" / "grafana" / "dashboards" / "sales.json").read_text())
    (chart,) = [panel for panel in board["panels"] if (panel["type"], panel["title"]) == ("timeseries", "Deals won")]
    selected, others = (filled_in(target["expr"], team="inside") for target in chart["targets"])
    assert len(stack.prometheus.query(selected)) == 1
    assert {one["metric"]["team"] for one in stack.prometheus.query(others)} == teams - {"inside"} != teams


def filled_in(expression: str, team: str = WHOLE) -> str:
    """An expression with the variables of a dashboard chosen."""
    chosen = {"org": "demo", "team": team, "window": WINDOW, "goal": ".*", "__rate_interval": "30s"}
    for variable, text in chosen.items():
        expression = expression.replace(f"${variable}", text)
    return expression


def test_every_rule_is_evaluated_without_an_error(stack: Stack) -> None:
    def rules() -> list[dict[str, Any]]:
        groups = stack.prometheus.get("/api/v1/rules")["data"]["groups"]
        return [rule for group in groups for rule in group["rules"]]

    until(lambda: all(rule["health"] != "unknown" for rule in rules()), 30, "all rules were evaluated")
    assert [rule["name"] for rule in rules() if rule["health"] != "ok"] == []
    down = {"ApiDown", "WorkerDown", "KafkaDown", "RedisDown", "PartitionsHalted"}
    assert [rule["name"] for rule in rules() if rule["name"] in down and rule["state"] == "firing"] == []


@pytest.mark.parametrize("process", ["api", "worker"])
def test_prometheus_finds_nothing_to_object_to_in_the_metrics(stack: Stack, process: str) -> None:
    told = stack.metrics(stack.api if process == "api" else stack.worker)
    checked = subprocess.run(["promtool", "check", "metrics"], input=told, capture_output=True, check=False)
    complaints = [line for line in checked.stderr.decode().splitlines() if line.split()[0] not in NAMED_AS_COUNTERS]
    assert complaints == []
