"""Grafana's dashboards, made from the catalogue: `python -m deploy.dashboards FOLDER`, with `--check` to compare only."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from aggregators.kpi import Kpi
from api.query.overview import NOW, SHOWN
from deploy.panels import Json, Panel, bars, chart, laid_out, row, stat

SOURCE = {"type": "prometheus", "uid": "prometheus"}
UNITS = {"ratio": "percentunit", "s": "s", "money": "short"}
WHOLE = "^$"
"""The value of `All`, as a pattern of the label `team`: the series of the whole organisation."""
SELECTED, OTHERS, WITHOUT = 'team=~"$team"', 'team!="",team!~"$team"', 'team=""'
PARTITION = "partition {{partition}}"


def variable(name: str, label: str, query: str, **more: Any) -> Json:
    """Return a template variable whose values Prometheus tells."""
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": query, "refId": name},
        "definition": query,
        "refresh": 2,
        "sort": 1,
        **more,
    }


ORG = variable("org", "Organisation", "label_values(crm_deals_open, org)")
TEAM = variable(
    "team",
    "Team",
    'label_values(crm_deals_open{org="$org",team!=""}, team)',
    includeAll=True,
    allValue=WHOLE,
    current={"text": "All", "value": "$__all"},
)
WINDOW = variable("window", "Window", f'label_values(crm_deals_won{{window!="{NOW}"}}, window)')
GOAL = variable(
    "goal",
    "Goal",
    'label_values(crm_goal_state{org="$org"}, goal)',
    includeAll=True,
    multi=True,
    allValue=".*",
    current={"text": "All", "value": "$__all"},
)


def sales() -> Json:
    """Return the dashboard of all KPIs, a section an area: how each stands, and how it came to be."""
    panels: list[Panel] = []
    for area in dict.fromkeys(kpi.area for kpi in SHOWN):
        kpis = [kpi for kpi in SHOWN if kpi.area == area]
        panels += [row(area), *(_stat(kpi) for kpi in kpis), *(_course(kpi) for kpi in kpis)]
    return dashboard("crmpulse-sales", "CRM: KPIs", [ORG, TEAM, WINDOW], panels, "now-7d")


def _series(kpi: Kpi, team: str) -> str:
    window = NOW if kpi.gauge else "$window"
    return f'crm_{kpi.id}{{org="$org",{team},user="",window="{window}"}}'


def _selected(kpi: Kpi) -> str:
    return f"max({_series(kpi, SELECTED if 'team' in kpi.by else WITHOUT)})"


def _stat(kpi: Kpi) -> Panel:
    return stat(_title(kpi), _selected(kpi), _unit(kpi), kpi.definition)


def _course(kpi: Kpi) -> Panel:
    selected, others = (_selected(kpi), "selected"), (f"max by (team) ({_series(kpi, OTHERS)})", "{{team}}")
    targets = (selected, others) if "team" in kpi.by else (selected,)
    return chart(_title(kpi), _unit(kpi), *targets, description=kpi.definition)


def _title(kpi: Kpi) -> str:
    return kpi.id.replace("_", " ").capitalize().replace("Csat", "CSAT")


def _unit(kpi: Kpi) -> str:
    return UNITS.get(kpi.unit.split(",")[0], "locale")


def goals() -> Json:
    """Return the dashboard of goals: how many are in which state, each with its attainment and pace."""
    of = '{org="$org",goal=~"$goal"}'
    progress = f"max by (goal) (crm_goal_progress{of})", "{{goal}}"
    target = f"max by (goal) (crm_goal_target{of})", "{{goal}} target"
    attained, pace = (f"max by (goal) (crm_goal_{name}{of})" for name in ("attainment", "pace"))
    panels = [
        row("States"),
        *(_state(name) for name in ("reached", "on_track", "at_risk", "off_track", "missed")),
        row("Goals"),
        bars("Attainment", "percentunit", attained, "{{goal}}", "Progress / target of each goal; 100 % is reached."),
        bars("Pace", "percentunit", pace, "{{goal}}", "Progress / what is expected by now; below 100 % is late."),
        chart("Progress and target", "locale", progress, target, width=24),
    ]
    return dashboard("crmpulse-goals", "CRM: goals", [ORG, GOAL], panels, "now-30d")


def _state(name: str) -> Panel:
    counted = f'count(crm_goal_state{{org="$org",state="{name}"}}) or vector(0)'
    return stat(name.replace("_", " ").capitalize(), counted)


def service() -> Json:
    """Return the dashboard of the service: is it up, does it keep up, what comes in and goes out."""
    panels = [
        row("Is it up"),
        stat("API", 'sum(up{job="crmpulse-api"})'),
        stat("Workers", 'sum(up{job="crmpulse-worker"})'),
        stat("Kafka", "min(crmpulse_kafka_up)"),
        stat("Redis", "min(crmpulse_redis_up)"),
        stat("Halted partitions", "sum(crmpulse_partitions_halted)"),
        stat("Prometheus alerts firing", 'count(ALERTS{alertstate="firing"}) or vector(0)'),
        row("Does it keep up"),
        chart("Events applied", "eps", (_rate("crmpulse_events_applied_total", "instance"), "{{instance}}")),
        chart("Events waiting", "none", ("max by (partition) (crmpulse_lag_events)", PARTITION)),
        chart("How old numbers may be", "s", ("max by (partition) (crmpulse_freshness_seconds)", PARTITION)),
        chart(
            "From a batch to its commit",
            "s",
            *((_quantile(q, "crmpulse_batch_duration_seconds"), f"p{q}") for q in (50, 99)),
        ),
        chart("Memory", "bytes", ('process_resident_memory_bytes{job=~"crmpulse-.*"}', "{{job}} {{instance}}")),
        chart("Cores", "none", (_rate("process_cpu_seconds_total", "job, instance"), "{{job}} {{instance}}")),
        row("What comes in and goes out"),
        chart("Requests", "reqps", (_rate("crmpulse_http_requests_total", "status"), "{{status}}")),
        chart(
            "Time to answer, p99", "s", (_quantile(99, "crmpulse_http_request_duration_seconds", "route"), "{{route}}")
        ),
        chart("Dead letters", "eps", (_rate("crmpulse_dead_letters_total", "reason"), "{{reason}}")),
        chart("CRM alerts firing", "none", ("sum by (rule) (crmpulse_alerts_firing)", "{{rule}}")),
        chart("CRM alerts fired", "eps", (_rate("crmpulse_alerts_fired_total", "rule"), "{{rule}}")),
        chart(
            "Series told and left out",
            "none",
            ("max(crmpulse_metrics_series)", "told"),
            ("sum by (level) (crmpulse_metrics_series_dropped)", "left out: {{level}}"),
        ),
    ]
    return dashboard("crmpulse-service", "crmpulse: the service", [], panels, "now-3h")


def _rate(counter: str, by: str) -> str:
    return f'sum by ({by}) (rate({counter}{{job=~"crmpulse-.*"}}[$__rate_interval]))'


def _quantile(percent: int, histogram: str, by: str = "") -> str:
    of = ", ".join(filter(None, ("le", by)))
    return f"histogram_quantile({percent / 100}, sum by ({of}) (rate({histogram}_bucket[$__rate_interval])))"


def dashboard(uid: str, title: str, variables: Sequence[Json], panels: Sequence[Panel], since: str) -> Json:
    """Return a dashboard as Grafana reads it."""
    return {
        "uid": uid,
        "title": title,
        "tags": ["crmpulse"],
        "schemaVersion": 39,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": since, "to": "now"},
        "timezone": "browser",
        "templating": {"list": [*variables]},
        "links": [
            {"type": "dashboards", "tags": ["crmpulse"], "title": "crmpulse", "asDropdown": True, "keepTime": True}
        ],
        "panels": [*laid_out(panels, SOURCE)],
    }


DASHBOARDS: dict[str, Callable[[], Json]] = {"sales.json": sales, "goals.json": goals, "service.json": service}


def stale(folder: Path) -> Iterator[str]:
    """Yield the files that are not what the catalogue makes."""
    for name, make in DASHBOARDS.items():
        file = folder / name
        if not file.exists() or file.read_text() != _text(make()):
            yield f"{file} is stale: make docs"


def _text(board: Json) -> str:
    return json.dumps(board, indent=1, ensure_ascii=False) + "\n"


def main(arguments: list[str] | None = None) -> None:
    """Write the dashboards, or compare those that are there."""
    parser = argparse.ArgumentParser(prog="python -m deploy.dashboards", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--check", action="store_true")
    asked = parser.parse_args(arguments)
    if asked.check:
        sys.exit("\n".join(stale(asked.folder)) or 0)
    for name, make in DASHBOARDS.items():
        (asked.folder / name).write_text(_text(make()))


if __name__ == "__main__":
    main()
