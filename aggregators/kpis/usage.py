"""How the system is used."""

from aggregators.kpi import Kpi
from aggregators.users import Users

AREA = "CRM usage & system"

KPIS: tuple[Kpi, ...] = (
    Kpi("active_users", AREA, "core", "distinct", "users", "team org", Users("beats"),
        "Distinct users with a heartbeat in the window, by `actorid`, else the owner: over a day, a week, a month or any other. In a "
        "team those are counted who were its members on the day of a heartbeat; who changes teams counts in both, and once in all."),
    Kpi("feature_utilization", AREA, "derived", "ratio", "ratio", "team org feature",
        Users("feature_beats", "beats", "features_used", "feature"),
        "active_users with a heartbeat that names the feature (without `by` or `where` of one: any) / all active_users. A heartbeat "
        "that names no feature uses none."),
)  # fmt: skip
