"""Tickets, and what customers thought of them."""

from aggregators.formulas import Count, Duration, Ratio
from aggregators.kpi import Kpi

AREA = "Response & support"

KPIS: tuple[Kpi, ...] = (
    Kpi("tickets_created", AREA, "core", "count", "tickets", "user team org channel region custom category",
        Count("tickets_created"), "Distinct tickets created; deleted, merged and spam tickets are retracted."),
    Kpi("tickets_open", AREA, "core", "gauge", "tickets", "user team org channel category", Count("tickets_open"),
        "Tickets that are new, open, pending or on hold as of an instant."),
    Kpi("tickets_resolved", AREA, "core", "distinct", "tickets", "user team org channel category", Count("tickets_resolved"),
        "Distinct tickets that are solved or closed, at their latest resolution; reopening retracts."),
    Kpi("first_resolution_time", AREA, "extra", "duration", "s", "user team org channel category", Duration("first_resolution"),
        "Time from a ticket's creation to its first resolution, also if it was reopened since.", ("stat",)),
    Kpi("full_resolution_time", AREA, "core", "duration", "s", "user team org channel category", Duration("full_resolution"),
        "Time from a ticket's creation to its latest resolution, of tickets that are solved or closed.", ("stat",)),
    Kpi("csat_score", AREA, "core", "ratio", "ratio", "user team org channel", Ratio(("ratings_satisfied",), ("ratings",)),
        "Satisfied / rated; satisfied is the top 2 of 5, or at least 80 % of another scale. The latest rating of a ticket counts, "
        "when it was given, credited to the ticket's owner of then."),
)  # fmt: skip
