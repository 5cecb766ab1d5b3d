"""One partition's tables: what a batch has to read, and what it writes.

``Shard.apply`` is a generator and does no I/O: it yields what it has to read (``Load``, ``LoadSets``, …), is sent the
answer, and returns the writes. So a worker drives it with Redis and a recount with a dictionary, through the same code.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Generator, Iterable
from itertools import chain, islice
from typing import Any, NamedTuple

import msgspec

from aggregators import alerts, tables
from aggregators.alike import Alike
from aggregators.contribution import Plan
from aggregators.fold import Arrival, Counted, Delta, Folder
from aggregators.linking import Linking, Stretch
from aggregators.links import at_ms
from aggregators.org import Org, pack_entry
from aggregators.record import FINAL_ENTITIES, UNKNOWN, Record, decode_record, encode_record
from aggregators.rollup import Rows, rolled_up, summed
from aggregators.tables import OrgKeys, Row, decode_row, encode_row, org_keys
from events import Invalid


class Load(NamedTuple):
    """Asks for the values of keys: a list of bytes or None, in order."""

    keys: list[str]


class LoadHashes(NamedTuple):
    """Asks for hashes: a list of dictionaries of bytes, in order."""

    keys: list[str]


class LoadSets(NamedTuple):
    """Asks for stretches of sorted sets, by key: a list of members in order, for each."""

    stretches: list[tuple[str, Stretch]]


class Scan(NamedTuple):
    """Asks for the names of all keys with a prefix."""

    prefix: str


Request = Load | LoadHashes | LoadSets | Scan
Asking = Generator[Request, Any, Any]


class Writes(msgspec.Struct):
    """What a batch changes, key by key; the causes of alerts; the arrivals that could not be used, and those that changed something.

    ``added`` is what to add to hashes: their keys, each with what goes before a field's name in it, and the fields.
    """

    put: dict[str, bytes] = {}
    delete: list[str] = []
    zadd: dict[str, dict[str, int]] = {}
    zrem: dict[str, list[str]] = {}
    hset: dict[str, dict[str, bytes]] = {}
    causes: dict[str, int] = {}
    rejected: list[tuple[Arrival, Invalid]] = []
    applied: dict[str, list[Arrival]] = {}
    added: list[tuple[dict[str, str], dict[str, int]]] = []


class _Fold(NamedTuple):
    """The fold of one organisation's arrivals; ``subjects`` are the keys of its records by subject, added to as needed."""

    keys: OrgKeys
    subjects: dict[str, str]
    folder: Folder
    linking: Linking


_read_entry = msgspec.json.Decoder(dict[str, Any]).decode


class Shard:
    """What a partition's only writer keeps in memory of its tables while nobody else writes them: ``cached`` records and rows."""

    def __init__(self, prefix: str, plan: Plan, *, final_days: int = 90, cached: int = 200_000) -> None:
        self.prefix = prefix
        self.alike = Alike(plan)
        self.final_days = final_days
        self.cached = cached
        self.orgs: dict[str, Org] = {}
        self.changed_at: dict[str, str] = {}  # the first of the two offsets that an organisation's version is
        self.records: dict[str, Record] = {}
        self.rows: dict[str, Row] = {}
        self.counted: dict[str, Counted] = {}

    def apply(self, arrivals: Iterable[Arrival], position: int) -> Generator[Request, Any, Writes]:
        """Fold a batch whose last event's offset is ``position``; return what to write."""
        by_org: dict[str, list[Arrival]] = defaultdict(list)
        for arrival in arrivals:
            by_org[arrival.change.org].append(arrival)
        writes = Writes()
        keys = {org: org_keys(self.prefix, org) for org in by_org}
        if new := keys.keys() - self.orgs.keys():
            writes.zadd[tables.orgs(self.prefix)] = dict.fromkeys(new, 0)
        yield from self._load_orgs(keys)
        subjects = {org: keys[org].records({a.change.key for a in found}) for org, found in by_org.items()}
        yield from self._load(self.records, chain(*map(dict.values, subjects.values())), decode_record)
        folds = {}
        for org, found in by_org.items():
            folds[org] = yield from self._merged(org, keys[org], subjects[org], found)
        yield from self._link(list(folds.values()))
        deltas = {org: fold.folder.count(by_org[org]) for org, fold in folds.items()}
        self.orgs |= {org: fold.folder.org for org, fold in folds.items()}
        rows = {org: rolled_up(keys[org], delta) for org, delta in deltas.items()}
        yield from self._load(self.rows, chain(*(each.touched() for each in rows.values())), decode_row, b"{}")
        for org, delta in deltas.items():
            self._write(keys[org], subjects[org], delta, rows[org], writes, position)
            self._put_causes(org, by_org[org], delta, writes, position)
            writes.applied[org] = delta.applied
        self._trim()
        return writes

    def directory(self, org: str) -> Generator[Request, Any, Org]:
        """Return what is known of an organisation."""
        yield from self._load_orgs({org: org_keys(self.prefix, org)})
        return self.orgs[org]

    def known(self, orgs: Collection[str]) -> Generator[Request, Any, dict[str, Org]]:
        """Return what is known of those of some organisations that anything is known of."""
        keys = {org: org_keys(self.prefix, org) for org in orgs if org not in self.orgs}
        versions = (yield Load([each.version for each in keys.values()])) if keys else []
        yield from self._load_orgs({org: keys[org] for org, found in zip(keys, versions, strict=True) if found})
        return {org: self.orgs[org] for org in orgs if org in self.orgs}

    def _load_orgs(self, keys: dict[str, OrgKeys]) -> Asking:
        new = {org: names for org, names in keys.items() if org not in self.orgs}
        if new:
            versions = yield Load([names.version for names in new.values()])
            directories = yield LoadHashes([names.directory for names in new.values()])
            for (org, names), version, found in zip(new.items(), versions, directories, strict=True):
                self.changed_at[names.prefix] = (version or b"0").decode().partition(" ")[0]
                self.orgs[org] = Org({_text(k): _read_entry(v) for k, v in found.items()})

    def _load(
        self, cache: dict[str, Any], keys: Iterable[str], decode: Callable[[bytes], Any], empty: bytes = b""
    ) -> Asking:
        """Have the values of keys in one of the caches; ``empty`` stands for what is not there, else it is left out."""
        missing = [key for key in keys if key not in cache]
        found = (yield Load(missing)) if missing else []
        cache.update(
            (key, decode(packed or empty)) for key, packed in zip(missing, found, strict=True) if packed or empty
        )

    def _merged(
        self, org: str, keys: OrgKeys, subjects: dict[str, str], arrivals: list[Arrival]
    ) -> Generator[Request, Any, _Fold]:
        """Merge the arrivals of an organisation."""
        moved = [a for a in arrivals if a.change.entity in ("org", "team", "user", "pipeline")]
        if moved:
            more = yield from self._replaced(org, keys, moved)
            subjects |= (named := keys.records(more))
            yield from self._load(self.records, named.values(), decode_record)
        known = self.records
        before = {subject: known[key] for subject, key in subjects.items() if key in known}
        counted = self.counted[org] = self.counted.pop(org, {})  # the last one used is the last one to be forgotten
        folder = Folder(self.orgs[org], before, counted, self.alike, self.final_days)
        return _Fold(keys, subjects, folder, folder.merge(arrivals))

    def _link(self, folds: list[_Fold]) -> Asking:
        """Carry what records tell into those that they name, wave by wave, for all organisations at once."""
        while folds := [fold for fold in folds if fold.linking.wave]:
            named = [fold.keys.records(set(fold.linking.tell()) - fold.subjects.keys()) for fold in folds]
            yield from self._load(self.records, chain(*map(dict.values, named)), decode_record)
            asked = []
            for fold, new in zip(folds, named, strict=True):
                fold.subjects.update(new)
                fold.folder.before.update((s, self.records[key]) for s, key in new.items() if key in self.records)
                asked.append(fold.linking.asks())
            sets = [(f.keys.told(*of), s) for f, asks in zip(folds, asked, strict=True) for of, s in asks.items()]
            read = iter((yield LoadSets(sets)) if sets else ())
            for fold, asks in zip(folds, asked, strict=True):
                fold.linking.hear(asks, list(islice(read, len(asks))))

    def _replaced(self, org: str, keys: OrgKeys, moved: list[Arrival]) -> Generator[Request, Any, set[str]]:
        """The records that count elsewhere because of a zone, the currency, stages, a target or who works when."""
        before = self.orgs[org]
        records = {a.change.key: self.records.get(keys.record(a.change.key), UNKNOWN) for a in moved}
        trial = Folder(before, records, {}, self.alike, self.final_days)
        trial.merge(moved)
        yield from self._load(self.rows, [keys.months], decode_row, b"{}")
        was, now = before.places, trial.org.places
        concerned = [start for start in now if now[start] != was[start]] if self.rows[keys.months] else []
        stored: list[str] = []
        for start in [""] if "" in concerned else concerned:
            stored += [_text(key) for key in (yield Scan(keys.record(start)))]
        yield from self._load(self.records, stored, decode_record)
        return {keys.subject(key) for key in stored}

    def _write(
        self, keys: OrgKeys, subjects: dict[str, str], delta: Delta, rows: Rows, writes: Writes, position: int
    ) -> None:
        for entity, records in delta.records.items():
            self._put_records(entity, {subjects[subject]: record for subject, record in records.items()}, writes)
        if self._put_rows(rows, writes) or delta.directory:
            self.changed_at[keys.prefix] = str(position)
        if any(delta.records.values()) or delta.directory:
            writes.put[keys.version] = f"{self.changed_at[keys.prefix]} {position}".encode()
        if delta.directory:
            writes.hset[keys.directory] = {s: pack_entry(e) for s, e in delta.directory.items()}
        self._put_index(keys, delta, writes, position)
        writes.rejected += delta.rejected

    def _put_records(self, entity: str, records: dict[str, Record], writes: Writes) -> None:
        writes.put.update(zip(records, map(encode_record, records.values()), strict=True))
        for key in [key for key, record in records.items() if not (record.entries or record.links)]:
            del writes.put[key]
            writes.delete.append(key)  # it was only ever mentioned, and no longer is
        if entity in FINAL_ENTITIES:
            for key in records:
                self.records.pop(key, None)
        else:
            self.records |= records

    def _put_rows(self, rows: Rows, writes: Writes) -> bool:
        """Add the differences to the rows; tell whether a month or a dimension value came or went."""
        for key, cells in rows.cells.items():
            if self._put_row(key, cells, writes) and key in rows.listed:
                listing, label = rows.listed[key]
                rows.listings[listing][label] += 1 if self.rows[key] else -1
        changed = False
        for key, counts in rows.listings.items():
            before = self.rows[key]
            self._put_row(key, counts, writes)
            changed |= before.keys() != self.rows[key].keys()
        return changed

    def _put_row(self, key: str, more: Row, writes: Writes) -> bool:
        """Add to a row; tell whether it came or went."""
        before = self.rows[key]
        after = self.rows[key] = summed(before, more)
        if after is before:
            return False
        _put(key, after, writes)
        return not (before and after)

    def _put_index(self, keys: OrgKeys, delta: Delta, writes: Writes, position: int) -> None:
        if touched := delta.holders():
            writes.zadd[keys.touched] = dict.fromkeys(touched, position)
        writes.zadd.update((keys.moments(*of), members) for of, members in delta.added.items())
        writes.zrem.update((keys.moments(*of), list(members)) for of, members in delta.removed.items())
        for of, changes in delta.sets.items():
            if added := {member: at_ms(member) for member, is_added in changes.items() if is_added}:
                writes.zadd[keys.told(*of)] = added
            if gone := [member for member, is_added in changes.items() if not is_added]:
                writes.zrem[keys.told(*of)] = gone

    def _put_causes(self, org: str, arrivals: list[Arrival], delta: Delta, writes: Writes, position: int) -> None:
        """Note for the ledger of alerts what may fire or resolve, whose goals are to be watched, and what was history."""
        for (rule, subject), since_ms in delta.causes.items():
            writes.causes[alerts.member(rule, org, subject)] = since_ms
        if "goal" in delta.records:
            writes.zadd.setdefault(tables.with_goals(self.prefix), {})[org] = 0
        if any(arrival.is_history for arrival in arrivals):
            writes.zadd.setdefault(tables.history(self.prefix), {})[org] = position

    def _trim(self) -> None:
        for cache in (self.records, self.rows):
            _forget(cache, _spare(len(cache), self.cached))
        spare = _spare(sum(map(len, self.counted.values())), self.cached // 4)
        while spare:
            org, counted = next(iter(self.counted.items()))
            gone = min(spare, len(counted))
            _forget(counted, gone)
            spare -= gone
            if not counted:
                del self.counted[org]


def _spare(size: int, most: int) -> int:
    """How many are to be forgotten: seldom, as the beginning of a dictionary is slow to find where it was deleted before."""
    return size - most if size > most + most // 8 else 0


def _forget(cache: dict[str, Any], count: int) -> None:
    for key in list(islice(cache, count)):
        del cache[key]


def _put(key: str, row: Row, writes: Writes) -> None:
    if row:
        writes.put[key] = encode_row(row)
    else:
        writes.delete.append(key)


def _text(key: str | bytes) -> str:
    return key.decode() if isinstance(key, bytes) else key
