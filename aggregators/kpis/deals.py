"""Deals on their way through a pipeline."""

from aggregators.formulas import Count, Duration, Ratio, Share, Total
from aggregators.kpi import Kpi
from aggregators.outreach import DEAL_DAYS
from aggregators.stalls import SILENT_DAYS, TIMES
from aggregators.unsummed import Bottlenecks
from aggregators.velocity import Velocity

AREA = "Pipeline & deals"

_WON = Ratio(("deals_won",), ("deals_won", "deals_lost"), {
    "value": Ratio(("revenue_won",), ("revenue_won", "lost_value"), in_money=True),
}, "count")  # fmt: skip
_REASONS = Share(Count("deals_lost"), "lost_reason", "count", {"value": Total("lost_value", "deals_lost")})

KPIS: tuple[Kpi, ...] = (
    Kpi("deals_created", AREA, "core", "count", "deals",
        "user team org pipeline source channel region deal_type deal_subtype custom", Count("deals_created"),
        "Distinct deals created, credited to the owner at creation."),
    Kpi("deals_open", AREA, "core", "gauge", "deals", "user team org pipeline stage source deal_type deal_subtype custom",
        Count("deals_open"),
        "Deals open as of an instant: created and neither won nor lost, or reopened; by the owner, pipeline and stage of then."),
    Kpi("deals_won", AREA, "core", "count", "deals",
        "user team org pipeline source channel region deal_type deal_subtype product custom", Count("deals_won"),
        "Distinct deals whose latest close is in the window and won; reopening retracts, a deal lost later counts as lost. "
        "By product, a deal counts once for each of its products."),
    Kpi("deals_lost", AREA, "core", "count", "deals",
        "user team org pipeline stage source lost_reason deal_type deal_subtype custom", Count("deals_lost"),
        "Distinct deals whose latest close is in the window and lost; reopening retracts, a deal won later counts as won."),
    Kpi("win_rate", AREA, "derived", "ratio", "ratio",
        "user team org pipeline source channel region lost_reason deal_type deal_subtype product custom", _WON,
        "Won / (won + lost), by close; open deals are left out. Variant `value` weighs each deal with its amount.", ("variant",)),
    Kpi("sales_cycle_length", AREA, "core", "duration", "s",
        "user team org pipeline source channel region deal_type deal_subtype product custom", Duration("sales_cycle"),
        "Time from a deal's creation to its latest win, counted at the win.", ("stat",)),
    Kpi("deals_lost_value", AREA, "core", "sum", "money",
        "user team org pipeline stage lost_reason deal_type deal_subtype region custom", Total("lost_value", "deals_lost"),
        "Sum of the amounts that lost deals had at their loss; a later change of the deal leaves it as it is. Reopening retracts."),
    Kpi("opportunities_per_sale", AREA, "derived", "ratio", "deals",
        "user team org pipeline source channel deal_type deal_subtype", Ratio(("deals_won", "deals_lost"), ("deals_won",)),
        "(Won + lost) / won, by close: how many decided deals it takes to win one."),
    Kpi("win_back_rate", AREA, "core", "ratio", "ratio", "user team org pipeline lost_reason",
        Ratio(("deals_won_back",), ("deals_ever_lost",)),
        "Cohort: of the losses of deals in the window, those whose deal is won now / all of them; a deal that was reopened or won and "
        "then lost again is two, each by the owner and the pipeline of then and its reason (as in lost_reason_share). A win after a "
        "loss is one also where no event reopened it; one that is lost again with nothing between is one loss, at the first."),
    Kpi("pipeline_velocity", AREA, "derived", "ratio", "money/day", "user team org pipeline",
        Velocity("deals_open", "deals_won", "deals_lost", "revenue_won", "sales_cycle"),
        "Deals open as of an instant x win_rate x avg_deal_size / mean sales_cycle_length in days, the latter three over the "
        "90 x 24 hours before it. Null where nothing was won in them, or all of it in no time."),
    Kpi("deals_progressed", AREA, "core", "count", "deals", "user team org pipeline stage deal_type deal_subtype custom",
        Count("deals_progressed"),
        "Deals that move forward into a stage, once per deal and stage, at the first such move and for the owner then; the stages "
        "that a move passes over count too. Forward is on in the order of the pipeline's stages as they are listed now; where a "
        "pipeline lists none, it is the order in which the deal first came into them. The stage in which a deal begins is no "
        "move, unless it comes later than the deal and its pipeline has a place for it, nor is a win that names no stage, another "
        "pipeline, or what is said of a lost deal until it is open or won again. A "
        "listed stage of probability 0 behind all that "
        "have more is where lost deals lie, and no step forward."),
    Kpi("stage_conversion_rate", AREA, "core", "ratio", "ratio",
        "user team org pipeline stage source deal_type deal_subtype custom",
        Ratio(("stages_converted",), ("stages_entered",), noted={"skipped": "stages_skipped"}),
        "Cohort: of the deals that entered a stage in the window, for the first time and for the owner then, those that to date "
        "entered a later stage of the pipeline or are won / all of them. Stages that a move forward passed over count as entered "
        "and converted at that move, a win passes over all that the pipeline lists after the stage it came from, or that which it "
        "names, and over none from no stage; `skipped` tells "
        "how many. Without `stage`, each deal counts once for each of its stages. Later is as forward in deals_progressed."),
    Kpi("time_in_stage", AREA, "core", "duration", "s", "user team org pipeline stage deal_type deal_subtype custom",
        Duration("time_in_stage"),
        "Time that a deal was open in a stage, all its stays together, counted when it last left it: for another stage or "
        "pipeline, or won or lost. A stay that goes on does not count yet. For the owner at that instant.", ("stat",)),
    Kpi("clients_by_funnel_stage", AREA, "core", "gauge", "clients", "user team org pipeline stage source", Count("clients_placed"),
        "Distinct clients with an open deal as of an instant, each at its furthest stage. A deal's client is the account that it "
        "names; without one, the accounts of its contacts as they are now, and contacts that have none. Furthest is the latest in "
        "the order of its pipeline, stages that no pipeline lists before all others; of deals equally far the one created first "
        "tells stage, pipeline, source and owner. Deleted and merged accounts and contacts are no clients."),
    Kpi("stage_bottleneck_rank", AREA, "derived", "rank", "rank", "user team org pipeline",
        Bottlenecks(("stages_entered", "stages_converted", "time_in_stage")),
        "Place of each stage by how many of the deals that entered it in the window went no further: entries x (1 - "
        "stage_conversion_rate), the most first. Stages with equally many are placed by the p90 of their time_in_stage in the "
        "window, the longest first; where that is equal too they share a place (1, 2, 2, 4). `groups` are the stages, by pipeline "
        "and stage; with `by` they are placed within each user, team or pipeline. `parts` tells what it comes of."),
    Kpi("lost_reason_share", AREA, "derived", "ratio", "ratio",
        "user team org pipeline stage lost_reason deal_type deal_subtype region", _REASONS,
        "Lost deals (variant `value`: their amounts) of a reason / all lost. Reasons are compared without regard to case and "
        "spaces; a blank one is `(none)`. A reason that is corrected before the deal is won, lost or reopened is the corrected one.",
        ("variant",)),
    Kpi("deals_with_problems", AREA, "core", "gauge", "deals, money", "user team org pipeline stage",
        Count("deals_with_problems", "problem_value"),
        "Open deals whose health is `has_problems` as of an instant; `stat=sum` is the money at risk.", ("stat",)),
    Kpi("outreach_to_deal_rate", AREA, "core", "ratio", "ratio", "user team org activity channel",
        Ratio(("contacts_begun_deals",), ("contacts_begun",), live="contacts_begun_open"),
        f"Cohort: of the contacts whose first touch of all was in the window and ours, those that got a deal within {DEAL_DAYS} "
        "x 24 hours / all of them; by the activity and the channel of that touch, credited to who did it, else to its owner, "
        "else to that of the contact. A contact's deals are those that name it, and those of its account that name no contact. "
        "`open_share` is the share of those that have no deal yet and their time is not over. Deleted and merged "
        "contacts do not count."),
    Kpi("deals_stalled", AREA, "core", "gauge", "deals, money", "user team org pipeline stage",
        Count("deals_stalled", "stalled_value"),
        "Deals open as of an instant that are in their stage, or open again in it, for longer than the organisation's "
        f"`stalled_after_days` of the stage say, else than {TIMES} x the p50 of the time that deals were in it which left it "
        f"before; or that had no touch (as in touches_per_won_deal) for {SILENT_DAYS} x 24 hours since they were created, and "
        "have no meeting ahead that was booked by then and not settled. By the owner, pipeline and stage of then; "
        "`stat=sum` is the money that stalls.", ("stat",)),
)  # fmt: skip
