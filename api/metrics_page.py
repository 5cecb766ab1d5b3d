"""All metrics as a page for people: `python -m api.metrics_page`."""

from collections.abc import Iterable

from prometheus_client.metrics import MetricWrapperBase

from aggregators.catalogue import BY_ID
from api import gauges
from api.gauges import Gauge
from api.metrics import Metrics
from streams import metrics as of_worker

HEAD = """# Metrics

Made from the catalogue and the code (`python -m api.metrics_page`); do not edit. Prometheus scrapes the API (`GET /metrics`) for KPIs,
goals, alerts and the health of the service, and each worker (`CRMPULSE_WORKER_METRICS`) for what it does. What to do when
one of them is wrong stands in the [runbook](runbook.md); rules and dashboards are in `deploy/`.

Everything named `crm_…` is a gauge, because a restated number may fall: a won deal that is reopened lowers `crm_deals_won`. So
`increase()` and `rate()` mean nothing over them, `delta()` and the value itself do. A KPI without a value (nothing to divide
by) has no series. A series is computed again when an event of its organisation was counted, a window began, or something known
before is due.

| label | is |
|---|---|
| `org` | the organisation; the API tells all of them |
| `team` | a team with its sub-teams, `(none)` for what has none, empty for all of it; beside `user` the user's team of now |
| `user` | a user, where `CRMPULSE_METRICS_LEVEL=user` allows it; empty for a team or organisation: select `user=""` for them |
| `window` | one of `CRMPULSE_METRICS_WINDOWS`, in the organisation's calendar; `now`, alone, for KPIs as of an instant |

At most `CRMPULSE_METRICS_SERIES` series of KPIs and goals are told. What does not fit is left out by whole levels of an organisation
(goals, teams, users, in this order), never a part of one, and counted in `crmpulse_metrics_series_dropped`.

Without `CRMPULSE_TOKENS` the API listens on loopback and `/metrics` is open there. With it `/metrics`, which tells of all
organisations, wants the token in the file that `CRMPULSE_METRICS_TOKEN` names; Prometheus sends it as `credentials_file`:

```
$ openssl rand -hex 32 > metrics-token
```
"""


def page() -> str:
    """Return the page as Markdown."""
    tables = {
        "KPIs": [_row(gauge, BY_ID[kpi].kind) for kpi, gauge in gauges.OF_KPIS.items()],
        "Goals": [_row(gauge) for gauge in gauges.OF_GOALS],
        "The service, told by the API": [_row(gauge) for gauge in gauges.OF_SERVICE],
        "Each process of the API": _collected(vars(Metrics()).values()),
        "Each worker": _collected(vars(of_worker).values()),
    }
    return "\n".join([HEAD, *(_table(title, rows) for title, rows in tables.items())])


def _table(title: str, rows: Iterable[str]) -> str:
    return "\n".join([f"## {title}\n", "| metric | is | meaning |", "|---|---|---|", *rows, ""])


def _row(gauge: Gauge, kind: str = "gauge") -> str:
    labels = f"{{{','.join(gauge.labels.split())}}}" if gauge.labels else ""
    return f"| `{gauge.name}{labels}` | {kind} | {gauge.help} |"


def _collected(found: Iterable[object]) -> list[str]:
    """The rows of counters, gauges and histograms among some objects."""
    rows = []
    for one in found:
        if isinstance(one, MetricWrapperBase):
            (family,) = one.describe()
            name = f"{family.name}_total" if family.type == "counter" else family.name
            rows.append(_row(Gauge(name, family.documentation, " ".join(one._labelnames)), family.type))
    return rows


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201 - what it is for
