"""Which rows hold a number, and the sum of them."""

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from aggregators.calendar import Calendar
from aggregators.catalogue import anchors_of, derived_of
from aggregators.contribution import Plan
from aggregators.data_quality import Members
from aggregators.kpi import Kpi
from aggregators.measures import MEASURES
from aggregators.rollup import is_duration
from aggregators.tables import OrgKeys, Row, histogram_row, row_of
from aggregators.teams import ALWAYS, Part
from aggregators.waiting import OLDEST
from api.query.question import BUSINESS, Question
from api.query.selection import NONE


class Group(NamedTuple):
    """The organisation's rows of one value of a dimension; empty: the whole."""

    dimension: str = ""
    value: str = ""


WHOLE = Group()
STRUCTURAL = ("user", "team")
"""Dimensions that holders tell."""


class Edge(NamedTuple):
    """A stretch ``[from_ms, to_ms)`` that fills no row: answered from the records."""

    holder: str
    from_ms: int
    to_ms: int
    group: Group


class Term(NamedTuple):
    """Rows and edges to add, with ``sign`` -1 to take off. An edge counts for nothing where its row is empty (key: row)."""

    sign: int
    rows: list[str]
    edges: dict[str, Edge]


Shape = tuple[list[str], list[tuple[str, int, int]]]
"""What the keys of rows end with, and of edges with their ends."""


class Rows:
    """Finds the rows of windows in an organisation's calendar, within the months that have any: those that tell some measures."""

    def __init__(self, keys: OrgKeys, calendar: Calendar, months: list[str], measures: Collection[str] = ()) -> None:
        self.keys = keys
        self.calendar = calendar
        self.first_ms, self.last_ms = reach_of_months(calendar, months)
        self.durations = [name for name in measures if is_duration(name)]
        self._shapes: dict[tuple[bool, Group, int, int], Shape] = {}

    def over(self, part: Part, group: Group = WHOLE) -> list[Term]:
        """Return the terms of what happened in a part's window."""
        start, end = max(part.from_ms, self.first_ms), min(part.to_ms, self.last_ms)
        return [self._term(part.holder, group, start, end)] if start < end else []

    def held(self, holder: str, at_ms: int, group: Group = WHOLE) -> list[Term]:
        """Return the terms of what is held as of an instant: all that began or ended before, or all but what came after."""
        if at_ms <= self.first_ms:
            return []
        total = Term(1, [self.keys.row(holder, "a", "", group.dimension, group.value)], {})
        if at_ms >= self.last_ms:
            return [total]
        before = self._term(holder, group, self.first_ms, at_ms)
        after = self._term(holder, group, at_ms, self.last_ms, -1)
        return [before] if len(before.rows) < len(after.rows) else [total, after]

    def _term(self, holder: str, group: Group, start: int, end: int, sign: int = 1) -> Term:
        own = self.keys.holder(holder)
        rows, edges = self._shape(holder == "o", group, start, end)
        return Term(
            sign, [own + row for row in rows], {own + probe: Edge(holder, a, b, group) for probe, a, b in edges}
        )

    def _shape(self, whole: bool, group: Group, start: int, end: int) -> Shape:
        """What the keys of a term end with, the same for every holder but the organisation."""
        found = self._shapes.get((whole, group, start, end))
        if found is None:
            spans, rest = self.calendar.cover(start, end)
            edges = [(row_of("h", self.calendar.bucket(a).hour), a, b) for a, b in rest]
            if group.dimension:
                # Rows by dimension value have no hours: what is left of a day is an edge.
                edges += [(row_of("h", s.label), s.start_ms, s.end_ms) for s in spans if s.resolution == "h"]
                spans = [s for s in spans if s.resolution != "h"]
            rows = [row_of(s.resolution, s.label, group.dimension, group.value) for s in spans]
            if whole:
                long = [row for row, s in zip(rows, spans, strict=True) if s.resolution != "h"]
                rows += [histogram_row(row, measure) for row in long for measure in self.durations]
            found = self._shapes[whole, group, start, end] = rows, edges
        return found


def by_rows(asked: Question, kpi: Kpi, kept: Plan) -> bool:
    """Tell whether rows answer a question; else records do."""
    if asked.stat == OLDEST or asked.hours == BUSINESS or isinstance(kpi.formula, Members) or derived_of(kpi):
        return False  # no row tells it
    if not asked.where and not asked.by:
        return True
    if not asked.where and len(asked.by) == 1 and asked.by[0] in STRUCTURAL:
        return not (asked.scope.startswith("user:") and asked.by == ("team",))
    named = [*asked.by, *(name for name, _ in asked.where)]
    broken_down = all(any(d == named[0] for d, _ in kept[anchor].dimensions) for anchor in anchors_of(kpi))
    return asked.scope == "org" and len(named) == 1 and broken_down and NONE not in [value for _, value in asked.where]


def reach_of_months(calendar: Calendar, months: list[str]) -> tuple[int, int]:
    """Return when some months begin and end (ms): where there are none they end before they begin."""
    if not months:
        return ALWAYS[1], ALWAYS[0]
    return calendar.month(months[0])[0], calendar.month(months[-1])[1]


def adding(measures: Collection[str]) -> Callable[[Row, Row, int], None]:
    """Return what adds to a sum those cells of a row that some measures are told in, and maybe others."""
    if len(measures) > FEW or not _COUNTS.issuperset(measures):
        return add

    def add_few(total: Row, row: Row, sign: int = 1) -> None:
        for name in measures:
            if name in row:
                total[name] = total.get(name, 0) + sign * row[name]

    return add_few


FEW = 8
_COUNTS = frozenset(measure.name for measure in MEASURES if measure.kind == "count")
"""Measures that are told in one cell, of their own name."""


def add(total: Row, row: Row, sign: int = 1) -> None:
    """Add a row to a sum."""
    for name, value in row.items():
        total[name] = total.get(name, 0) + sign * value


def together(rows: Sequence[Row]) -> Row:
    """Return the sum of rows; that of one is the row itself."""
    if len(rows) == 1:
        return rows[0]
    total: Row = {}
    for row in rows:
        add(total, row)
    return {name: value for name, value in total.items() if value}


def rest(total: Row, rows: Sequence[Row]) -> Row:
    """Return what is left of a sum beside some rows."""
    left = {**total}
    for row in rows:
        add(left, row, -1)
    return {name: value for name, value in left.items() if value}
