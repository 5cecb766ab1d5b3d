"""The KPI catalogue, joined from its areas, and what has to be kept for it."""

from collections.abc import Mapping, Sequence
from functools import cache
from zlib import crc32

from aggregators import own
from aggregators.alerts import RULES
from aggregators.contribution import DIMENSIONS, Kept, Plan
from aggregators.derived import DERIVED, Derived
from aggregators.kpi import Kpi
from aggregators.kpis import (
    activities,
    contacts,
    deals,
    fields,
    goals,
    leads,
    peers,
    relationships,
    revenue,
    support,
    tasks,
    usage,
)
from aggregators.measure import LEVELS
from aggregators.measures import MEASURES
from events import EVENTS

KPIS: list[Kpi] = [
    *leads.KPIS, *deals.KPIS, *revenue.KPIS, *activities.KPIS, *tasks.KPIS, *support.KPIS, *contacts.KPIS, *usage.KPIS, *fields.KPIS,
    *relationships.KPIS, *peers.KPIS, *goals.KPIS,
]  # fmt: skip
"""All KPIs, those of one's own last."""
BY_ID: dict[str, Kpi] = {kpi.id: kpi for kpi in KPIS}


OWN: list[own.Definition] = []


def adopt(definitions: Sequence[own.Definition]) -> None:
    """Have KPIs of one's own beside the others from now on: once, before anything is counted or asked."""
    ahead = frozenset(anchor for one in KPIS if one.due for anchor in anchors_of(one))
    OWN.extend(definitions)
    for one in sorted(definitions, key=lambda one: bool(one.ratio)):
        MEASURES.extend(own.measures(one))
        KPIS.append(own.kpi(one, BY_ID, ahead))
        BY_ID[one.id] = KPIS[-1]
    enabled.cache_clear()
    plan.cache_clear()


def digest() -> str:
    """Return by what tables tell which KPIs of one's own they count, nothing where there are none."""
    return f"{crc32(own.packed(OWN)):08x}" if OWN else ""


@cache
def enabled(names: str = "") -> Mapping[str, Kpi]:
    """Return the KPIs by id whose ids are given with commas; all where none is. Raises UnknownKpisError."""
    wanted = [name for name in map(str.strip, names.split(",")) if name]
    if unknown := [name for name in wanted if name not in BY_ID]:
        raise UnknownKpisError(unknown)
    return {name: kpi for name, kpi in BY_ID.items() if name in wanted} or BY_ID


def listed(names: str = "") -> str:
    """Return the same selection in the one form that tables tell it in: ids with commas as the catalogue has them, empty for all."""
    return ",".join(enabled(names)) if names.strip(", ") else ""


class UnknownKpisError(Exception):
    """There are no KPIs with these ids."""

    def __init__(self, ids: list[str]) -> None:
        self.ids = ids
        super().__init__(f"no such KPIs: {', '.join(ids)}")


@cache
def plan(names: str = "", *, whole: bool = False) -> Plan:
    """Return what to keep of each anchor: the measures that alerts and the KPIs ``enabled`` read, by the KPIs' dimensions.

    ``whole``: what can be told of each anchor, by measures that are not kept too.
    """
    found = Plan()
    kpis = enabled(names).values()
    names_read = {name for kpi in kpis for name in kpi.formula.measures} | {rule.measure for rule in RULES}
    names_read |= _found_by(names_read)
    wanted = [m for m in MEASURES if m.name in names_read and (m.kept or whole)]
    for anchor in dict.fromkeys(a for m in wanted for a in m.anchors):
        measures = tuple(m for m in wanted if anchor in m.anchors)
        reading = [k for k in kpis if any(m.name in k.formula.measures for m in measures)]
        asked = {d for kpi in reading for d in kpi.by} - _ELSEWHERE.get(anchor, frozenset())
        found[anchor] = Kept(
            measures, tuple((d, fact) for d, fact in DIMENSIONS.items() if d in asked), level=anchor in LEVELS
        )
    added = [measure for one in OWN for measure in own.measures(one)]
    found.events = frozenset(
        anchor for measure in added for anchor in measure.anchors if anchor in EVENTS and anchor in found
    )
    found.filters = frozenset(name for measure in added for name in measure.reads.split())
    return found


def _found_by(wanted: set[str]) -> set[str]:
    """Measures that have to be kept so that the records are found which tell what is only told when it is asked for."""
    anchors = {a for m in MEASURES if m.name in wanted for a in m.anchors if a in DERIVED}
    kept = {name for anchor in anchors for name in DERIVED[anchor].kept}
    return kept | {
        next(m.name for m in MEASURES if a in m.anchors) for anchor in anchors for a in DERIVED[anchor].anchors
    }


OF_DEAL = frozenset({"pipeline", "deal_type", "deal_subtype"})
"""Dimensions in which a record that does not tell its own value has that of the deal that it names."""

_ELSEWHERE = {
    **dict.fromkeys(
        ("call.logged", "email.logged", "message.logged", "meeting.held", "task.done", "quote.created"),
        frozenset({"pipeline"}),
    ),
    "order.confirmed": OF_DEAL,
}
"""Dimensions that no fact of the record itself tells: answered from the records, through the deal that they name."""


def derived_of(kpi: Kpi) -> Derived | None:
    """Return how the moments of a KPI are told where they are not kept but told when they are asked for."""
    return next((DERIVED[anchor] for anchor in anchors_of(kpi) if anchor in DERIVED), None)


def anchors_of(kpi: Kpi) -> tuple[str, ...]:
    """Return the anchors whose moments a KPI is made of."""
    names = set(kpi.formula.measures)
    return tuple(dict.fromkeys(anchor for m in MEASURES if m.name in names for anchor in m.anchors))
