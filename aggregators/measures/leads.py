"""What is added up of leads."""

from aggregators.measure import Measure, one, took, worked

MEASURES: tuple[Measure, ...] = (
    Measure("leads_created", ("lead.created",), "count", "", one),
    Measure("leads_created_converted", ("lead.created",), "count", "converted", lambda f: f["converted"]),
    Measure("leads_created_customers", ("lead.created",), "count", "customer", lambda f: f["customer"]),
    Measure("leads_created_live", ("lead.created",), "count", "live", lambda f: f["live"]),
    Measure("leads_converted", ("lead.converted",), "count", "", one),
    Measure("leads_qualified", ("lead.qualified",), "count", "", one),
    Measure("leads_lost", ("lead.lost",), "count", "", one),
    Measure("lead_answer", ("lead.answered",), "duration", "took_ms", took),
    Measure("lead_answer_bh", ("lead.answered",), "duration", "worked_ms", worked, kept=False),
    Measure("lead_answers_due", ("lead.answer_due",), "count", "", one),
    Measure("lead_answers_met", ("lead.answer_due",), "count", "met", lambda f: f["met"]),
    Measure("leads_awaiting", ("lead.awaiting",), "count", "", one),
    Measure("leads_unanswered", ("lead.unanswered",), "count", "", one),
    Measure("leads_open", ("lead.open",), "count", "", one),
)  # fmt: skip
