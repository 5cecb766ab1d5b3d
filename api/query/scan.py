"""Numbers from the records themselves: for the parts of hours, and for what no row is broken down by."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from aggregators import conversations, touches
from aggregators.about import About
from aggregators.business_hours import WEEKDAYS
from aggregators.calendar import Calendar
from aggregators.catalogue import OF_DEAL, anchors_of, derived_of
from aggregators.contribution import DIMENSIONS, added_by, moments
from aggregators.data_quality import Members
from aggregators.fields import FOUND_BY, declared
from aggregators.formulas import TRAILING_MS, read_by
from aggregators.measure import LEVELS
from aggregators.moment import Moment
from aggregators.record import Record
from aggregators.story import Facts
from aggregators.tables import Row
from aggregators.teams import ALWAYS, Part
from aggregators.waiting import OLDEST, Waiting
from aggregators.windows import Window
from api.query.cells import add
from api.query.facts import known
from api.query.question import CLOCK, Question
from api.query.segments import Segments, named_by
from api.query.selection import NONE, everyone, label
from api.query.tables import Directory, Tables

PARTED = ("product", "activity")
"""Dimensions by which a moment may have several parts."""
Key = tuple[str, ...]


class Found(NamedTuple):
    """A moment of a record, as one of its products where that was asked for.

    ``team_at_ms`` is the instant whose team counts: the moment's, for a gauge the one that it is asked as of.
    """

    subject: str
    moment: Moment
    facts: Facts
    team_at_ms: int


class Scan:
    """Finds the moments behind a question."""

    def __init__(self, asked: Question, tables: Tables, directory: Directory) -> None:
        self.asked = asked
        self.tables = tables
        self.directory = directory
        self.kpi = asked.counted
        self.anchors = anchors_of(self.kpi)
        self.derived = derived_of(self.kpi)
        own = declared(directory.org.entries, asked.entity)
        self.about = About(asked.entity, asked.field, own, asked.variant, directory.org, now_ms=asked.now_ms)
        self.only = self.kpi.formula.dimension if isinstance(self.kpi.formula, Members) else ""
        self.dimensions = {*asked.by, *(name for name, _ in asked.where), self.only}
        self.parted = next((name for name in PARTED if name in self.dimensions), "")
        self.gauge = self.kpi.gauge
        kind, _, name = asked.scope.partition(":")
        self.within = directory.teams.below(name) if kind == "team" else None
        self.records: dict[str, Record] = {}
        self.segments: Segments | None = None
        self.found: list[Found] = []
        self.by_window: Callable[[Window], Iterator[tuple[str, Moment]]] | None = None

    async def fetch(self, holders: Iterable[str], from_ms: int, to_ms: int) -> None:
        """Read the records with a moment in a window that any of the holders is credited with."""
        anchors, near, window = self.anchors, frozenset[str](), (from_ms, to_ms)
        if self.derived:
            of_others = {anchor for entity, anchor in FOUND_BY.items() if self.asked.entity not in ("", entity)}
            anchors, around_ms = tuple(a for a in self.derived.anchors if a not in of_others), self.derived.around_ms
            if around_ms is None:
                # What one record counts for is told by others, whoever owns them and whenever they came to be.
                holders, (from_ms, to_ms) = everyone(self.directory.teams), ALWAYS
                near = frozenset(self.derived.near)
            else:
                from_ms, to_ms = from_ms - around_ms, to_ms + around_ms
        spans = [(a, *(window if a in near else (from_ms, to_ms))) for a in anchors]
        ranges = [(a, i, start, end) for h in holders for i in self._indexes(h) for a, start, end in spans]
        found = await self.tables.matching(ranges, named=bool(self.derived and self.derived.named))
        if self.derived and self.derived.named:
            found |= await self._named(found)
        self.records |= found
        await self._fetch_deals()
        self.segments = await self._segments(found)
        if self.derived and self.derived.by_window:
            segments = self.segments or Segments(self.records, self.directory, self.asked.now_ms)
            self.by_window = self.derived.by_window(found, self.about._replace(cadence_days=segments.cadence_days))
        else:
            self.found = [*self._found(self.derived.told(found, self.about) if self.derived else self._moments(found))]

    async def read(self, subjects: Iterable[str]) -> None:
        """Read these records and no others, where nothing of others tells what they count for."""
        self.records = await self.tables.records(subjects)
        self.found = [*self._found(self._moments(self.records))]

    def select(self, parts: Sequence[Part], window: Window) -> list[Found]:
        """Return the fetched moments of a window that holders are credited with in their parts of it, and that pass the filters."""
        founds = [*self._found(self.by_window(window))] if self.by_window else self.found
        to_ms = window.to_ms
        wanted: dict[str, list[Part]] = defaultdict(list)
        for part in parts:
            wanted[part.holder].append(part)
        team_at_ms = to_ms - 1 if self.gauge else None
        team_at_ms = self.asked.now_ms if self.asked.credit == "current" else team_at_ms
        chosen = (
            f if team_at_ms is None else f._replace(team_at_ms=team_at_ms)
            for f in founds
            if any(p.from_ms <= f.moment.at_ms < p.to_ms for p in wanted.get(self.holder(f.moment), ()))
            and not (self.gauge and f.moment.anchor not in LEVELS and f.moment.at_ms < to_ms - TRAILING_MS)
        )
        return [found for found in chosen if self._passes(found)]

    def holder(self, moment: Moment) -> str:
        """Return who is credited: the owner of then, or the current one."""
        return moment.current if self.asked.credit == "current" else moment.holder

    def _indexes(self, holder: str) -> tuple[str, ...]:
        return (holder, f"x{holder}") if self.asked.credit == "current" else (holder,)

    def _found(self, told: Iterable[tuple[str, Moment]]) -> Iterator[Found]:
        for subject, moment in told:
            if moment.anchor in self.anchors:
                for facts in self._parts(moment.facts):
                    yield Found(subject, moment, facts, moment.at_ms)

    def _moments(self, records: Mapping[str, Record]) -> Iterator[tuple[str, Moment]]:
        for subject in sorted(records):
            for moment in moments(subject.partition("/")[0], records[subject], self.directory.org, self.tables.whole):
                yield subject, moment

    def _parts(self, facts: Facts) -> Iterator[Facts]:
        """What a moment is as each of its products, or of its activities, where that is asked for."""
        if self.parted == "product" and "products" in facts:
            for product, amount in (facts["products"] or {NONE: facts["amount"]}).items():
                yield {**facts, "amount": amount, **facts.get("sold", {}).get(product, {}), "product": product}
        elif self.parted == "activity" and "by_activity" in facts:
            for activity, part in facts["by_activity"].items():
                yield {**facts, **part, "activity": activity}
        else:
            yield facts

    async def _named(self, records: Mapping[str, Record]) -> dict[str, Record]:
        """What records name, what that names, and so on."""
        found, named = dict[str, Record](), {*records}
        while records:
            missing = {name for record in records.values() for name in touches.named_by(record)} - named
            named |= missing
            records = await self.tables.records(sorted(missing))
            found |= records
        return found

    async def _fetch_deals(self) -> None:
        """An activity's pipeline is that of the deal that it names, and so are an order's deal types."""
        if not OF_DEAL.isdisjoint(self.dimensions):
            deals = [known(record).get("deal_id") for record in self.records.values()]
            named = {f"deal/{deal}" for deal in deals if deal}
            self.records |= await self.tables.records(named - self.records.keys())

    async def _segments(self, found: Mapping[str, Record]) -> Segments | None:
        """An activity is in the segments of the account and the contacts that it names, too; a conversation in its messages'."""
        if "segment" not in self.dimensions:
            return None
        said = {one for subject, record in found.items() if conversations.holds(subject) for one in record.links}
        messages = await self.tables.records(said)
        self.records |= messages
        named = {name for record in (*found.values(), *messages.values()) for name in named_by(record)}
        self.records |= await self.tables.records(named - self.records.keys())
        return Segments(self.records, self.directory, self.asked.now_ms)

    def _passes(self, found: Found) -> bool:
        if self.only and self.values(found, self.only) == [NONE]:
            return False
        return all(value in self.values(found, name) for name, value in self.asked.where)

    def values(self, found: Found, dimension: str) -> list[str]:
        """Return a moment's values of a dimension: one, or a team with those that it is a part of; ``(none)`` for none."""
        holder = self.holder(found.moment)
        if dimension == "user":
            return [holder[2:] if holder.startswith("u:") and holder != "u:" else NONE]
        if dimension == "segment" and self.segments:
            return self.segments.of(found.facts.get(conversations.OURS, found.subject)) or [NONE]
        if dimension == "team":
            return self.directory.teams.of(holder, found.team_at_ms) or [NONE]
        if dimension in CLOCK:
            return [clock(found.moment.at_ms, dimension, self.directory.org.calendar)]
        fact = "product" if dimension == "product" else DIMENSIONS.get(dimension, dimension)
        value = found.facts.get(fact)
        deal = found.facts.get("deal_id") if dimension in OF_DEAL and not found.subject.startswith("deal/") else None
        if value is None and deal:
            value = known(self.records.get(f"deal/{deal}")).get(fact)
        return [label(value)]

    def cells(self, found: Found) -> Row:
        """Return what a moment adds."""
        kept, formula = self.tables.whole[found.moment.anchor], self.asked.kpi.formula
        cells = added_by(found.moment, found.facts, kept, self.directory.org)
        if isinstance(formula, Waiting) and self.asked.stat == OLDEST:
            return formula.apart(cells, found.facts["since_ms"])
        return cells

    def keys(self, found: Found) -> list[Key]:
        """Return the groups that a moment counts in."""
        keys: list[Key] = [()]
        for dimension in self.asked.by:
            values = self.values(found, dimension)
            if dimension == "team" and self.within is not None:
                values = [team for team in values if team in self.within] or [NONE]  # those above are not asked about
            keys = [(*key, value) for key in keys for value in values]
        return keys

    def whole(self, founds: Iterable[Found]) -> Row:
        """Return the sum of all; a moment of several parts counts once, unless one of them was filtered for."""
        total: Row = {}
        if self.parted and self.parted not in dict(self.asked.where):
            founds = {id(f.moment): f._replace(facts=f.moment.facts) for f in founds}.values()
        for found in founds:
            add(total, self.cells(found))
        return total

    def summed(self, founds: Iterable[Found]) -> Mapping[Key, Row]:
        """Return the sums by group."""
        totals: dict[Key, Row] = defaultdict(dict)
        for found in founds:
            cells = self.cells(found)
            for key in self.keys(found):
                add(totals[key], cells)
        return {key: row for key, row in totals.items() if read_by(self.kpi.formula, row)}


def clock(at_ms: int, dimension: str, calendar: Calendar) -> str:
    """Return the local weekday or hour of an instant."""
    local = calendar.local(at_ms)
    return WEEKDAYS[local.weekday()] if dimension == "weekday" else f"{local.hour:02}"
