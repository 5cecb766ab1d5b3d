"""Goals, the pipeline as a forecast, and rankings."""

from aggregators.forecasts import Forecast
from aggregators.formulas import Total, Weighted
from aggregators.kpi import Kpi
from aggregators.unsummed import GoalsMet, OfGoal, Ranked

AREA = "Goals, forecast & ranking"

_FORECAST = Forecast("won_amount", Weighted("expected_amount", "expected_amount_at", "forecast_deals"), "forecast_deals", "revenue", {
    "profit": Forecast("won_profit", Weighted("expected_profit", "expected_profit_at", "forecast_deals"), "forecast_deals"),
})  # fmt: skip

KPIS: tuple[Kpi, ...] = (
    Kpi("pipeline_value", AREA, "core", "gauge", "money",
        "user team org pipeline stage source region deal_type deal_subtype product custom", Total("pipeline_value", "deals_open"),
        "Sum of the amounts of open deals as of an instant, of their lines of then where no amount was given; other currencies at "
        "the rate of that day."),
    Kpi("weighted_pipeline", AREA, "core", "gauge", "money",
        "user team org pipeline stage source region deal_type deal_subtype product custom",
        Weighted("pipeline_weighted", "pipeline_at", "deals_open"),
        "Sum of the amounts of open deals (as in pipeline_value) times their probability: the deal's own, else that of its stage. "
        "Amounts without either are told as `probability_missing`."),
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
    Kpi("goal_projection", AREA, "core", "forecast", "KPI unit", "goal user team org",
        OfGoal("projection", variants=("run_rate", "pipeline")),
        "Where a goal's progress is going to land at the end of its period: goal_progress / the share of the period that has elapsed, "
        "as in goal_pace; of a ratio, mean, duration or gauge goal_progress as it is. Variant `pipeline`, of goals on revenue_won: "
        "revenue_forecast of the period. `parts` has p10, p50 and p90 as in revenue_forecast: from what came of the same "
        "expectation at the same share of the 8 periods before.", ("goal", "variant")),
    Kpi("revenue_forecast", AREA, "derived", "forecast", "money", "user team org pipeline region deal_type deal_subtype product",
        _FORECAST,
        "revenue_won of the window up to now, and the amounts times probability (as in weighted_pipeline) of the deals open now whose "
        "`expected_close` is a day of it, as that is said now; of a window that is over, what was won. Other currencies at the rate of "
        "the close, or of now. Variant `profit`: quantity x (price - cost) of the same deals' lines instead of their amounts. `parts` "
        "has both; and p10, p50 and p90: won, and weighted times the deciles of how much was then won / weighted at the same share "
        "of the 8 windows before, null where fewer than 4 tell.", ("variant",)),
    Kpi("goals_met_share", AREA, "derived", "ratio", "ratio", "user team org", GoalsMet(),
        "Goals reached / goals whose period ended in the window, each period of a goal that repeats by itself, from the one in "
        "which it was first set. Reached: progress on the right side of the target at the end. A team's are its own and those of "
        "its members and sub-teams. `of` takes only the goals on one KPI. `parts`: how many are running as of the window's end, or "
        "of now, and how many of these are on track or reached.", ("of",)),
    Kpi("rank", AREA, "derived", "rank", "rank", "user team", Ranked(),
        "Competition rank (1, 2, 2, 4) of a KPI (`of`) among users or teams; the order within a tie is by earliest achievement.",
        ("of",)),
)  # fmt: skip
