"""The KPI catalogue, joined from its areas, and what has to be kept for it."""

from functools import cache

from aggregators.contribution import DIMENSIONS, Kept, Plan
from aggregators.kpi import Kpi
from aggregators.kpis import activities, contacts, deals, goals, leads, revenue, support, tasks
from aggregators.measure import LEVELS
from aggregators.measures import MEASURES

KPIS: tuple[Kpi, ...] = (
    *leads.KPIS, *deals.KPIS, *revenue.KPIS, *activities.KPIS, *tasks.KPIS, *support.KPIS, *contacts.KPIS, *goals.KPIS,
)  # fmt: skip
BY_ID: dict[str, Kpi] = {kpi.id: kpi for kpi in KPIS}


@cache
def plan(*, whole: bool = False) -> Plan:
    """Return what to keep of each anchor: the measures that KPIs read, by the dimensions that they declare, no more.

    ``whole``: what can be told of each anchor, by measures that are not kept too.
    """
    found: dict[str, Kept] = {}
    for anchor in dict.fromkeys(a for m in MEASURES for a in m.anchors):
        read = (m for m in MEASURES if anchor in m.anchors and any(m.name in k.formula.measures for k in KPIS))
        measures = tuple(m for m in read if m.kept or whole)
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


def anchors_of(kpi: Kpi) -> tuple[str, ...]:
    """Return the anchors whose moments a KPI is made of."""
    names = set(kpi.formula.measures)
    return tuple(dict.fromkeys(anchor for m in MEASURES if m.name in names for anchor in m.anchors))
