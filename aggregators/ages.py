"""How old events are when a commit makes them visible, and what is amiss with them: what the ledger of freshness adds up.

The log does not tell when a commit was made. So this is counted once, as it happens, and written with the tables by the same
script; it is no table, nothing of it is recounted, and a rebuild hands it over.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from aggregators.calendar import Bucket
from aggregators.fold import Arrival
from aggregators.freshness import DEAD, NO_RATE, TOOK, UNMAPPED
from aggregators.histogram import bucket
from aggregators.org import Org
from aggregators.shard import Writes
from aggregators.story import milliseconds
from aggregators.tables import FRESH, OrgKeys, org_keys
from events import EVENTS, Changed, Data, Entry, Line, Money
from events.common import CURRENCIES

Counts = dict[tuple[str | int, str], int]
"""By what is counted, a histogram's bucket or a name, and by the publisher (the `source` of the event)."""


def enter(writes: Writes, prefix: str, orgs: Mapping[str, Org], dead: Mapping[str, int], at_ms: int) -> None:
    """Have a batch that is committed at an instant (ms) write its ages; ``dead`` are the dead letters of organisations."""
    for org in writes.applied.keys() | dead.keys():
        found = counted(writes.applied.get(org, ()), orgs[org], at_ms)
        if dead.get(org):
            found[DEAD, ""] = dead[org]
        if found:
            keys, when = org_keys(prefix, org), orgs[org].calendar.bucket(at_ms)
            writes.zadd[keys.fresh] = {when.month: 0}
            writes.added.append(
                (rows(keys, when), {f"{what} {source}": times for (what, source), times in found.items()})
            )


def counted(arrivals: Sequence[Arrival], org: Org, at_ms: int) -> Counts:
    """Return what is counted of arrivals that were not history and are visible from an instant (ms) on."""
    entries = [arrival.change.entry for arrival in arrivals if arrival.news_ms < arrival.appended_ms]
    ages: dict[str, list[int]] = defaultdict(list)
    for entry in entries:
        ages[entry.source].append(at_ms - entry.time_ns // 1_000_000)
    found: Counts = defaultdict(int)
    for source, mine in ages.items():
        for age_ms, times in Counter(mine).items():
            took_ms = max(0, age_ms)
            found[bucket(took_ms), source] += times
            found[TOOK, source] += times * took_ms
    users, teams = org.undescribed["user"], org.undescribed["team"]
    if users or teams:
        for entry in entries:
            if entry.actor in users or entry.data.owner_id in users or entry.data.team_id in teams:
                found[UNMAPPED, entry.source] += 1
    for entry in entries:
        if type(entry.data) in _PRICED:
            for currency in _unrated(entry, org):
                found[f"{NO_RATE}@{currency}", entry.source] += 1
    return found


def rows(keys: OrgKeys, when: Bucket) -> dict[str, str]:
    """Return the keys of the hour, day and month of a commit, each with what goes before the names of its fields."""
    hours, hour = held_in(keys.row(FRESH, "h", when.hour))
    return {hours: f"{hour} ", keys.row(FRESH, "d", when.day): "", keys.row(FRESH, "m", when.month): ""}


_HOUR = re.compile(r":h:[0-9]{12}$")


def held_in(row: str) -> tuple[str, str]:
    """Return the key that holds a row, and the hour where it holds those of a day, else nothing."""
    return (row[:-4], row[-4:]) if _HOUR.search(row) else (row, "")


_MEMBERS = ("value", "net", "tax", "refund", "hourly_cost", "lines", "changed")
_PRICED: Mapping[type[Data], Sequence[str]] = {
    kind: names
    for kind in EVENTS.values()
    if (names := tuple(name for name in _MEMBERS if name in kind.__struct_fields__))
}
"""Members that amounts are in, of the types that have some."""


def _unrated(entry: Entry, org: Org) -> set[str]:
    """The currencies of an event's amounts that had no rate on its day."""
    foreign = set[str]()
    for name in _PRICED[type(entry.data)]:
        told = getattr(entry.data, name)
        if told is not None and not (type(told) is Money and told.currency == org.currency):
            foreign.update(_currencies(told))
    foreign.discard(org.currency)
    if not foreign:
        return foreign
    day = org.calendar.bucket(milliseconds(entry.time_ns)).day
    return {currency for currency in foreign if org.rated_from.get(currency, "9") > day}


def _currencies(told: object) -> Iterator[str]:
    """The currencies of the amounts in a member of an event, of lines and of what changed, too."""
    match told:
        case Money():
            yield told.currency
        case Line():
            yield from _currencies([told.unit_price, told.unit_cost])
        case Changed():
            yield from _currencies(told.new)
        case {"currency": str(currency)} if currency in CURRENCIES:
            yield currency
        case dict() | list():
            for each in told.values() if isinstance(told, dict) else told:
                yield from _currencies(each)
