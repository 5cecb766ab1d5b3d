"""What a record adds to the tables: a pure function of its state and its organisation's directory."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from aggregators import activities, deals, leads, tickets
from aggregators.histogram import bucket
from aggregators.measures import LEVELS, Measure
from aggregators.moment import Moment
from aggregators.org import Org
from aggregators.record import Record
from aggregators.story import Facts, story

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
    "product": "products",
    "category": "category",
    "activity": "activity",
}
"""Dimensions that the organisation's measures are broken down by, and the fact that tells a moment's value."""

Cells = dict[str, int]
At = tuple[str, str, int]
"""Anchor, holder and instant (ms) of a moment."""
Group = tuple[int, str, str]
"""Instant (ms), dimension and value."""


class Kept(NamedTuple):
    """What is kept of an anchor's moments: its measures, and the dimensions (with their facts) that they are broken down by."""

    measures: tuple[Measure, ...]
    dimensions: tuple[tuple[str, str], ...]


Plan = Mapping[str, Kept]
"""What is kept, by anchor."""


class Contribution(NamedTuple):
    """``cells`` by moment; ``groups``, the organisation's cells by dimension value."""

    cells: dict[At, Cells]
    groups: dict[Group, Cells]


NOTHING = Contribution({}, {})
MOMENTS = "moments"
"""Counts moments whose cells may cancel out within a row (levels, transfers), so that an empty row is one of no moments."""


def moments(entity: str, record: Record, org: Org) -> Iterator[Moment]:
    """Return the moments of a record, none when it is deleted or counts nowhere."""
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


def contribution(entity: str, record: Record, org: Org, plan: Plan) -> Contribution:
    """Return what a record adds to the tables of its organisation."""
    cells: dict[At, Cells] = {}
    groups: dict[Group, Cells] = {}
    for moment in moments(entity, record, org):
        kept = plan.get(moment.anchor)
        added = kept and cells_of(moment, moment.facts, kept, org)
        if not kept or not added:
            continue
        anchor, at_ms, holder, current, facts = (
            moment.anchor,
            moment.at_ms,
            moment.holder,
            moment.current,
            moment.facts,
        )
        _add(cells, (anchor, holder, at_ms), added)
        if current != holder:
            taken = {name: -units for name, units in added.items()}
            _add(cells, (anchor, f"x{holder}", at_ms), taken | {MOMENTS: 1})
            _add(cells, (anchor, f"x{current}", at_ms), added | {MOMENTS: 1})
        for dimension, fact in kept.dimensions:
            if fact == "products":
                for product, amount in (facts["products"] or {"(none)": facts["amount"]}).items():
                    whole = amount == facts["amount"]
                    part = added if whole else cells_of(moment, {**facts, "amount": amount}, kept, org)
                    _add(groups, (at_ms, dimension, product), part)
            elif (value := facts.get(fact)) is not None:
                _add(groups, (at_ms, dimension, str(value)), added)
    return Contribution(cells, groups)


def cells_of(moment: Moment, facts: Facts, kept: Kept, org: Org) -> Cells:
    """Return what a moment adds to the measures of its anchor, reading ``facts`` (its own, or those of one of its products)."""
    found: Cells = {}
    for measure in kept.measures:
        read = measure.read(facts)
        if read:
            _READ[measure.kind](found, measure, read, moment, org)
        elif read == 0 and measure.kind == "duration":
            _duration(found, measure, 0, moment, org)
    if found and moment.anchor in LEVELS:
        found[MOMENTS] = 1
    return found


def _count(cells: Cells, measure: Measure, read: Any, moment: Moment, _: Org) -> None:
    cells[measure.name] = read * moment.sign


def _money(cells: Cells, measure: Measure, read: Any, moment: Moment, org: Org) -> None:
    units, currency = read
    if not units:
        return
    name = measure.name + measure.suffix(moment.facts) if measure.suffix else measure.name
    if currency and currency != org.currency:
        # A level is converted as of the question's instant, what was earned at the rate of its day.
        name += f"@{currency}" if measure.level else f"@{currency}:{org.calendar.bucket(moment.at_ms).day}"
    cells[name] = units * moment.sign


def _duration(cells: Cells, measure: Measure, read: Any, moment: Moment, _: Org) -> None:
    cells[f"{measure.name}.n"] = moment.sign
    cells[f"{measure.name}.ms"] = read * moment.sign
    cells[f"{measure.name}.h{bucket(read)}"] = moment.sign


_READ: dict[str, Callable[[Cells, Measure, Any, Moment, Org], None]] = {
    "count": _count,
    "money": _money,
    "duration": _duration,
}


def _add(cells: dict[Any, Cells], key: At | Group, more: Cells) -> None:
    before = cells.get(key)
    if before is None:
        cells[key] = more
    else:
        total = {**before}
        for name, value in more.items():
            total[name] = total.get(name, 0) + value
        cells[key] = total
