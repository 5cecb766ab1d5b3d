"""Leads, and where they come from."""

from aggregators.formulas import Count, Ratio, Share
from aggregators.kpi import Kpi

AREA = "Acquisition & leads"

_CONVERTED = Ratio(("leads_created_converted",), ("leads_created",), {
    "flow": Ratio(("leads_converted",), ("leads_converted", "leads_lost")),
}, "cohort", "leads_created_live")  # fmt: skip

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
        "retracts. The reason is the one given then, spelling as in lost_reason_share."),
    Kpi("source_share", AREA, "derived", "ratio", "ratio", "org source channel region",
        Share(Count("leads_created"), "source", "leads",
              {"accounts": Count("accounts_created"), "contacts": Count("contacts_created")}),
        "Leads created (variants `accounts`, `contacts`) of a source / all created in the window; what has no source is `(none)`.",
        ("variant",)),
    Kpi("accounts_created", AREA, "core", "count", "accounts", "user team org source channel region", Count("accounts_created"),
        "Distinct accounts created, credited to the owner at creation. Deleted and merged ones are retracted."),
    Kpi("leads_converted", AREA, "core", "count", "leads", "user team org source channel region", Count("leads_converted"),
        "Leads entering `converted` for the first time, credited to the owner then; a later regress does not retract."),
    Kpi("lead_conversion_rate", AREA, "core", "ratio", "ratio", "user team org source channel region custom", _CONVERTED,
        "Cohort: leads created in the window and converted to date / leads created in the window; `open_share` tells how many of "
        "them are still undecided. Variant `flow`: converted / (converted + disqualified) by the time of the decision.",
        ("variant",)),
)  # fmt: skip
