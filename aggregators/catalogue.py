"""The KPI catalogue, joined from its areas, and what has to be kept for it."""

from functools import cache

from aggregators.contribution import DIMENSIONS, Kept, Plan
from aggregators.derived import DERIVED, Derived
from aggregators.kpi import Kpi
from aggregators.kpis import activities, contacts, deals, goals, leads, revenue, support, tasks
from aggregators.measure import LEVELS
from aggregators.measures import MEASURES

KPIS: tuple[Kpi, ...] = (
    *leads.KPIS, *deals.KPIS, *revenue.KPIS, *activities.KPIS, *tasks.KPIS, *support.KPIS, *contacts.KPIS, *goals.KPIS,
)  # fmt: skip
BY_ID: dict[str, Kpi] = {kpi.id: kpi for kpi in KPIS}


@cache
def plan() -> Plan:
    """Return what to keep of each anchor: the measures that KPIs read, by the dimensions that they declare, no more."""
    found: dict[str, Kept] = {}
    for anchor in dict.fromkeys(a for m in MEASURES for a in m.anchors):
        measures = tuple(m for m in MEASURES if anchor in m.anchors and any(m.name in k.formula.measures for k in KPIS))
        kpis = [k for k in KPIS if any(m.name in k.formula.measures for m in measures)]
        asked = {d for kpi in kpis for d in kpi.by} - _ELSEWHERE.get(anchor, frozenset())
        found[anchor] = Kept(
            measures, tuple((d, fact) for d, fact in DIMENSIONS.items() if d in asked), level=anchor in LEVELS
        )
    return found


_ELSEWHERE = dict.fromkeys(
    ("call.logged", "email.logged", "message.logged", "meeting.held", "task.done", "quote.created", "order.confirmed"),
    frozenset({"pipeline"}),
)
"""Dimensions that no fact of the record itself tells: answered from the records, through the deal that they name."""


def derived_of(kpi: Kpi) -> Derived | None:
    """Return how the moments of a KPI are told where they are not kept but told when they are asked for."""
    return next((DERIVED[anchor] for anchor in anchors_of(kpi) if anchor in DERIVED), None)


def anchors_of(kpi: Kpi) -> tuple[str, ...]:
    """Return the anchors whose moments a KPI is made of."""
    names = set(kpi.formula.measures)
    return tuple(dict.fromkeys(anchor for m in MEASURES if m.name in names for anchor in m.anchors))
