"""From a batch's finest cells to every row that they change: hours to days, days to months, users to the organisation."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from aggregators.contribution import Dims, Effect
from aggregators.fold import Delta
from aggregators.measures import MEASURES
from aggregators.tables import OrgKeys, Row, histogram_row


class Rows:
    """``cells`` to add, by row key; ``listed``: the listing and label that tell that a row exists.

    ``listings``: what to change of those.
    """

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
    base = name.partition("@")[0].partition("/")[0]
    return any(measure.level for measure in MEASURES if measure.name == base)


def is_settled(name: str) -> bool:
    """Tell whether a measure counts at once what is still to come."""
    return any(measure.settled for measure in MEASURES if measure.name == name)


def is_duration(measure: str) -> bool:
    """Tell whether a measure is told with a histogram."""
    return any(each.name == measure and each.kind == "duration" for each in MEASURES)


@lru_cache(maxsize=65536)
def _histogram(name: str) -> str:
    """The measure of whose histogram a cell is, else nothing."""
    measure, dot, bucket = name.rpartition(".h")
    return measure if dot and bucket.isdecimal() and is_duration(measure) else ""


def rolled_up(keys: OrgKeys, delta: Delta) -> Rows:
    """Return the differences to every row of an organisation."""
    rows = Rows()
    days: dict[tuple[str, str], dict[str, Row]] = defaultdict(dict)
    effects: dict[tuple[str, str], dict[Effect, int]] = defaultdict(dict)
    for bucket, counts in delta.tally.items():
        when, hour = bucket[1:], f":h:{bucket.hour}"
        day = days[when]
        for holder, cells in _holders(counts, effects[when]).items():
            _add(day, holder, cells)
            key = keys.holder(holder) + hour
            # When the zone changes, one hour is of two days: taken off the one, added to the other.
            rows.cells[key] = summed(rows.cells[key], cells) if key in rows.cells else cells
    months: dict[str, dict[str, Row]] = defaultdict(dict)
    for (day_label, month_label), holders in days.items():
        month = months[month_label]
        for holder, cells in holders.items():
            _add(month, holder, cells)
            _enter(f"{keys.holder(holder)}:d:{day_label}", holder, cells, rows)
    for month_label, holders in months.items():
        for holder, cells in holders.items():
            start = keys.holder(holder)
            key = f"{start}:m:{month_label}"
            _enter(key, holder, cells, rows)
            rows.listed[key] = keys.months, month_label
            if levels := _levels(cells):
                _add(rows.cells, f"{start}:a", levels)
    _roll_up_groups(keys, effects, rows)
    return rows


def _holders(counts: Mapping[tuple[str, Effect], int], effects: dict[Effect, int]) -> dict[str, Row]:
    """The cells of an hour by holder, those of the organisation among them; what makes them is counted in ``effects`` too."""
    found: dict[str, Row] = {}
    whole: dict[Effect, int] = {}
    for (holder, effect), times in counts.items():
        if times:
            if times == 1 and holder not in found:
                found[holder] = effect.cells  # shared, so it is copied before anything is added
            else:
                row = found[holder] = {**found.get(holder, {})}
                for name, units in effect.cells.items():
                    row[name] = row.get(name, 0) + times * units
            if holder[0] != "x":  # what moves credit between holders
                whole[effect] = whole.get(effect, 0) + times
    for effect, times in whole.items():
        _add(found, "o", effect.cells, times)
        effects[effect] = effects.get(effect, 0) + times
    return found


def summed(row: Row, more: Row) -> Row:
    """Return a row with more added to it, zeros dropped; neither is changed, and what adds nothing gives the same row."""
    if not row and 0 not in more.values():
        return more
    if not any(more.values()):
        return row
    total = {**row}
    for name, units in more.items():
        if units:
            if now := total.get(name, 0) + units:
                total[name] = now
            else:
                del total[name]
    return total


def _roll_up_groups(keys: OrgKeys, effects: Mapping[tuple[str, str], Mapping[Effect, int]], rows: Rows) -> None:
    """The organisation's rows by dimension value have no hours: a part of a day is answered from the records."""
    for (day, month), counts in effects.items():
        together: dict[Dims, Row] = {}
        for effect, times in counts.items():
            for dims, cells in effect.groups:
                _add(together, dims, cells, times)
        values: dict[tuple[str, str], Row] = {}
        for dims, cells in together.items():
            for of in dims:
                _add(values, of, cells)
        for of, cells in values.items():
            _enter_group(keys, day, month, of, cells, rows)


def _enter_group(keys: OrgKeys, day: str, month: str, of: tuple[str, str], cells: Row, rows: Rows) -> None:
    key = keys.row("o", "m", month, *of)
    rows.listed[key] = keys.values(of[0]), of[1]
    _enter(keys.row("o", "d", day, *of), "o", cells, rows)
    _enter(key, "o", cells, rows)
    if levels := _levels(cells):
        _add(rows.cells, keys.row("o", "a", "", *of), levels)


def _enter(key: str, holder: str, cells: Row, rows: Rows) -> None:
    """Have the cells of a batch added to a row; those of histograms of the organisation to rows of their own."""
    if holder != "o":
        rows.cells[key] = cells
        return
    apart = {name: measure for name in cells if (measure := _histogram(name))}
    for name, measure in apart.items():
        _add(rows.cells, histogram_row(key, measure), {name: cells[name]})
    _add(rows.cells, key, {name: units for name, units in cells.items() if name not in apart} if apart else cells)


def _levels(cells: Row) -> Row:
    return {name: units for name, units in cells.items() if is_level(name)}


def _add(rows: dict[Any, Row], key: Any, more: Row, times: int = 1) -> None:
    """Add cells so many times to one of the rows, which begins as a copy of them."""
    row = rows.get(key)
    if row is None:
        rows[key] = {**more} if times == 1 else {name: times * units for name, units in more.items()}
    else:
        for name, units in more.items():
            row[name] = row.get(name, 0) + times * units
