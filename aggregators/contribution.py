"""What a record adds to the tables: a pure function of its state and its organisation's directory."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

from msgspec import Struct

from aggregators import activities, happened, kinds
from aggregators.histogram import bucket
from aggregators.measure import Measure
from aggregators.moment import Moment
from aggregators.money import NONE
from aggregators.org import Org
from aggregators.record import Record
from aggregators.story import Facts, Story, story
from aggregators.tables import part_of_name

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
    "origin": "origin",
    "process": "workflow_id",
}
"""Dimensions that the organisation's measures are broken down by, and the fact that tells a moment's value."""

Cells = dict[str, int]
Dims = tuple[tuple[str, str], ...]
"""Dimensions with a moment's values of them."""


class Effect(Struct, eq=False, gc=False):
    """What a moment adds, whoever is credited with it: ``cells`` to rows, ``groups`` to the organisation's by dimension value.

    A group is cells with all the dimension values that they count for. The cells of a level that ends are negative. There is
    one effect for all moments alike, so that equal ones are counted by identity; but one that is ``dated`` has an amount at
    the rate of its day.
    """

    cells: Cells
    groups: tuple[tuple[Dims, Cells], ...] = ()
    dated: bool = False
    negative: "Effect | None" = None
    transfer: "Effect | None" = None

    def ended(self) -> "Effect":
        """Return the effect of the end of a level that began with this one."""
        if self.negative is None:
            self.negative = Effect(
                _negated(self.cells), tuple((dims, _negated(cells)) for dims, cells in self.groups), self.dated, self
            )
        return self.negative

    def moved(self) -> "Effect":
        """Return what it adds to the rows that carry credit from one holder to another."""
        if self.transfer is None:
            self.transfer = Effect({**self.cells, MOMENTS: 1})
        return self.transfer


def _negated(cells: Cells) -> Cells:
    return {name: units if name == MOMENTS else -units for name, units in cells.items()}


class Kept:
    """What is kept of an anchor's moments: its measures, and the dimensions (with their facts) that they are broken down by.

    ``facts`` are all that those read: a moment has the effect that these decide, and no others are shown to them.
    """

    def __init__(self, measures: tuple[Measure, ...], dimensions: tuple[tuple[str, str], ...], *, level: bool) -> None:
        self.measures = measures
        self.dimensions = dimensions
        self.level = level
        self.counts = tuple((m.name, m.read) for m in measures if m.kind == "count")
        self.others = tuple(m for m in measures if m.kind != "count")
        self.by_fact = {fact: dimension for dimension, fact in dimensions if fact != PRODUCTS}
        self.by_product = any(fact == PRODUCTS for _, fact in dimensions)
        read = " ".join(m.reads for m in measures).split() + [fact for _, fact in dimensions]
        self.facts = tuple(dict.fromkeys([*read, "amount"] if self.by_product else read))
        self._known: dict[str, dict[tuple[Any, ...], Effect | None]] = defaultdict(dict)

    def effect(self, moment: Moment, org: Org) -> Effect | None:
        """Return what a moment adds, or would if it did not end a level; None for nothing."""
        facts, known = tuple(map(moment.facts.get, self.facts)), self._known[org.currency]
        try:
            return known[facts]
        except (KeyError, TypeError) as missing:
            shown = dict(zip(self.facts, facts, strict=True))
            found = self._effect(moment, shown, org)
            if len(known) >= KNOWN:
                known.clear()
            # A dictionary of products is not hashable.
            if isinstance(missing, KeyError) and self._timeless(shown, found):
                known[facts] = found
            return found

    def _timeless(self, facts: Facts, effect: Effect | None) -> bool:
        """Tell whether all with equal facts have this effect: no amount at the rate of a day, no value that only equals one."""
        return not (effect and effect.dated) and all(isinstance(facts[fact], str | None) for fact in self.by_fact)

    def _effect(self, moment: Moment, facts: Facts, org: Org) -> Effect | None:
        cells = cells_of(moment.anchor, moment.at_ms, facts, self, org)
        if not cells:
            return None
        groups = _groups(moment, facts, cells, self, org)
        if self.level:
            groups = tuple((dims, {**own, MOMENTS: 1}) for dims, own in groups)
            cells[MOMENTS] = 1
        return Effect(cells, groups, not self.level and any("@" in name for name in cells))


KNOWN = 5_000
"""So many effects are remembered of an anchor."""


class Plan(dict[str, Kept]):
    """What is kept, by anchor.

    ``events`` are the anchors that are types of events, ``filters`` the facts that KPIs of one's own read.
    """

    events: frozenset[str] = frozenset()
    filters: frozenset[str] = frozenset()


class Addition(Struct, gc=False):
    """What a moment adds to the rows of a holder. ``sign`` is -1 where a level ends; its cells are negative then."""

    anchor: str
    at_ms: int
    holder: str
    sign: int
    effect: Effect

    @property
    def cells(self) -> Cells:
        """Return what is added to the rows of the holder."""
        return self.effect.cells

    @property
    def groups(self) -> tuple[tuple[Dims, Cells], ...]:
        """Return what is added to the organisation's rows by dimension value."""
        return self.effect.groups


MOMENTS = "moments"
"""Counts moments whose cells may cancel out within a row (levels, transfers), so that an empty row is one of no moments."""


def moments(entity: str, record: Record, org: Org, plan: Plan) -> Iterator[Moment]:
    """Return the moments of a record, none when it is deleted or counts nowhere."""
    entries = record.entries
    if len(entries) == 1 and not plan.events and (logged := activities.logged_once(entries[0])):
        return iter((logged,))
    return _moments(entity, story(record), record, org, plan)


def _moments(entity: str, told: Story | None, record: Record, org: Org, plan: Plan) -> Iterator[Moment]:
    if told is None:
        return iter(()) if record.entries else kinds.untold(entity, record.links, org)
    found = kinds.moments(entity, told, record.links, org, plan)
    return chain(found, happened.moments(told, plan.events)) if plan.events else found


def contribution(entity: str, record: Record, org: Org, plan: Plan) -> list[Addition]:
    """Return what a record adds to the tables of its organisation, moment by moment."""
    return added(moments(entity, record, org, plan), org, plan)


def additions(entity: str, told: Story | None, record: Record, org: Org, plan: Plan) -> list[Addition]:
    """Return the same of a record whose story is told already."""
    return added(_moments(entity, told, record, org, plan), org, plan)


def added(moments: Iterable[Moment], org: Org, plan: Plan) -> list[Addition]:
    """Return what moments add to the tables."""
    found: list[Addition] = []
    facts: Facts | None = None
    for moment in moments:
        anchor, at_ms, holder, current, sign = moment.anchor, moment.at_ms, moment.holder, moment.current, moment.sign
        if anchor not in plan:
            continue
        if moment.facts is not facts:  # a level ends with the facts that it began with
            facts = moment.facts
            effect = plan[anchor].effect(moment, org)
        if effect:
            found.append(Addition(anchor, at_ms, holder, sign, effect if sign > 0 else effect.ended()))
            if current != holder:
                moved = effect.moved()
                found.append(Addition(anchor, at_ms, f"x{holder}", -sign, moved if sign < 0 else moved.ended()))
                found.append(Addition(anchor, at_ms, f"x{current}", sign, moved if sign > 0 else moved.ended()))
    return found


def _groups(moment: Moment, facts: Facts, cells: Cells, kept: Kept, org: Org) -> tuple[tuple[Dims, Cells], ...]:
    """The dimension values that the cells of a moment count for, and products that are only a part of it with theirs."""
    whole = [
        (dimension, str(value)) for fact, dimension in kept.by_fact.items() if (value := facts.get(fact)) is not None
    ]
    parts: list[tuple[Dims, Cells]] = []
    if kept.by_product:
        for product, amount in (facts[PRODUCTS] or {NONE: facts["amount"]}).items():
            part = {"amount": amount, **(facts.get("sold") or {}).get(product, {})}
            if all(facts.get(name, one) == one for name, one in part.items()):
                whole.append(("product", product))
            else:
                own = cells_of(moment.anchor, moment.at_ms, {**facts, **part}, kept, org)
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


def _names(cells: Cells, measure: Measure, read: Any, *_: object) -> None:
    cells.update(dict.fromkeys((f"{measure.name}/{part_of_name(name)}" for name in read), 1))


_READ: dict[str, Callable[[Cells, Measure, Any, Facts, int, Org], None]] = {
    "money": _money,
    "duration": _duration,
    "names": _names,
}
