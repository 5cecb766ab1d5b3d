"""From a batch's finest cells to every row that they change: hours to days, days to months, users to the organisation."""

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

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
    starts = {holder: keys.holder(holder) for holder in {"o"}.union(*delta.cells.values())}
    days: dict[tuple[str, str], dict[str, Row]] = defaultdict(dict)
    for bucket, holders in delta.cells.items():
        day = days[bucket.day, bucket.month]
        for holder, cells in {**holders, "o": _all(holders)}.items():
            _add(day, holder, cells)
            # When the zone changes, one hour is of two days: taken off the one, added to the other.
            _add(rows.cells, f"{starts[holder]}:h:{bucket.hour}", cells)
    months: dict[str, dict[str, Row]] = defaultdict(dict)
    for (day_label, month_label), holders in days.items():
        month = months[month_label]
        for holder, cells in holders.items():
            _add(month, holder, cells)
            rows.cells[f"{starts[holder]}:d:{day_label}"] = cells
    for month_label, holders in months.items():
        for holder, cells in holders.items():
            key = f"{starts[holder]}:m:{month_label}"
            rows.cells[key] = cells
            rows.listed[key] = keys.months, month_label
            if levels := _levels(cells):
                _add(rows.cells, f"{starts[holder]}:a", levels)
    _roll_up_groups(keys, delta, rows)
    return rows


def _all(holders: dict[str, Row]) -> Row:
    """The organisation's cells: those of all holders, but for what moves credit between them."""
    total: Row = {}
    for holder, cells in holders.items():
        if holder[0] != "x":
            for name, units in cells.items():
                total[name] = total.get(name, 0) + units
    return total


def _roll_up_groups(keys: OrgKeys, delta: Delta, rows: Rows) -> None:
    """The organisation's rows by dimension value have no hours: a part of a day is answered from the records."""
    days: dict[tuple[str, str, str, str], Row] = {}
    for bucket, groups in delta.groups.items():
        for dims, cells in groups.items():
            if any(cells.values()):
                for dimension, value in dims:
                    _add(days, (bucket.day, bucket.month, dimension, value), cells)
    for (day, month_label, dimension, value), cells in days.items():
        month = keys.row("o", "m", month_label, dimension, value)
        rows.listed[month] = keys.values(dimension), value
        _add(rows.cells, keys.row("o", "d", day, dimension, value), cells)
        _add(rows.cells, month, cells)
        if levels := _levels(cells):
            _add(rows.cells, keys.row("o", "a", "", dimension, value), levels)


def _levels(cells: Row) -> Row:
    return {name: value for name, value in cells.items() if is_level(name)}


def _add(rows: dict[Any, Row], key: Any, more: Row) -> None:
    """Add cells to one of the rows, which begins as a copy of them."""
    row = rows.get(key)
    if row is None:
        rows[key] = {**more}
    else:
        for name, units in more.items():
            row[name] = row.get(name, 0) + units
