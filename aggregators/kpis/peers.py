"""How people stand among their peers."""

from aggregators.kpi import Kpi
from aggregators.kpis import activities, contacts, support, tasks, usage
from aggregators.unsummed import LOW, Score, Sign, Training

_KNOWN = {kpi.id: kpi.formula for area in (activities, contacts, support, tasks, usage) for kpi in area.KPIS}


def _sign(kpi: str, stat: str = "", *, lower: bool = False) -> Sign:
    return Sign(kpi, _KNOWN[kpi], lower, stat)


KPIS: tuple[Kpi, ...] = (
    Kpi("agent_performance_score", "Response & support", "derived", "rank", "score", "user team",
        Score((_sign("tickets_resolved"), _sign("first_response_time", "mean", lower=True), _sign("csat_score"),
               _sign("sla_first_response_rate"))),
        "The mean of z-scores of tickets_resolved, first_response_time (mean; less is better), csat_score and "
        "sla_first_response_rate, weighted by `CRMPULSE_SCORE_WEIGHTS`; `parts` shows each value, z-score and weight. A z-score "
        "is how many standard deviations (of the population) a user is above the mean of the peers, 0 where all are equal; one "
        "without a value is left out. Peers are the users, or teams, within the scope that have any of the four."),
    Kpi("training_need_users", "CRM usage & system", "derived", "gauge", "users", "team",
        Training((_sign("time_in_system"), _sign("module_actions"), _sign("activities_completed"), _sign("task_on_time_rate"),
                  _sign("contact_completeness"), _sign("csat_score"))),
        f"Active users who are below the 25th percentile (interpolated) of all active users in at least {LOW} of time_in_system, "
        "module_actions, activities_completed, task_on_time_rate, csat_score, each of the 90 days before an instant, and "
        "contact_completeness as of it. Who has no value of one is no peer in it. In a team they count who are its members then; "
        "`parts` tells how many are below by KPI."),
)  # fmt: skip
