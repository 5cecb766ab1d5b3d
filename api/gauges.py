"""The gauges of the API: what each is called, what it means, and the labels it has. They may fall, as what they tell may."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from prometheus_client.core import GaugeMetricFamily

from aggregators.kpi import Kpi
from api.query.overview import SHOWN

_UNITS = {"money": "money of the organisation's currency", "s": "seconds", "ratio": "ratio of 0 to 1"}


class Gauge(NamedTuple):
    """A gauge; ``labels`` are space separated."""

    name: str
    help: str
    labels: str = ""

    def family(self, values: Mapping[tuple[str, ...], float]) -> GaugeMetricFamily:
        """Return the gauge with values by label values."""
        found = GaugeMetricFamily(self.name, self.help, labels=self.labels.split())
        for labels, value in values.items():
            found.add_metric(labels, value)
        return found


def _of_kpi(kpi: Kpi) -> Gauge:
    meaning = re.split(r"\.(?: |$)", kpi.definition, maxsplit=1)[0]
    unit = kpi.unit.split(",")[0]
    stat = f", the {kpi.formula.stats[0]}" if kpi.formula.stats else ""
    return Gauge(f"crm_{kpi.id}", f"{meaning}. Unit: {_UNITS.get(unit, unit)}{stat}.", "org team window user")


OF_KPIS: dict[str, Gauge] = {kpi.id: _of_kpi(kpi) for kpi in SHOWN}

_OF_GOAL = "org goal team user"
GOAL_PROGRESS = Gauge(
    "crm_goal_progress", "Value so far of a goal's KPI in its period. Unit: that of the KPI.", _OF_GOAL
)
GOAL_TARGET = Gauge("crm_goal_target", "What a goal wants of its KPI, as of now. Unit: that of the KPI.", _OF_GOAL)
GOAL_ATTAINMENT = Gauge("crm_goal_attainment", "Progress of a goal / its target, 1 where it is reached.", _OF_GOAL)
GOAL_PACE = Gauge("crm_goal_pace", "Progress of a goal / what is expected by now, 1 where it is on time.", _OF_GOAL)
GOAL_STATE = Gauge(
    "crm_goal_state",
    "The state that a goal is in: 1, with on_track, at_risk, off_track, reached or missed as a label.",
    f"{_OF_GOAL} state",
)
OF_GOALS: tuple[Gauge, ...] = (GOAL_PROGRESS, GOAL_TARGET, GOAL_ATTAINMENT, GOAL_PACE, GOAL_STATE)

FIRING = Gauge("crmpulse_alerts_firing", "Alerts that fire, by rule.", "org rule")

BUILD = Gauge("crmpulse_build_info", "What runs: 1, with the versions as labels.", "version layout catalogue")
KAFKA_UP = Gauge("crmpulse_kafka_up", "Whether the broker tells the ends of the log (1) or not (0).")
REDIS_UP = Gauge("crmpulse_redis_up", "Whether Redis tells where the tables stand (1) or not (0).")
LAG = Gauge("crmpulse_lag_events", "Events of a partition of the log that are not counted yet.", "partition")
FRESHNESS = Gauge(
    "crmpulse_freshness_seconds",
    "How long an event of a partition may have waited to be counted, at most: 0 where none waits.",
    "partition",
)
LETTERS = Gauge("crmpulse_dead_letter_records", "Records in the topic of events that could not be used.")
SERIES = Gauge("crmpulse_metrics_series", "Series of KPIs and goals that are told.")
DROPPED = Gauge(
    "crmpulse_metrics_series_dropped",
    "Series left out, because of CRMPULSE_METRICS_SERIES: all or none of a level (org, goal, team, user) of an organisation.",
    "level",
)
FAILED = Gauge(
    "crmpulse_metrics_failed_organisations", "Organisations whose KPIs could not be computed; the ones before are told."
)

OF_SERVICE: tuple[Gauge, ...] = (BUILD, KAFKA_UP, REDIS_UP, LAG, FRESHNESS, LETTERS, FIRING, SERIES, DROPPED, FAILED)
