"""Contacts, and what is known of them."""

from aggregators.averages import Distinct, Score
from aggregators.composed import Composed, Part, contact_worth
from aggregators.data_quality import Completeness, Members
from aggregators.formulas import Count, Mean, Ratio, Total
from aggregators.kpi import Kpi

AREA = "Contacts & data quality"

WORTH = {
    "revenue": Part(Total("revenue_won", "deals_won")),
    "contacts": Part(Count("contacts_total"), gauge=True),
    "engagement": Part(Score("engagement_level", "accounts_known", {}), gauge=True),
    "win_rate": Part(Ratio(("deals_won",), ("deals_won", "deals_lost"))),
    "avg_deal_size": Part(Mean("revenue_won", "deals_won")),
}
"""What the worth of a contact is made of."""

KPIS: tuple[Kpi, ...] = (
    Kpi("contact_value", AREA, "derived", "mean", "money", "user team org source segment", Composed(WORTH, contact_worth),
        "revenue_won of the window / contacts_total as of its end, or of now, + the potential: engagement_level as of then / 100 x "
        "win_rate x avg_deal_size of the window, of what is not known 0. `parts` has all of them. Each is asked for by itself: by "
        "segment, a deal or an account is in those of its account and contacts. Null without contacts."),
    Kpi("contacts_created", AREA, "core", "count", "contacts", "user team org source channel region custom origin",
        Count("contacts_created"),
        "Distinct contacts created, credited to the owner at creation; `origin` tells how they came to be: manual, import, api or "
        "form. Deleted and merged ones are retracted."),
    Kpi("contacts_total", AREA, "core", "gauge", "contacts", "user team org source region segment",
        Count("contacts_total"),
        "Contacts that there are as of an instant, by the owner of then. A deleted or merged one never was."),
    Kpi("contact_growth_rate", AREA, "derived", "ratio", "ratio", "user team org source",
        Ratio(("contacts_created",), ("contacts_total",)),
        "contacts_created in the window / contacts_total as of its beginning; null where there was none. Deleted and merged ones "
        "are in neither, so these are the net additions; one that changes its owner is no addition."),
    Kpi("contact_to_customer_rate", AREA, "core", "ratio", "ratio", "user team org source channel region custom",
        Ratio(("contacts_created_customers",), ("contacts_created",)),
        "Cohort: contacts created in the window that have a sale to date / contacts created in the window. A contact has the sales "
        "(deals won, orders confirmed) that name it, and those of its account."),
    Kpi("lifecycle_transitions", AREA, "core", "count", "moves", "user team org source", Count("lifecycle_transitions"),
        "Moves of contacts from one lifecycle stage to another, each when it happened, credited to the owner then. A first stage "
        "is no move, unless the change tells what was before (`old`), nor is the loss of one."),
    Kpi("contact_completeness", AREA, "core", "mean gauge", "ratio", "user team org source segment",
        Completeness("fields_filled", "contacts_total", "required_contact_fields"),
        "Of the contacts that there are as of an instant, the required fields that were filled by then / the required fields. "
        "Required is what the organisation's `required_contact_fields` say now; where they say nothing it is null. A contact that "
        "does not say what is filled has nothing filled."),
    Kpi("duplicate_rate", AREA, "core", "ratio", "ratio", "user team org source",
        Ratio(("contacts_doubled",), ("contacts_compared",)),
        "Cohort: of the contacts created in the window, those that share a mail address or a telephone number with another contact, "
        "whenever that was created / all of them, credited to the owner at creation. Deleted and merged contacts are no contacts: "
        "a merge mends it. Hashes are compared without regard to case and outer spaces; without any a contact is like no other."),
    Kpi("segment_size", AREA, "core", "gauge", "contacts", "org segment custom", Members("contacts_total", "segment"),
        "Contacts of contacts_total that are in a saved segment; in several, they count in each, and once as a whole. A segment is "
        "as it was last defined, and its records are those of its `entity` (contact where it says none) that have all values of its "
        "`where` now. A contact whose account is in a segment of accounts is in it, too."),
    Kpi("contacts_active", AREA, "core", "distinct", "contacts", "user team org source segment", Distinct("contacts_active"),
        "Distinct contacts that took part in a touch in the window: a call that connected, an e-mail or message that a person of "
        "theirs wrote, a meeting held; `window=last_30_days` for those of 30 days. Credited to who did it, else to its owner, else "
        "to that of the contact; by the source of the contact. Deleted and merged contacts do not count. A contact of several "
        "people counts for each, and once as a whole."),
)  # fmt: skip
