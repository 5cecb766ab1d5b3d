"""The fold of a batch: from changes to new states and the differences that they make to the tables.

Events of a batch are merged per record first, so that a record's contribution is taken once before and once after the batch
and only the difference is applied. Since cells are integers, the tables do not depend on how the log was cut into batches.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from aggregators.calendar import Bucket
from aggregators.contribution import NOTHING, Cells, Contribution, Plan, contribution
from aggregators.org import ENTITIES, Org, described
from aggregators.record import FINAL_ENTITIES, Record, merge
from aggregators.story import story
from aggregators.tickets import rating
from events import Change, Invalid

DAY_MS = 86_400_000


class Arrival(NamedTuple):
    """A change, the time (ms) of the log when it was appended (the highest append time up to there), and its offset."""

    change: Change
    appended_ms: int
    offset: int


class Delta:
    """What a batch changes in one organisation."""

    def __init__(self) -> None:
        self.records: dict[str, Record] = {}
        self.cells: dict[tuple[str, Bucket], Cells] = defaultdict(lambda: defaultdict(int))
        self.groups: dict[tuple[Bucket, str, str], Cells] = defaultdict(lambda: defaultdict(int))
        self.index: dict[tuple[str, str], dict[tuple[int, str], int]] = defaultdict(lambda: defaultdict(int))
        self.directory: dict[str, dict[str, object]] = {}
        self.rejected: list[tuple[Arrival, Invalid]] = []

    def add(self, subject: str, org: Org, added: Contribution, sign: int) -> None:
        """Add a record's contribution, or take it off with ``sign`` -1."""
        for (anchor, holder, at_ms), cells in added.cells.items():
            row = self.cells[holder, org.calendar.bucket(at_ms)]
            for name, value in cells.items():
                row[name] += sign * value
            self.index[anchor, holder][at_ms, subject] += sign
        for (at_ms, dimension, value_of), cells in added.groups.items():
            row = self.groups[org.calendar.bucket(at_ms), dimension, value_of]
            for name, value in cells.items():
                row[name] += sign * value


class Folder:
    """Folds the arrivals of one organisation on top of its records and directory."""

    def __init__(self, org: Org, records: dict[str, Record], plan: Plan, final_days: int) -> None:
        self.before_org, self.org = org, org
        self.before = records
        self.plan = plan
        self.final_ms = final_days * DAY_MS
        self.delta = Delta()

    def fold(self, arrivals: Iterable[Arrival]) -> Delta:
        """Merge the arrivals and return the difference they make."""
        for arrival in arrivals:
            self._mention(arrival.change)
            self._merge(arrival)
        for subject in [s for s in self.delta.records if s.startswith("feedback/")]:
            self._link(subject)
        self._describe()
        self._difference()
        return self.delta

    def _record(self, subject: str) -> Record:
        return self.delta.records.get(subject) or self.before.get(subject) or Record([])

    def _merge(self, arrival: Arrival) -> None:
        change = arrival.change
        record = self._record(change.key)
        merged = merge(record, change.entry)
        if merged is None:
            return
        if change.entity in FINAL_ENTITIES:
            if record.entries and arrival.appended_ms - record.appended_ms > self.final_ms:
                self.delta.rejected.append((arrival, final(change, self.final_ms // DAY_MS)))
                return
            merged.appended_ms = arrival.appended_ms
        self.delta.records[change.key] = merged

    def _mention(self, change: Change) -> None:
        for subject in mentioned(change):
            if subject not in self.org.entries and subject not in self.delta.directory:
                self.delta.directory[subject] = {}

    def _link(self, subject: str) -> None:
        """Carry a feedback's rating into the ticket that it rates, and out of the one that it rated before."""
        before, after = (
            told and rating(told) for told in map(story, (self.before.get(subject, Record([])), self._record(subject)))
        )
        for old in [before] if before and (not after or after[0] != before[0]) else []:
            self._relink(old[0], subject, None)
        if after and after[0]:
            self._relink(after[0], subject, after[1])

    def _relink(self, ticket: str, subject: str, link: list[object] | None) -> None:
        if not ticket:
            return
        record = self._record(f"ticket/{ticket}")
        links = {k: v for k, v in record.links.items() if k != subject} | ({subject: link} if link else {})
        self.delta.records[f"ticket/{ticket}"] = Record(record.entries, record.appended_ms, links)

    def _describe(self) -> None:
        for subject, record in self.delta.records.items():
            entity = subject.partition("/")[0]
            if entity in ENTITIES:
                self.delta.directory[subject] = described(entity, record)
        if self.delta.directory:
            self.org = Org({**self.before_org.entries, **self.delta.directory})

    def _difference(self) -> None:
        changed = self.before_org.places != self.org.places
        touched = self.before.keys() | self.delta.records.keys() if changed else self.delta.records.keys()
        for subject in touched:
            entity = subject.partition("/")[0]
            before = self._contribution(entity, self.before.get(subject), self.before_org)
            after = self._contribution(entity, self._record(subject), self.org)
            if changed:
                self.delta.add(subject, self.before_org, before, -1)
                self.delta.add(subject, self.org, after, 1)
            else:
                self.delta.add(subject, self.org, _without(before, after), -1)
                self.delta.add(subject, self.org, _without(after, before), 1)

    def _contribution(self, entity: str, record: Record | None, org: Org) -> Contribution:
        return contribution(entity, record, org, self.plan) if record and (record.entries or record.links) else NOTHING


def _without(one: Contribution, other: Contribution) -> Contribution:
    """What of a contribution the other one does not have alike."""
    if not other.cells:
        return one
    cells = {at: cells for at, cells in one.cells.items() if other.cells.get(at) != cells}
    return Contribution(cells, {at: cells for at, cells in one.groups.items() if other.groups.get(at) != cells})


def final(change: Change, days: int) -> Invalid:
    """Return the reason why an activity's correction comes too late."""
    reason = f"final: {change.key} took its last event over {days} days of the log ago, and an activity is closed then"
    return Invalid(reason=reason, path="$.subject", id=change.entry.id)


_USERS = ("owner_id", "assignee_id", "new_owner", "old_owner")


def mentioned(change: Change) -> list[str]:
    """Return the users and teams that an event names, as directory subjects."""
    data = change.entry.data
    found = [f"user/{user}" for name in _USERS if (user := getattr(data, name, None))]
    if change.entry.actor:
        found.append(f"user/{change.entry.actor}")
    if data.team_id:
        found.append(f"team/{data.team_id}")
    if change.entity in ("user", "team"):
        found.append(change.key)
    return found
