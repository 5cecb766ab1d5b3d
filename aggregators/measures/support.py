"""What is added up of tickets and their ratings."""

from aggregators.measure import Measure, one, took, worked
from aggregators.tickets import satisfied

_ANSWERED = ("ticket.answered", "thread.answered")

MEASURES: tuple[Measure, ...] = (
    Measure("tickets_compared", ("ticket.compared",), "count", "", one),
    Measure("tickets_repeated", ("ticket.compared",), "count", "repeated", lambda f: f["repeated"]),
    Measure("tickets_created", ("ticket.created",), "count", "", one),
    Measure("tickets_open", ("ticket.open",), "count", "", one),
    Measure("tickets_breached", ("ticket.breached",), "count", "", one),
    Measure("tickets_resolved", ("ticket.resolved",), "count", "", one),
    Measure("first_resolution", ("ticket.first_resolved",), "duration", "took_ms", took),
    Measure("first_resolution_bh", ("ticket.first_resolved",), "duration", "worked_ms", worked, kept=False),
    Measure("full_resolution", ("ticket.resolved",), "duration", "took_ms", took),
    Measure("full_resolution_bh", ("ticket.resolved",), "duration", "worked_ms", worked, kept=False),
    Measure("ratings", ("ticket.rated",), "count", "", one),
    Measure("ratings_satisfied", ("ticket.rated",), "count", "score scale", satisfied),
    Measure("tickets_solved_once", ("ticket.first_resolved",), "count", "", one),
    Measure("tickets_reopened", ("ticket.first_resolved",), "count", "reopened", lambda f: f["reopened"]),
    Measure("first_response", ("ticket.responded",), "duration", "took_ms", took),
    Measure("first_response_bh", ("ticket.responded",), "duration", "worked_ms", worked, kept=False),
    Measure("next_response", _ANSWERED, "duration", "took_ms", took),
    Measure("next_response_bh", _ANSWERED, "duration", "worked_ms", worked, kept=False),
    Measure("handled", ("ticket.handled",), "duration", "took_ms", took),
    Measure("handled_bh", ("ticket.handled",), "duration", "worked_ms", worked, kept=False),
    Measure("first_due", ("ticket.first_due",), "count", "", one),
    Measure("first_met", ("ticket.first_due",), "count", "met", lambda f: f["met"]),
    Measure("resolution_due", ("ticket.resolution_due",), "count", "", one),
    Measure("resolution_met", ("ticket.resolution_due",), "count", "met", lambda f: f["met"]),
)  # fmt: skip
