"""All measures, joined from their areas."""

from aggregators.measure import Measure
from aggregators.measures import (
    activities,
    contacts,
    costs,
    deals,
    fields,
    leads,
    relationships,
    revenue,
    support,
    tasks,
    usage,
)

MEASURES: list[Measure] = [
    *leads.MEASURES, *deals.MEASURES, *revenue.MEASURES, *activities.MEASURES, *tasks.MEASURES, *support.MEASURES,
    *contacts.MEASURES, *usage.MEASURES, *fields.MEASURES, *costs.MEASURES,
    *relationships.MEASURES,
]  # fmt: skip
