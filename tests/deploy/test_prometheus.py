"""Rules and dashboards speak of metrics that there are, in ways that a restated number does not upset."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy import dashboards
from deploy.dashboards import DASHBOARDS, WHOLE
from tests.test_documentation import _anchors

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "deploy" / "prometheus"
BOARDS = ROOT / "deploy" / "grafana" / "dashboards"
RULES: dict[str, dict[str, Any]] = {
    rule["alert"]: rule
    for group in yaml.safe_load((PROMETHEUS / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]
}
FALLS = re.compile(r"\b(?:increase|rate|irate|resets)\s*\(\s*(?:crm_\w+|crmpulse_alerts_firing|crmpulse_lag\w*)")


def expressions() -> Iterator[tuple[str, str]]:
    """Where an expression stands, and the expression: of all rules and of all panels."""
    yield from ((name, rule["expr"]) for name, rule in RULES.items())
    for name in DASHBOARDS:
        board = json.loads((BOARDS / name).read_text())
        for panel in board["panels"]:
            yield from ((f"{name}: {panel['title']}", target["expr"]) for target in panel.get("targets", ()))
        yield from ((f"{name}: ${one['name']}", one["query"]["query"]) for one in board["templating"]["list"])


def metrics() -> set[str]:
    """The metrics of the page, a histogram by its series, and those of Prometheus itself and of every process."""
    listed = re.findall(r"^\| `(\w+)[^`]*` \| (\w+)", (ROOT / "docs" / "metrics.md").read_text(), re.MULTILINE)
    return {f"{name}_bucket" if kind == "histogram" else name for name, kind in listed} | {
        "up", "ALERTS", "process_resident_memory_bytes", "process_cpu_seconds_total",
    }  # fmt: skip


def named(expression: str) -> set[str]:
    """The metrics that an expression reads."""
    bare = re.sub(r'\{[^}]*\}|"[^"]*"|\[[^\]]*\]|by \([^)]*\)', "", expression)
    return set(re.findall(r"\b(?:crm\w+|process\w+|up|ALERTS)\b", bare))


@pytest.mark.parametrize("alert", RULES)
def test_an_alert_says_how_bad_it_is_what_it_means_and_where_to_read_on(alert: str) -> None:
    labels, told = RULES[alert]["labels"], RULES[alert]["annotations"]
    assert labels["severity"] in ("info", "warning", "critical")
    assert labels["area"] in ("crm", "service")
    assert told["summary"]
    assert told["description"].endswith(".")
    page, _, section = told["runbook"].partition("#")
    assert section == alert.lower()
    assert section in _anchors((ROOT / page).read_text())


def test_the_runbook_has_no_section_of_an_alert_that_is_none() -> None:
    sections = re.findall(r"^## (\w+)$", (ROOT / "docs" / "runbook.md").read_text(), re.MULTILINE)
    assert sections == [*RULES]


@pytest.mark.parametrize("alert", RULES)
def test_an_alert_is_tested_where_it_fires_and_where_it_does_not(alert: str) -> None:
    cases = [
        bool(case["exp_alerts"])
        for file in (PROMETHEUS / "tests").glob("*.yml")
        for test in yaml.safe_load(file.read_text())["tests"]
        for case in test["alert_rule_test"]
        if case["alertname"] == alert
    ]
    assert {*cases} == {True, False}


def test_rules_and_dashboards_name_metrics_that_there_are() -> None:
    found = [(where, named(expression)) for where, expression in expressions()]
    assert len(found) > 80
    assert [(where, names - metrics()) for where, names in found if not names or names - metrics()] == []


def test_no_rule_or_dashboard_asks_for_the_increase_of_what_may_fall() -> None:
    assert [where for where, expression in expressions() if FALLS.search(expression)] == []
    assert FALLS.search('sum(increase(crm_deals_won{org="a"}[1h]))')


def test_the_dashboards_are_fresh() -> None:
    assert [*dashboards.stale(BOARDS)] == []


def test_a_dashboard_that_is_not_fresh_is_noticed(tmp_path: Path) -> None:
    dashboards.main([str(tmp_path)])
    assert [*dashboards.stale(tmp_path)] == []
    (tmp_path / "sales.json").write_text("{}")
    assert [*dashboards.stale(tmp_path)] == [f"{tmp_path / 'sales.json'} is stale: make docs"]


def test_panels_do_not_overlap_and_have_ids_of_their_own() -> None:
    for name in DASHBOARDS:
        panels = json.loads((BOARDS / name).read_text())["panels"]
        assert len({panel["id"] for panel in panels}) == len(panels)
        taken: set[tuple[int, int]] = set()
        for panel in panels:
            place = panel["gridPos"]
            mine = {(place["x"] + i, place["y"] + j) for i in range(place["w"]) for j in range(place["h"])}
            assert not mine & taken
            assert place["x"] + place["w"] <= 24
            taken |= mine


def test_all_of_the_team_variable_is_the_series_without_a_team() -> None:
    assert re.fullmatch(WHOLE, "")
    assert not re.fullmatch(WHOLE, "west")


def _run(*command: str) -> None:
    assert shutil.which(command[0]), f"{command[0]} is not installed: .ci/run does"
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.monitoring
def test_prometheus_and_alertmanager_take_configuration_and_rules() -> None:
    _run("promtool", "check", "config", "--syntax-only", "deploy/prometheus/prometheus.yml")
    _run("promtool", "check", "rules", "--lint-fatal", "deploy/prometheus/alerts.yml")
    _run("amtool", "check-config", "deploy/alertmanager/alertmanager.yml")


@pytest.mark.monitoring
def test_the_rules_fire_and_end_as_their_tests_say() -> None:
    _run("promtool", "test", "rules", *(str(file) for file in sorted((PROMETHEUS / "tests").glob("*.yml"))))
