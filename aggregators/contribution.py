"""What a record adds to the tables: a pure function of its state and its organisation's directory."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from aggregators import activities, deals, leads, tickets
from aggregators.histogram import bucket
from aggregators.measures import Measure
from aggregators.moment import Moment
from aggregators.money import Amount
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


class Plan(NamedTuple):
    """The measures that are kept, by anchor, each with the dimensions that it is broken down by."""

    by_anchor: Mapping[str, tuple[tuple[Measure, frozenset[str]], ...]]


class Contribution(NamedTuple):
    """``cells`` by moment; ``groups``, the organisation's cells by instant, dimension and value."""

    cells: dict[At, Cells]
    groups: dict[tuple[int, str, str], Cells]


NOTHING = Contribution({}, {})


def moments(entity: str, record: Record, org: Org) -> Iterator[Moment]:
    """Return the moments of a record, none when it is deleted or counts nowhere."""
    told = story(record)
    if told is None:
        return iter(())
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
    groups: dict[tuple[int, str, str], Cells] = defaultdict(dict)
    for moment in moments(entity, record, org):
        measures = plan.by_anchor.get(moment.anchor, ())
        added = _added(moment, measures, org)
        if not added:
            continue
        _add(cells.setdefault((moment.anchor, moment.holder, moment.at_ms), {}), added)
        if moment.current != moment.holder:
            _add(cells.setdefault((moment.anchor, f"x{moment.holder}", moment.at_ms), {}), added, -1)
            _add(cells.setdefault((moment.anchor, f"x{moment.current}", moment.at_ms), {}), added)
        for dimension, value, facts in _values(moment.facts):
            chosen = tuple(pair for pair in measures if dimension in pair[1])
            if chosen:
                by_value = added if len(chosen) == len(measures) and facts is moment.facts else None
                _add(
                    groups[moment.at_ms, dimension, value],
                    by_value or _added(moment._replace(facts=facts), chosen, org),
                )
    return Contribution(cells, groups)


def _added(moment: Moment, measures: tuple[tuple[Measure, frozenset[str]], ...], org: Org) -> Cells:
    found: Cells = {}
    for measure, _ in measures:
        read = measure.read(moment.facts)
        if read is None or read is False:
            continue
        _READ[measure.kind](found, measure, read, moment, org)
    return found


def _values(facts: Facts) -> Iterator[tuple[str, str, Facts]]:
    """Each dimension value of a moment, with the facts that count for it: by product those of its lines."""
    for dimension, fact in DIMENSIONS.items():
        value = facts.get(fact)
        if dimension == "product" and "products" in facts:
            for product, amount in (value or {"(none)": facts["amount"]}).items():
                yield dimension, product, {**facts, "amount": amount}
        elif value is not None:
            yield dimension, str(value), facts


def _count(cells: Cells, measure: Measure, read: object, moment: Moment, _: Org) -> None:
    if read:
        cells[measure.name] = int(read) * moment.sign  # type: ignore[call-overload]


def _money(cells: Cells, measure: Measure, read: object, moment: Moment, org: Org) -> None:
    if isinstance(read, Amount) and read.units:
        name = measure.name + (measure.suffix(moment.facts) if measure.suffix else "")
        if read.currency and read.currency != org.currency:
            # A level is converted as of the question's instant, what was earned at the rate of its day.
            name += f"@{read.currency}"
            name += "" if measure.level else f":{org.calendar.bucket(moment.at_ms).day}"
        cells[name] = read.units * moment.sign


def _duration(cells: Cells, measure: Measure, read: object, moment: Moment, _: Org) -> None:
    if isinstance(read, int):
        cells[f"{measure.name}.n"] = moment.sign
        cells[f"{measure.name}.ms"] = read * moment.sign
        cells[f"{measure.name}.h{bucket(read)}"] = moment.sign


_READ: dict[str, Callable[[Cells, Measure, object, Moment, Org], None]] = {
    "count": _count,
    "money": _money,
    "duration": _duration,
}


def _add(cells: Cells, more: Cells, sign: int = 1) -> None:
    for name, value in more.items():
        cells[name] = cells.get(name, 0) + sign * value
