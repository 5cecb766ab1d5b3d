"""All measures, joined from their areas."""

from aggregators.measure import Measure
from aggregators.measures import activities, contacts, deals, leads, revenue, support, tasks

MEASURES: list[Measure] = [
    *leads.MEASURES, *deals.MEASURES, *revenue.MEASURES, *activities.MEASURES, *tasks.MEASURES, *support.MEASURES,
    *contacts.MEASURES,
]  # fmt: skip
