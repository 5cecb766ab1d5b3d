"""The KPI catalogue, as data. A KPI is a row: what it means, what it may be asked by, and how it is computed."""

from functools import cache
from typing import NamedTuple

from aggregators.contribution import DIMENSIONS, Kept, Plan
from aggregators.formulas import (
    Count,
    Duration,
    Formula,
    GoalsMet,
    Mean,
    OfGoal,
    Ranked,
    Ratio,
    Share,
    Spent,
    Total,
    Weighted,
)
from aggregators.measures import LEVELS, MEASURES

LEADS, DEALS = "Acquisition & leads", "Pipeline & deals"
REVENUE, GOALS = "Revenue, profit & orders", "Goals, forecast & ranking"
ACTIVITIES, TASKS = "Activities & productivity", "Tasks, appointments & overdue"
SUPPORT = "Response & support"


class Kpi(NamedTuple):
    """A KPI. ``unit`` is ``money`` for the organisation's currency, ``s`` for seconds; ``dimensions`` are space separated."""

    id: str
    area: str
    tier: str
    kind: str
    unit: str
    dimensions: str
    formula: Formula
    definition: str
    params: tuple[str, ...] = ()
    version: int = 1

    @property
    def gauge(self) -> bool:
        """Tell whether the KPI is asked as of an instant rather than over a window."""
        return self.kind == "gauge" or isinstance(self.formula, OfGoal)

    @property
    def counts(self) -> bool:
        """Tell whether the KPI is made of records; a place or a goal's course is made of another KPI."""
        return bool(self.formula.measures)

    @property
    def by(self) -> tuple[str, ...]:
        """Return the dimensions that it may be asked by."""
        return tuple(self.dimensions.split())


_WON = Ratio(("deals_won",), ("deals_won", "deals_lost"), {
    "value": Ratio(("revenue_won",), ("revenue_won", "lost_value"), in_money=True),
}, "count")  # fmt: skip
_CONVERTED = Ratio(("leads_created_converted",), ("leads_created",), {
    "flow": Ratio(("leads_converted",), ("leads_converted", "leads_lost")),
}, "cohort", "leads_created_live")  # fmt: skip

KPIS: tuple[Kpi, ...] = (
    Kpi("leads_created", LEADS, "core", "count", "leads", "user team org source channel region custom", Count("leads_created"),
        "Distinct leads created, credited to the owner at creation. Deleted, merged and spam leads are retracted; a lead later "
        "converted still counts."),
    Kpi("leads_open", LEADS, "core", "gauge", "leads", "user team org source channel", Count("leads_open"),
        "Leads in open or working status as of an instant; a lead is open from its creation on."),
    Kpi("leads_converted", LEADS, "core", "count", "leads", "user team org source channel region", Count("leads_converted"),
        "Leads entering `converted` for the first time, credited to the owner then; a later regress does not retract."),
    Kpi("lead_conversion_rate", LEADS, "core", "ratio", "ratio", "user team org source channel region custom", _CONVERTED,
        "Cohort: leads created in the window and converted to date / leads created in the window; `open_share` tells how many of "
        "them are still undecided. Variant `flow`: converted / (converted + disqualified) by the time of the decision.",
        ("variant",)),
    Kpi("deals_created", DEALS, "core", "count", "deals",
        "user team org pipeline source channel region deal_type deal_subtype custom", Count("deals_created"),
        "Distinct deals created, credited to the owner at creation."),
    Kpi("deals_open", DEALS, "core", "gauge", "deals", "user team org pipeline stage source deal_type deal_subtype custom",
        Count("deals_open"),
        "Deals open as of an instant: created and neither won nor lost, or reopened; by the owner, pipeline and stage of then."),
    Kpi("deals_won", DEALS, "core", "count", "deals",
        "user team org pipeline source channel region deal_type deal_subtype product custom", Count("deals_won"),
        "Distinct deals whose latest close is in the window and won; reopening retracts, a deal lost later counts as lost. "
        "By product, a deal counts once for each of its products."),
    Kpi("deals_lost", DEALS, "core", "count", "deals",
        "user team org pipeline stage source lost_reason deal_type deal_subtype custom", Count("deals_lost"),
        "Distinct deals whose latest close is in the window and lost; reopening retracts, a deal won later counts as won."),
    Kpi("revenue_won", REVENUE, "core", "sum", "money",
        "user team org pipeline source channel region deal_type deal_subtype product custom", Total("revenue_won", "deals_won"),
        "Sum of the amounts of won deals at their close; the latest amount counts, the sum of the lines where none is given. Other "
        "currencies at the rate of the local day of the close; `fx_missing` tells what has no rate. By product, each line counts "
        "with its own value."),
    Kpi("win_rate", DEALS, "derived", "ratio", "ratio",
        "user team org pipeline source channel region lost_reason deal_type deal_subtype product custom", _WON,
        "Won / (won + lost), by close; open deals are left out. Variant `value` weighs each deal with its amount.", ("variant",)),
    Kpi("avg_deal_size", REVENUE, "derived", "mean", "money",
        "user team org pipeline source channel region deal_type deal_subtype product", Mean("revenue_won", "deals_won"),
        "revenue_won / deals_won."),
    Kpi("sales_cycle_length", DEALS, "core", "duration", "s",
        "user team org pipeline source channel region deal_type deal_subtype product custom", Duration("sales_cycle"),
        "Time from a deal's creation to its latest win, counted at the win.", ("stat",)),
    Kpi("lost_reason_share", DEALS, "derived", "ratio", "ratio",
        "user team org pipeline stage lost_reason deal_type deal_subtype region", Share("deals_lost", "lost_reason", "lost_value"),
        "Lost deals (variant `value`: their amounts) of a reason / all lost. Reasons are compared without regard to case and "
        "spaces; a blank one is `(none)`.", ("variant",)),
    Kpi("deals_with_problems", DEALS, "core", "gauge", "deals, money", "user team org pipeline stage",
        Count("deals_with_problems", "problem_value"),
        "Open deals whose health is `has_problems` as of an instant; `stat=sum` is the money at risk.", ("stat",)),
    Kpi("pipeline_value", GOALS, "core", "gauge", "money",
        "user team org pipeline stage source region deal_type deal_subtype product custom", Total("pipeline_value", "deals_open"),
        "Sum of the amounts of open deals as of an instant, other currencies at the rate of that day."),
    Kpi("weighted_pipeline", GOALS, "core", "gauge", "money",
        "user team org pipeline stage source region deal_type deal_subtype product custom",
        Weighted("pipeline_weighted", "pipeline_at", "deals_open"),
        "Sum of the amounts of open deals times their probability: the deal's own, else that of its stage. Amounts without either "
        "are told as `probability_missing`."),
    Kpi("activities_completed", ACTIVITIES, "core", "count", "acts", "user team org activity pipeline custom",
        Count("activities_completed"),
        "Calls, outbound e-mails written by people, outbound messages not by a bot, meetings held and tasks done, credited to who "
        "did it, else to the owner. `pipeline` is that of the deal that the activity names."),
    Kpi("calls_made", ACTIVITIES, "core", "count", "calls", "user team org custom", Count("calls_made"), "Outbound calls logged."),
    Kpi("call_connect_rate", ACTIVITIES, "core", "ratio", "ratio", "user team org", Ratio(("calls_connected",), ("calls_made",)),
        "Outbound calls with outcome `connected` or of at least 30 s / outbound calls."),
    Kpi("call_talk_time", ACTIVITIES, "extra", "sum mean", "s", "user team org", Spent("talk_ms", "calls_talked"),
        "Sum of the durations of connected calls, inbound and outbound; `stat=mean` for their mean.", ("stat",)),
    Kpi("emails_sent", ACTIVITIES, "core", "count", "emails", "user team org", Count("emails_sent"),
        "Outbound e-mails that are not automated; one per message, not per recipient."),
    Kpi("meetings_held", ACTIVITIES, "core", "count", "meetings", "user team org activity", Count("meetings_held"),
        "Meetings whose latest status is completed, at their latest start, credited to who completed them, else to the owner."),
    Kpi("tasks_completed", TASKS, "core", "count", "tasks", "user team org", Count("tasks_completed"),
        "Tasks done, at the first completion since they were last reopened or cancelled, credited to the assignee of then."),
    Kpi("tasks_overdue", TASKS, "core", "gauge", "tasks", "user team org", Count("tasks_overdue"),
        "Tasks open as of an instant whose due instant is before it. A due date without a time is the end of that day where the "
        "assignee is, else where the organisation is."),
    Kpi("tickets_created", SUPPORT, "core", "count", "tickets", "user team org channel region custom category",
        Count("tickets_created"), "Distinct tickets created; deleted, merged and spam tickets are retracted."),
    Kpi("tickets_open", SUPPORT, "core", "gauge", "tickets", "user team org channel category", Count("tickets_open"),
        "Tickets that are new, open, pending or on hold as of an instant."),
    Kpi("tickets_resolved", SUPPORT, "core", "distinct", "tickets", "user team org channel category", Count("tickets_resolved"),
        "Distinct tickets that are solved or closed, at their latest resolution; reopening retracts."),
    Kpi("first_resolution_time", SUPPORT, "extra", "duration", "s", "user team org channel category", Duration("first_resolution"),
        "Time from a ticket's creation to its first resolution, also if it was reopened since.", ("stat",)),
    Kpi("full_resolution_time", SUPPORT, "core", "duration", "s", "user team org channel category", Duration("full_resolution"),
        "Time from a ticket's creation to its latest resolution, of tickets that are solved or closed.", ("stat",)),
    Kpi("csat_score", SUPPORT, "core", "ratio", "ratio", "user team org channel", Ratio(("ratings_satisfied",), ("ratings",)),
        "Satisfied / rated; satisfied is the top 2 of 5, or at least 80 % of another scale. The latest rating of a ticket counts, "
        "when it was given, credited to the ticket's owner of then."),
    Kpi("goal_progress", GOALS, "core", "gauge", "KPI unit", "goal user team org", OfGoal("progress"),
        "The value of a goal's KPI for its assignee, under its filters, from the beginning of its period up to an instant; of a "
        "gauge as of the instant. The period is that which holds the instant, or the moment before it where a window ends. With "
        "`goal`, by user or team: what each adds to it. `parts` has target, expected and state (on_track, at_risk, off_track, "
        "reached, missed).", ("goal",)),
    Kpi("goal_attainment", GOALS, "derived", "ratio", "ratio", "goal user team org", OfGoal("attainment"),
        "goal_progress / target; of an `at_most` goal target / goal_progress. A ratio, mean, duration or gauge is compared as it "
        "is. The target is the latest set by the instant, or by the end of the period where that is earlier.", ("goal",)),
    Kpi("goal_pace", GOALS, "derived", "ratio", "ratio", "goal user team org", OfGoal("pace"),
        "goal_progress / expected; of an `at_most` goal expected / goal_progress. Expected is the target times the share of the "
        "period that has elapsed, by the clock or by working days, today's by its hours; of a ratio, mean, duration or gauge the "
        "target. At least 1 is on_track, at least 0.8 at_risk, less off_track; a ratio, mean, duration or gauge is at_risk on the "
        "wrong side of its target by no more than 20 % of it.", ("goal",)),
    Kpi("goals_met_share", GOALS, "derived", "ratio", "ratio", "user team org", GoalsMet(),
        "Goals reached / goals whose period ended in the window, each period of a goal that repeats by itself, from the one in "
        "which it was first set. Reached: progress on the right side of the target at the end. A team's are its own and those of "
        "its members and sub-teams. `of` takes only the goals on one KPI. `parts`: how many are running as of the window's end, or "
        "of now, and how many of these are on track or reached.", ("of",)),
    Kpi("rank", GOALS, "derived", "rank", "rank", "user team", Ranked(),
        "Competition rank (1, 2, 2, 4) of a KPI (`of`) among users or teams; the order within a tie is by earliest achievement.",
        ("of",)),
)  # fmt: skip

BY_ID: dict[str, Kpi] = {kpi.id: kpi for kpi in KPIS}


@cache
def plan() -> Plan:
    """Return what to keep of each anchor: the measures that KPIs read, by the dimensions that they declare, no more."""
    found: dict[str, Kept] = {}
    for anchor in dict.fromkeys(a for m in MEASURES for a in m.anchors):
        measures = tuple(m for m in MEASURES if anchor in m.anchors and any(m.name in k.formula.measures for k in KPIS))
        kpis = [k for k in KPIS if any(m.name in k.formula.measures for m in measures)]
        asked = {d for kpi in kpis for d in kpi.by} - _ELSEWHERE.get(anchor, frozenset())
        found[anchor] = Kept(
            measures, tuple((d, fact) for d, fact in DIMENSIONS.items() if d in asked), level=anchor in LEVELS
        )
    return found


_ELSEWHERE = dict.fromkeys(
    ("call.logged", "email.logged", "message.logged", "meeting.held", "task.done"), frozenset({"pipeline"})
)
"""Dimensions that no fact of the record itself tells: answered from the records, through the deal that they name."""


def anchors_of(kpi: Kpi) -> tuple[str, ...]:
    """Return the anchors whose moments a KPI is made of."""
    names = set(kpi.formula.measures)
    return tuple(dict.fromkeys(anchor for m in MEASURES if m.name in names for anchor in m.anchors))
