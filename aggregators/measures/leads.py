"""What is added up of leads."""

from aggregators.measure import Measure, one

MEASURES: tuple[Measure, ...] = (
    Measure("leads_created", ("lead.created",), "count", "", one),
    Measure("leads_created_converted", ("lead.created",), "count", "converted", lambda f: f["converted"]),
    Measure("leads_created_live", ("lead.created",), "count", "live", lambda f: f["live"]),
    Measure("leads_converted", ("lead.converted",), "count", "", one),
    Measure("leads_qualified", ("lead.qualified",), "count", "", one),
    Measure("leads_lost", ("lead.lost",), "count", "", one),
    Measure("leads_open", ("lead.open",), "count", "", one),
)  # fmt: skip
