"""What a worker tells Prometheus of itself. The KPIs are the API's to tell."""

from prometheus_client import Counter, Gauge, Histogram, start_http_server

from aggregators.alerts import RULES
from crmpulse.settings import CannotStartError, Settings, host_port
from events import Invalid

APPLIED = Counter("crmpulse_events_applied_total", "Records that were applied to the tables or set aside, each once.")
DEAD_LETTERS = Counter(
    "crmpulse_dead_letters_total", "Records that could not be used, by the attribute that is wrong.", ["reason"]
)
FORWARDED = Counter(
    "crmpulse_events_forwarded_total", "Records that came to another partition than their organisation's."
)
BATCH_SECONDS = Histogram("crmpulse_batch_duration_seconds", "Time from a fetched batch to its commit.")
COMMIT_SECONDS = Histogram("crmpulse_commit_duration_seconds", "Time that Redis takes to commit a batch.")
LAG = Gauge("crmpulse_partition_lag_records", "Records of a partition that wait to be applied.", ["partition"])
HALTED = Gauge(
    "crmpulse_partitions_halted", "Partitions that are not applied because log or tables are not as they were."
)
FIRED = Counter("crmpulse_alerts_fired_total", "Alerts that fired, by rule.", ["rule"])
RESOLVED = Counter("crmpulse_alerts_resolved_total", "Alerts that resolved, by rule.", ["rule"])
for _rule in RULES:  # a rate needs the zero before the first one
    FIRED.labels(_rule.name)
    RESOLVED.labels(_rule.name)

_ATTRIBUTES = frozenset(
    {"specversion", "id", "source", "type", "subject", "time", "orgid", "actorid", "sequence", "data"}
)
for _reason in (*sorted(_ATTRIBUTES), "event", "final"):
    DEAD_LETTERS.labels(_reason)


def serve(settings: Settings) -> None:
    """Serve the metrics where the settings say, if they do. Raises CannotStartError where that is taken."""
    if settings.worker_metrics:
        host, port = host_port(settings.worker_metrics)
        try:
            start_http_server(port, host)
        except OSError as error:
            raise CannotStartError(
                f"The worker cannot serve its metrics on {settings.worker_metrics} ({error.strerror}): give each worker of a "
                "machine a port of its own with CRMPULSE_WORKER_METRICS."
            ) from None


def reason(invalid: Invalid) -> str:
    """Return what is wrong in one of few words: ``final``, the event's attribute, or ``event`` for the whole."""
    if invalid.reason.startswith("final:"):
        return "final"
    attribute = invalid.path.removeprefix("$.").partition(".")[0].partition("[")[0]
    return attribute if attribute in _ATTRIBUTES else "event"
