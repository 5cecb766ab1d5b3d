"""Contacts, and what is known of them."""

from aggregators.formulas import Count, Ratio
from aggregators.kpi import Kpi

AREA = "Contacts & data quality"

KPIS: tuple[Kpi, ...] = (
    Kpi("contacts_created", AREA, "core", "count", "contacts", "user team org source channel region custom",
        Count("contacts_created"),
        "Distinct contacts created, however they came to be, credited to the owner at creation. Deleted and merged ones are "
        "retracted."),
    Kpi("contacts_total", AREA, "core", "gauge", "contacts", "user team org source region", Count("contacts_total"),
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
        "is no move, nor is the loss of one."),
)  # fmt: skip
