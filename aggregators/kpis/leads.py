"""Leads, and where they come from."""

from aggregators.composed import Composed, Part, effectiveness
from aggregators.formulas import Count, Duration, Mean, Ratio, Share
from aggregators.kpi import Kpi
from aggregators.kpis.contacts import WORTH
from aggregators.measures.leads import VISITS
from aggregators.waiting import Waiting

AREA = "Acquisition & leads"

_CONVERTED = Ratio(("leads_created_converted",), ("leads_created",), {
    "flow": Ratio(("leads_converted",), ("leads_converted", "leads_lost")),
}, "cohort", "leads_created_live")  # fmt: skip

_TOUCHPOINTS = {
    **{kind: f"visits_{kind}" for kind in VISITS}, "call": "calls_talked", "meeting": "meetings_held",
}  # fmt: skip
_PER = {name: Ratio(("sales",), (measure,)) for name, measure in _TOUCHPOINTS.items()}
_PER_TOUCHPOINT = _PER.pop(VISITS[0])._replace(others=_PER, variant=VISITS[0])

KPIS: tuple[Kpi, ...] = (
    Kpi("leads_created", AREA, "core", "count", "leads", "user team org source channel region custom", Count("leads_created"),
        "Distinct leads created, credited to the owner at creation. Deleted, merged and spam leads are retracted; a lead later "
        "converted still counts."),
    Kpi("leads_open", AREA, "core", "gauge", "leads", "user team org source channel", Count("leads_open"),
        "Leads in open or working status as of an instant; a lead is open from its creation on."),
    Kpi("leads_qualified", AREA, "core", "count", "leads", "user team org source channel region", Count("leads_qualified"),
        "Leads entering `qualified` for the first time, credited to the owner then; a later regress does not retract."),
    Kpi("leads_lost", AREA, "core", "count", "leads", "user team org source channel lost_reason", Count("leads_lost"),
        "Leads whose latest status is `disqualified`, when they entered it last, credited to the owner then. Any other status "
        "retracts; one that is disqualified again enters it again. The reason is the one given then, as it was corrected since, "
        "spelling as in lost_reason_share."),
    Kpi("source_share", AREA, "derived", "ratio", "ratio", "org source channel region",
        Share(Count("leads_created"), "source", "leads",
              {"accounts": Count("accounts_created"), "contacts": Count("contacts_created")}),
        "Leads created (variants `accounts`, `contacts`) of a source / all created in the window; what has no source is `(none)`.",
        ("variant",)),
    Kpi("source_effectiveness", AREA, "derived", "ratio", "%, money", "org source channel region",
        Composed({"leads": Part(Ratio(("leads_created_customers",), ("leads_created",))), **WORTH}, effectiveness, ("rate", "sum")),
        "lead_to_customer_rate in per cent, `stat=sum` for contact_value, both of the window and in `parts`; by source which one "
        "brings customers, and how much they are worth. `low_sample` where fewer than 20 leads were created.", ("stat",)),
    Kpi("cost_per_lead", AREA, "derived", "ratio", "money", "org source channel", Mean("spend_marketing", "leads_created"),
        "Marketing spend (that of kind `marketing`, or of none) in the window / leads_created; null without leads. An amount is spread "
        "evenly over the local days from its `start` to its `end`, the day on which it was recorded where it names neither, and counts "
        "at their beginning, in other currencies at the rate of each day; the shares up to a day are rounded down together, to "
        "1/10,000. Where one of the two is named, it is that day; an end before the start is the start."),
    Kpi("customer_acquisition_cost", AREA, "derived", "ratio", "money", "org source channel",
        Mean("spend_acquisition", "primary_sales"),
        "Marketing and sales spend (that of kind `marketing`, `sales` or of none, spread as in cost_per_lead) in the window / "
        "new_customers; null without any. Source and channel are those of the spend and of the first sale."),
    Kpi("account_channel_effectiveness", AREA, "derived", "ratio", "ratio", "org source channel region",
        Ratio(("accounts_won",), ("accounts_captured",)),
        "Cohort: of the accounts created in the window, those that have a won deal to date / all of them. Channel, source and region "
        "are those of the account; a deal is of the account that it names. An order without a deal is none."),
    Kpi("touchpoint_conversion_rate", AREA, "derived", "ratio", "ratio", "user team org source channel", _PER_TOUCHPOINT,
        "Sales (deals won that no confirmed order names, and orders confirmed) / touchpoints of the same window. `touchpoint` says "
        "which: sessions (the default, and what a visit is that names no kind), page views, clicks, forms, store entries, connected "
        "calls in either direction, or meetings held. A visit counts as often as its `count` says, else once, credited to `actorid`, "
        "else to the owner. Source and channel are those of the touchpoint and of the sale. Null without touchpoints.",
        ("touchpoint",)),
    Kpi("revenue_per_visitor", AREA, "derived", "ratio", "money", "org source channel region", Mean("sales_value", "visitors"),
        "Amounts of the deals won that no confirmed order names and of orders confirmed, less what was paid back as in orders_value / "
        "visitors of the same window: site sessions and store entries, counted as in touchpoint_conversion_rate. Null without any."),
    Kpi("accounts_created", AREA, "core", "count", "accounts", "user team org source channel region", Count("accounts_created"),
        "Distinct accounts created, credited to the owner at creation. Deleted and merged ones are retracted."),
    Kpi("leads_converted", AREA, "core", "count", "leads", "user team org source channel region", Count("leads_converted"),
        "Leads entering `converted` for the first time, credited to the owner then; a later regress does not retract."),
    Kpi("lead_conversion_rate", AREA, "core", "ratio", "ratio", "user team org source channel region custom", _CONVERTED,
        "Cohort: leads created in the window and converted to date / leads created in the window; `open_share` tells how many of "
        "them are still undecided. Variant `flow`: converted / (converted + disqualified) by the time of the decision.",
        ("variant",)),
    Kpi("lead_to_customer_rate", AREA, "core", "ratio", "ratio", "user team org source channel region custom",
        Ratio(("leads_created_customers",), ("leads_created",)),
        "Cohort: leads created in the window that have a sale to date / leads created in the window. A lead has the sales (deals won, "
        "orders confirmed) that name it or one of its contacts, and those of its account and of its contacts' accounts. An order and "
        "its deal are one sale of the order's account, else of the deal's. Deleted and merged contacts have none."),
    Kpi("speed_to_lead", AREA, "core", "duration", "s", "user team org source channel", Duration("lead_answer", "lead_answer_bh"),
        "Time from the creation of an inbound lead to the first contact that a person made: an outbound call, e-mail or message "
        "that names the lead, or a meeting with it that was held, at its start. Automated mail and bots do not count, nor does "
        "what was before. A lead is inbound when it says so, when it has a form and does not say, and since a form visit that "
        "names it. Counted at the contact, credited to who made it, else to the lead's owner then; unanswered leads are left out.",
        ("stat", "hours")),
    Kpi("lead_response_within_target_rate", AREA, "core", "ratio", "ratio", "user team org source channel",
        Ratio(("lead_answers_met",), ("lead_answers_due",)),
        "Inbound leads answered (as in speed_to_lead) within `lead_response_target_ms`, by default 30 min / those and the ones whose "
        "deadline is past, whatever became of them; at the answer, else at the deadline, credited to the owner then. The target is "
        "the one that held when the lead came. One that is not due yet is left out.", due=True),
    Kpi("leads_awaiting_response", AREA, "core", "gauge", "leads, s", "user team org source channel",
        Waiting("leads_awaiting", "leads_unanswered"),
        "Inbound leads that nobody answered (as in speed_to_lead) as of an instant and that are neither converted nor disqualified, "
        "by the owner of then. `stat=late` for those whose target is past, `stat=oldest` for the longest time that one waits.",
        ("stat",)),
)  # fmt: skip
