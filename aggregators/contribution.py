"""What a record adds to the tables: a pure function of its state and its organisation's directory."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from aggregators import activities, deals, leads, tickets
from aggregators.histogram import bucket
from aggregators.measures import Measure
from aggregators.moment import Moment
from aggregators.org import Org
from aggregators.record import Record
from aggregators.story import Facts, story

PRODUCTS = "products"
DIMENSIONS: dict[str, str] = {
    "pipeline": "pipeline_id",
    "stage": "stage_id",
    "source": "source",
    "channel": "channel",
    "campaign": "campaign_id",
    "region": "region",
    "lost_reason": "lost_reason",
    "deal_type": "deal_type",
    "deal_subtype": "deal_subtype",
    "product": PRODUCTS,
    "category": "category",
    "activity": "activity",
}
"""Dimensions that the organisation's measures are broken down by, and the fact that tells a moment's value."""

Cells = dict[str, int]
Dims = tuple[tuple[str, str], ...]
"""Dimensions with a moment's values of them."""
NONE = "(none)"


class Kept:
    """What is kept of an anchor's moments: its measures, and the dimensions (with their facts) that they are broken down by."""

    def __init__(self, measures: tuple[Measure, ...], dimensions: tuple[tuple[str, str], ...], *, level: bool) -> None:
        self.measures = measures
        self.dimensions = dimensions
        self.level = level
        self.counts = tuple((m.name, m.read) for m in measures if m.kind == "count")
        self.others = tuple(m for m in measures if m.kind != "count")
        self.by_fact = {fact: dimension for dimension, fact in dimensions if fact != PRODUCTS}
        self.by_product = any(fact == PRODUCTS for _, fact in dimensions)


Plan = Mapping[str, Kept]
"""What is kept, by anchor."""


class Addition(Struct, gc=False):
    """What a moment adds, ``sign`` times: ``cells`` to the rows of a holder, ``groups`` to the organisation's by dimension value.

    A group is cells with all the dimension values that they count for; ``counted``: the moment itself is counted beside.
    """

    anchor: str
    at_ms: int
    holder: str
    sign: int
    cells: Cells
    groups: tuple[tuple[Dims, Cells], ...] = ()
    counted: bool = False


MOMENTS = "moments"
"""Counts moments whose cells may cancel out within a row (levels, transfers), so that an empty row is one of no moments."""


def moments(entity: str, record: Record, org: Org) -> Iterator[Moment]:
    """Return the moments of a record, none when it is deleted or counts nowhere."""
    if len(record.entries) == 1 and (logged := activities.logged_once(record.entries[0])):
        return iter((logged,))
    told = story(record)
    if told is None:
        return tickets.unknown(record.links) if not record.entries else iter(())
    match entity:
        case "call" | "email" | "message":
            return activities.logged(told)
        case "meeting":
            return activities.meeting(told)
        case "task":
            return activities.task(told, org.due_ns)
        case "lead":
            return leads.moments(told)
        case "deal":
            return deals.moments(told)
        case "ticket":
            return tickets.moments(told, record.links)
        case "feedback":
            return tickets.feedback(told)
    return iter(())


def contribution(entity: str, record: Record, org: Org, plan: Plan) -> list[Addition]:
    """Return what a record adds to the tables of its organisation, moment by moment."""
    found: list[Addition] = []
    facts: Facts | None = None
    for moment in moments(entity, record, org):
        anchor, at_ms, holder, current, sign = moment.anchor, moment.at_ms, moment.holder, moment.current, moment.sign
        kept = plan.get(anchor)
        if kept is None:
            continue
        if moment.facts is not facts:  # a level ends with the facts that it began with
            facts = moment.facts
            cells = cells_of(anchor, at_ms, facts, kept, org)
            groups = _groups(moment, cells, kept, org) if cells else ()
        if cells:
            found.append(Addition(anchor, at_ms, holder, sign, cells, groups, kept.level))
            if current != holder:
                found.append(Addition(anchor, at_ms, f"x{holder}", -sign, cells, counted=True))
                found.append(Addition(anchor, at_ms, f"x{current}", sign, cells, counted=True))
    return found


def _groups(moment: Moment, cells: Cells, kept: Kept, org: Org) -> tuple[tuple[Dims, Cells], ...]:
    """The dimension values that the cells of a moment count for, and products that are only a part of it with theirs."""
    facts, by_fact = moment.facts, kept.by_fact
    whole = [(by_fact[fact], str(facts[fact])) for fact in by_fact.keys() & facts.keys() if facts[fact] is not None]
    parts: list[tuple[Dims, Cells]] = []
    if kept.by_product:
        for product, amount in (facts[PRODUCTS] or {NONE: facts["amount"]}).items():
            if amount == facts["amount"]:
                whole.append(("product", product))
            else:
                own = cells_of(moment.anchor, moment.at_ms, {**facts, "amount": amount}, kept, org)
                parts.append(((("product", product),), own))
    return ((tuple(whole), cells), *parts) if whole else tuple(parts)


def cells_of(anchor: str, at_ms: int, facts: Facts, kept: Kept, org: Org) -> Cells:
    """Return what a moment adds to the measures of its anchor, reading ``facts`` (its own, or those of one of its products)."""
    found: Cells = {}
    for name, read in kept.counts:
        if units := read(facts):
            found[name] = int(units)
    for measure in kept.others:
        said = measure.read(facts)
        if said is not None:
            _READ[measure.kind](found, measure, said, facts, at_ms, org)
    return found


def added_by(moment: Moment, facts: Facts, kept: Kept, org: Org) -> Cells:
    """Return what a moment adds, or takes off where a level ends; ``facts`` as for ``cells_of``."""
    cells = cells_of(moment.anchor, moment.at_ms, facts, kept, org)
    return cells if moment.sign > 0 else {name: -units for name, units in cells.items()}


def _money(cells: Cells, measure: Measure, read: Any, facts: Facts, at_ms: int, org: Org) -> None:
    units, currency = read
    if not units:
        return
    name = measure.name + measure.suffix(facts) if measure.suffix else measure.name
    if currency and currency != org.currency:
        # A level is converted as of the question's instant, what was earned at the rate of its day.
        name += f"@{currency}" if measure.level else f"@{currency}:{org.calendar.bucket(at_ms).day}"
    cells[name] = units


def _duration(cells: Cells, measure: Measure, read: Any, *_: object) -> None:
    cells[f"{measure.name}.n"] = 1
    cells[f"{measure.name}.ms"] = read
    cells[f"{measure.name}.h{bucket(read)}"] = 1


_READ: dict[str, Callable[[Cells, Measure, Any, Facts, int, Org], None]] = {"money": _money, "duration": _duration}
