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
        "Distinct tickets that are solved or closed, at their latest resolution; reopening retracts. One that is solved "
        "again is resolved again, one that is closed after it was solved is not."),
    Kpi("first_resolution_time", AREA, "extra", "duration", "s", "user team org channel category",
        Duration("first_resolution", "first_resolution_bh"),
        "Time from a ticket's creation to its first resolution, also if it was reopened since.", ("stat", "hours")),
    Kpi("full_resolution_time", AREA, "core", "duration", "s", "user team org channel category",
        Duration("full_resolution", "full_resolution_bh"),
        "Time from a ticket's creation to its latest resolution, of tickets that are solved or closed.", ("stat", "hours")),
    Kpi("csat_score", AREA, "core", "ratio", "ratio", "user team org channel", Ratio(("ratings_satisfied",), ("ratings",)),
        "Satisfied / rated; satisfied is the top 2 of 5, or at least 80 % of another scale. The latest rating of a ticket counts, "
        "when it was given, credited to the ticket's owner of then; one that names no ticket counts by itself, credited to "
        "`actorid`, else to its owner."),
    Kpi("ticket_reopen_rate", AREA, "core", "ratio", "ratio", "user team org channel category",
        Ratio(("tickets_reopened",), ("tickets_solved_once",)),
        "Cohort: of the tickets solved or closed for the first time in the window, those that were open again at any time since / "
        "all of them, credited to the owner at that resolution."),
    Kpi("first_response_time", AREA, "core", "duration", "s", "user team org channel", Duration("first_response", "first_response_bh"),
        "Time from a ticket's creation to the first public message of an agent, counted at that and credited to who wrote it, else "
        "to the owner. A ticket that an agent created (`created_by`) begins with such a message: its second one counts. One that "
        "was solved before anybody answered and is open again is waited for since then. A message that does not say is public.",
        ("stat", "hours")),
    Kpi("next_response_time", AREA, "core", "duration", "s", "user team org channel", Duration("next_response", "next_response_bh"),
        "Time from a customer's public message on a ticket, the first since the last answer, to the next public message of an "
        "agent; and from what a customer wrote in a thread of mail (`thread_id`) or a chat (`conversation_id`) to what one of ours "
        "wrote in it next, of both what persons wrote. Each turn by itself, the one before the first answer too, counted at the "
        "answer and credited to who wrote it, else to the owner.", ("stat", "hours")),
    Kpi("handle_time", AREA, "core", "duration", "s", "user team org channel", Duration("handled", "handled_bh"),
        "Time that an agent had a ticket: from creation, assignment or reopening until it was solved, closed or passed on, each "
        "time by itself and if it took any, counted at its end and credited to the agent.", ("stat", "hours")),
    Kpi("sla_first_response_rate", AREA, "core", "ratio", "ratio", "user team org channel", Ratio(("first_met",), ("first_due",)),
        "Tickets first answered (as in first_response_time) within `sla.first_response_ms` / those and the ones whose deadline is "
        "past; at the answer, or at the deadline where it was late or is none, credited to the owner then. The clock begins with the "
        "creation, stands while a ticket is pending or solved, and one that is not due yet is left out. The deadline is in business "
        "hours, those of who has the ticket, unless "
        "`sla.hours` says `calendar`.", due=True),
    Kpi("sla_resolution_rate", AREA, "extra", "ratio", "ratio", "user team org channel",
        Ratio(("resolution_met",), ("resolution_due",)),
        "Tickets that are solved or closed, and were within `sla.resolution_ms` / those and the ones whose deadline is past; at the "
        "latest resolution, or at the deadline where it was late or is none, credited to the owner then. The clock is that of "
        "sla_first_response_rate.",
        due=True),
    Kpi("repeat_issue_share", AREA, "core", "ratio", "ratio", "org channel region category",
        Ratio(("tickets_repeated",), ("tickets_compared",)),
        "Tickets created in the window whose category another requester had a ticket of, created at most 30 x 24 hours before or after "
        "/ all created in the window. By category it ranks root causes. One without a category or a requester repeats none; deleted, "
        "merged and spam tickets do not count."),
)  # fmt: skip
