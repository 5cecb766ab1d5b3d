"""Goals, the pipeline as a forecast, and rankings."""

from aggregators.formulas import Total, Weighted
from aggregators.kpi import Kpi
from aggregators.unsummed import GoalsMet, OfGoal, Ranked

AREA = "Goals, forecast & ranking"

KPIS: tuple[Kpi, ...] = (
    Kpi("pipeline_value", AREA, "core", "gauge", "money",
        "user team org pipeline stage source region deal_type deal_subtype product custom", Total("pipeline_value", "deals_open"),
        "Sum of the amounts of open deals as of an instant, other currencies at the rate of that day."),
    Kpi("weighted_pipeline", AREA, "core", "gauge", "money",
        "user team org pipeline stage source region deal_type deal_subtype product custom",
        Weighted("pipeline_weighted", "pipeline_at", "deals_open"),
        "Sum of the amounts of open deals times their probability: the deal's own, else that of its stage. Amounts without either "
        "are told as `probability_missing`."),
    Kpi("goal_progress", AREA, "core", "gauge", "KPI unit", "goal user team org", OfGoal("progress"),
        "The value of a goal's KPI for its assignee, under its filters, from the beginning of its period up to an instant; of a "
        "gauge as of the instant. The period is that which holds the instant, or the moment before it where a window ends. With "
        "`goal`, by user or team: what each adds to it. `parts` has target, expected and state (on_track, at_risk, off_track, "
        "reached, missed).", ("goal",)),
    Kpi("goal_attainment", AREA, "derived", "ratio", "ratio", "goal user team org", OfGoal("attainment"),
        "goal_progress / target; of an `at_most` goal target / goal_progress. A ratio, mean, duration or gauge is compared as it "
        "is. The target is the latest set by the instant, or by the end of the period where that is earlier.", ("goal",)),
    Kpi("goal_pace", AREA, "derived", "ratio", "ratio", "goal user team org", OfGoal("pace"),
        "goal_progress / expected; of an `at_most` goal expected / goal_progress. Expected is the target times the share of the "
        "period that has elapsed, by the clock or by working days, today's by its hours; of a ratio, mean, duration or gauge the "
        "target. At least 1 is on_track, at least 0.8 at_risk, less off_track; a ratio, mean, duration or gauge is at_risk on the "
        "wrong side of its target by no more than 20 % of it.", ("goal",)),
    Kpi("goals_met_share", AREA, "derived", "ratio", "ratio", "user team org", GoalsMet(),
        "Goals reached / goals whose period ended in the window, each period of a goal that repeats by itself, from the one in "
        "which it was first set. Reached: progress on the right side of the target at the end. A team's are its own and those of "
        "its members and sub-teams. `of` takes only the goals on one KPI. `parts`: how many are running as of the window's end, or "
        "of now, and how many of these are on track or reached.", ("of",)),
    Kpi("rank", AREA, "derived", "rank", "rank", "user team", Ranked(),
        "Competition rank (1, 2, 2, 4) of a KPI (`of`) among users or teams; the order within a tie is by earliest achievement.",
        ("of",)),
)  # fmt: skip
