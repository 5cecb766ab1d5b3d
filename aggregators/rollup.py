"""From a batch's finest cells to every row that they change: hours to days, days to months, users to the organisation."""

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache

from aggregators.fold import Delta
from aggregators.measures import MEASURES
from aggregators.tables import OrgKeys, Row

_LEVELS = frozenset(m.name for m in MEASURES if m.level)


class Rows:
    """``cells`` to add, by row key; ``listed``, the listing and label that tell that a row exists; ``listings`` to change."""

    def __init__(self) -> None:
        self.cells: dict[str, Row] = {}
        self.listed: dict[str, tuple[str, str]] = {}
        self.listings: dict[str, Row] = defaultdict(lambda: defaultdict(int))

    def touched(self) -> Iterable[str]:
        """Return the keys that have to be known before the differences can be added."""
        return {**self.cells, **{listing: {} for listing, _ in self.listed.values()}}


@lru_cache(maxsize=65536)
def is_level(name: str) -> bool:
    """Tell whether a cell is of a measure that is held over time: its all-time sum is what is held in the end."""
    return name.partition("@")[0].partition("/")[0] in _LEVELS


def rolled_up(keys: OrgKeys, delta: Delta) -> Rows:
    """Return the differences to every row of an organisation."""
    rows = Rows()
    hours: dict[tuple[str, str, str, str], Row] = defaultdict(lambda: defaultdict(int))
    for (holder, bucket), cells in delta.cells.items():
        _add(hours[holder, *bucket], cells)
        if not holder.startswith("x"):
            _add(hours["o", *bucket], cells)
    days: dict[tuple[str, str, str], Row] = defaultdict(lambda: defaultdict(int))
    for (holder, hour, day, month), cells in hours.items():
        # When the zone changes, one hour is of two days: taken off the one, added to the other.
        _add(rows.cells.setdefault(keys.row(holder, "h", hour), defaultdict(int)), cells)
        _add(days[holder, day, month], cells)
    months: dict[tuple[str, str], Row] = defaultdict(lambda: defaultdict(int))
    for (holder, day, month), cells in days.items():
        rows.cells[keys.row(holder, "d", day)] = cells
        _add(months[holder, month], cells)
    for (holder, month), cells in months.items():
        key = keys.row(holder, "m", month)
        rows.cells[key] = cells
        rows.listed[key] = keys.months, month
        _add(rows.cells.setdefault(keys.row(holder, "a"), defaultdict(int)), _levels(cells))
    _roll_up_groups(keys, delta, rows)
    return rows


def _roll_up_groups(keys: OrgKeys, delta: Delta, rows: Rows) -> None:
    """The organisation's rows by dimension value have no hours: a part of a day is answered from the records."""
    for (bucket, dimension, value), cells in delta.groups.items():
        month = keys.row("o", "m", bucket.month, dimension, value)
        rows.listed[month] = keys.values(dimension), value
        for key in (keys.row("o", "d", bucket.day, dimension, value), month):
            _add(rows.cells.setdefault(key, defaultdict(int)), cells)
        _add(rows.cells.setdefault(keys.row("o", "a", "", dimension, value), defaultdict(int)), _levels(cells))


def _levels(cells: Row) -> Row:
    return {name: value for name, value in cells.items() if is_level(name)}


def _add(row: Row, more: Row) -> None:
    for name, value in more.items():
        row[name] += value
