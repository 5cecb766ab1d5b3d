"""How the system is used."""

from aggregators.composed import SystemReturn
from aggregators.formulas import Duration, Spent, Total
from aggregators.freshness import Freshness
from aggregators.kpi import Kpi
from aggregators.savings import Saved
from aggregators.unsummed import Adoption
from aggregators.users import Users

AREA = "CRM usage & system"

KPIS: tuple[Kpi, ...] = (
    Kpi("active_users", AREA, "core", "distinct", "users", "team org", Users("beats"),
        "Distinct users with a heartbeat in the window, by `actorid`, else the owner: over a day, a week, a month or any other. In a "
        "team those are counted who were its members on the day of a heartbeat; who changes teams counts in both, and once in all."),
    Kpi("adoption_rate", AREA, "derived", "ratio", "ratio", "team org", Adoption(("beats", "module_acts")),
        "Users with both a heartbeat (active_users) and an action (module_actions) in the window / users who might: the `licences` "
        "of the organisation, else its active users, all who were announced, own or owned a record or did anything and are not said "
        "to be inactive or deleted; of a team those of its active members who were there in the window. Who is active no more still "
        "counts where both are known. In a team both count on the days of membership."),
    Kpi("time_in_system", AREA, "core", "sum", "s/day", "user team org", Spent("system_ms", "system_pieces", ()),
        "Seconds that users were in the system; `every=day` tells each day's. A heartbeat says that its user was there at its time "
        "and for the `active_ms` before it, of which up to 5 minutes count; times that overlap, in several tabs too, count once, and "
        "a gap of up to 5 minutes between two counts as well. What nobody is credited with does not count. Each quarter of an hour "
        "is counted where the time in it begins. It is answered from the heartbeats themselves."),
    Kpi("feature_utilization", AREA, "derived", "ratio", "ratio", "team org feature",
        Users("feature_beats", "beats", "features_used", "feature"),
        "active_users with a heartbeat that names the feature (without `by` or `where` of one: any) / all active_users. A heartbeat "
        "that names no feature uses none."),
    Kpi("process_duration", AREA, "core", "duration", "s", "team org process", Duration("process_time"),
        "Time that processes took, counted at their end. `process` is a workflow: a run took the `duration_ms` that it says, else "
        "the time since its `started_at`, credited to `actorid`, else to the owner; or `lead_to_deal`, a lead from its creation to "
        "its first conversion; `quote_to_order`, an order that names a quote, from the creation of that to the order's "
        "confirmation; `ticket`, from its creation to its latest resolution. These are credited to the owner at the end. A run "
        "that tells neither is left out.",
        ("stat",)),
    Kpi("automation_savings", AREA, "derived", "sum", "h, money", "team org process",
        Saved("saved_ms", "automation_runs", "hourly_cost"),
        "Hours of work that runs of workflows spared (`minutes_saved`), at the run, credited to `actorid`, else to the owner; "
        "`stat=sum` is what they cost at the organisation's `hourly_cost` of now, at the rate of the window's last day, null where it "
        "says none. `process` is the workflow.",
        ("stat",)),
    Kpi("crm_roi", AREA, "derived", "ratio", "ratio", "org",
        SystemReturn(Total("attributed_revenue", "attributions"), Saved("saved_ms", "automation_runs", "hourly_cost"),
                     Total("spend_crm", "spend_crm_days")),
        "(attributed_revenue of the window - that of the baseline + the money of automation_savings - CRM spend) / CRM spend (that of "
        "kind `crm`, spread as in cost_per_lead). The baseline is the window before, with variant `last_year` the same a year "
        "earlier; `parts` has all of it and when the baseline was. Savings that are not known are none; null where nothing was spent.",
        ("variant",)),
    Kpi("event_freshness", AREA, "core", "duration", "s", "org source", Freshness(),
        "Time from the `time` of events until the commit that made them visible was sent to Redis, by the clock of the worker, 0 where "
        "that is before; counted once, in the hour of the commit in the organisation's zone of then, by the `source` that published "
        "the event. A window has the hours that begin in it. It tells how it was then: no log has it, nothing restates it, a rebuild "
        "leaves it as it is. What changed nothing (a repeat), what was published as history (`backfill`) and what the log had before "
        "the tables were begun count in none of it. Beside it `dead_letters`: records whose key is the organisation and that could "
        "not be used, of no source; `fx_missing`: by currency, events with an amount that had no rate for their day at the commit; "
        "`unmapped`: events whose `actorid`, `owner_id` or `team_id` no `user.updated` or `team.updated` had told of by the commit. "
        "Of the whole organisation only; sources beyond some thousands are `(other)`.",
        ("stat",)),
)  # fmt: skip
