"""The fold of a batch: from changes to new states and the differences that they make to the tables.

Events of a batch are merged per record first, so that a record's contribution is taken once before and once after the batch
and only the difference is applied. Since cells are integers, the tables do not depend on how the log was cut into batches.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from aggregators import alerts
from aggregators.calendar import Bucket
from aggregators.contribution import MOMENTS, Addition, Cells, Dims, Plan, contribution
from aggregators.org import ENTITIES, Org, described
from aggregators.record import FINAL_ENTITIES, UNKNOWN, Record, merge
from aggregators.story import story
from aggregators.tickets import rating
from events import EVENTS, Change, Invalid

DAY_MS = 86_400_000

Counted = dict[str, list[Addition]]
"""What records contribute to the tables, by subject."""


class Arrival(Struct, gc=False):
    """A change, the time (ms) of the log when it was appended (the highest append time up to there), and its offset.

    ``news_ms`` is the instant since when a cause that it makes known is news; for history that is told later it is not
    before ``appended_ms``.
    """

    change: Change
    appended_ms: int
    offset: int
    news_ms: int = -1

    @property
    def is_history(self) -> bool:
        """Tell whether it was published long after it happened, to fill the tables."""
        return self.news_ms >= self.appended_ms


class Delta:
    """What a batch changes in one organisation: ``records`` by entity, and what they add to the tables.

    ``cells`` by bucket and holder, ``groups`` by bucket and dimension values; ``added`` and ``removed`` are the moments
    ``<ms>:<subject>`` by anchor and holder, with their instants in ms; ``causes`` the causes of alerts that changed, by rule
    and subject.
    """

    def __init__(self) -> None:
        self.records: dict[str, dict[str, Record]] = defaultdict(dict)
        self.cells: dict[Bucket, dict[str, Cells]] = defaultdict(dict)
        self.groups: dict[Bucket, dict[Dims, Cells]] = defaultdict(dict)
        self.added: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
        self.removed: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
        self.directory: dict[str, dict[str, object]] = {}
        self.causes: dict[tuple[str, str], int] = {}
        self.rejected: list[tuple[Arrival, Invalid]] = []

    def change(self, subject: str, org: Org, before: list[Addition], after: list[Addition]) -> None:
        """Take off what a record added before, and add what it adds now."""
        gone, new = [*before], after
        if before:
            new = []
            for one in after:
                if one in gone:
                    gone.remove(one)
                else:
                    new.append(one)
            self.count(gone, org, -1)
        self.count(new, org, 1)
        self.enter(subject, before, after)
        if alerts.concern(gone) or alerts.concern(new):
            self.note(subject, before, after)

    def count(self, additions: list[Addition], org: Org, sign: int) -> None:
        """Add to the cells, or take off with ``sign`` -1."""
        for one in additions:
            bucket, times, counted = org.calendar.bucket(one.at_ms), sign * one.sign, sign if one.counted else 0
            _add(self.cells[bucket], one.holder, one.cells, times, counted)
            for dims, cells in one.groups:
                _add(self.groups[bucket], dims, cells, times, counted)

    def enter(self, subject: str, before: list[Addition], after: list[Addition]) -> None:
        """Note which moments came and which went."""
        if not before:
            for one in after:
                self.added[one.anchor, one.holder][f"{one.at_ms}:{subject}"] = one.at_ms
            return
        was, now = ({(one.anchor, one.holder, one.at_ms) for one in additions} for additions in (before, after))
        for anchor, holder, at_ms in now - was:
            self.added[anchor, holder][f"{at_ms}:{subject}"] = at_ms
        for anchor, holder, at_ms in was - now:
            self.removed[anchor, holder][f"{at_ms}:{subject}"] = at_ms

    def note(self, subject: str, before: list[Addition], after: list[Addition]) -> None:
        """Note which causes of alerts came, went or moved."""
        for rule, since_ms in alerts.changes(before, after).items():
            self.causes[rule, subject] = since_ms


def _add(rows: dict[Any, Cells], key: Any, cells: Cells, times: int, counted: int) -> None:
    row = rows.get(key)
    if row is None:
        row = rows[key] = {**cells} if times == 1 else {name: times * units for name, units in cells.items()}
    else:
        for name, units in cells.items():
            row[name] = row.get(name, 0) + times * units
    if counted:
        row[MOMENTS] = row.get(MOMENTS, 0) + counted


class Folder:
    """Folds the arrivals of one organisation on top of its directory and of what is known of the records concerned.

    ``counted`` is what some of them contribute, by subject; it is kept up to date.
    """

    def __init__(self, org: Org, records: Mapping[str, Record], counted: Counted, plan: Plan, final_days: int) -> None:
        self.before_org, self.org = org, org
        self.before = records
        self.counted = counted
        self.plan = plan
        self.final_ms = final_days * DAY_MS
        self.delta = Delta()

    def fold(self, arrivals: list[Arrival]) -> Delta:
        """Merge the arrivals and return the difference they make."""
        for arrival in arrivals:
            self._merge(arrival)
        for subject in self.delta.records.get("feedback", ()):
            self._link(subject)
        self._describe(arrivals)
        self._difference()
        if self.delta.causes:
            self._leave_news(arrivals)
        return self.delta

    def _leave_news(self, arrivals: list[Arrival]) -> None:
        """Take off the causes that are too old to be news: of several events that made one known the strictest holds."""
        news = dict[str, int]()
        for arrival in arrivals:
            subject = arrival.change.key
            news[subject] = max(arrival.news_ms, news.get(subject, arrival.news_ms))
        latest = max(news.values())
        for (rule, subject), since_ms in self.delta.causes.items():
            if since_ms < news.get(subject, latest):
                self.delta.causes[rule, subject] = alerts.GONE

    def _record(self, entity: str, subject: str) -> Record:
        return self.delta.records[entity].get(subject) or self.before.get(subject) or UNKNOWN

    def _merge(self, arrival: Arrival) -> None:
        change = arrival.change
        entity, subject = change.entity, change.key
        records = self.delta.records[entity]
        record = records.get(subject) or self.before.get(subject) or UNKNOWN
        merged = merge(record, change.entry)
        if merged is None:
            return
        if entity in FINAL_ENTITIES:
            if record.entries and arrival.appended_ms - record.appended_ms > self.final_ms:
                self.delta.rejected.append((arrival, final(change, self.final_ms // DAY_MS)))
                return
            merged.appended_ms = arrival.appended_ms
        records[subject] = merged

    def _link(self, subject: str) -> None:
        """Carry a feedback's rating into the ticket that it rates, and out of the one that it rated before."""
        states = self.before.get(subject, UNKNOWN), self._record("feedback", subject)
        before, after = (told and rating(told) for told in map(story, states))
        for old in [before] if before and (not after or after[0] != before[0]) else []:
            self._relink(old[0], subject, None)
        if after and after[0]:
            self._relink(after[0], subject, after[1])

    def _relink(self, ticket: str, subject: str, link: list[object] | None) -> None:
        if not ticket:
            return
        record = self._record("ticket", f"ticket/{ticket}")
        links = {k: v for k, v in record.links.items() if k != subject} | ({subject: link} if link else {})
        self.delta.records["ticket"][f"ticket/{ticket}"] = Record(record.entries, record.appended_ms, links)

    def _describe(self, arrivals: list[Arrival]) -> None:
        directory = self.delta.directory
        directory |= {subject: {} for subject in mentioned(arrivals) if subject not in self.org.entries}
        for entity in ENTITIES & self.delta.records.keys():
            directory |= {s: described(entity, record) for s, record in self.delta.records[entity].items()}
        if directory:
            self.org = Org({**self.before_org.entries, **directory})

    def _difference(self) -> None:
        if self.org is not self.before_org and self.org.places != self.before_org.places:
            self._replace()
            return
        for entity, records in self.delta.records.items():
            for subject, record in records.items():
                before = self.counted.get(subject)
                if before is None:
                    before = self._contribution(entity, known, self.org) if (known := self.before.get(subject)) else []
                after = self._contribution(entity, record, self.org)
                self.delta.change(subject, self.org, before, after)
                if entity not in FINAL_ENTITIES:
                    self.counted[subject] = after

    def _replace(self) -> None:
        """Count all records anew: they belong to other buckets now."""
        self.counted.clear()
        changed = {s: entity for entity, records in self.delta.records.items() for s in records}
        for subject in self.before.keys() | changed.keys():
            entity = subject.partition("/")[0]
            before = self._contribution(entity, self.before.get(subject, UNKNOWN), self.before_org)
            after = self._contribution(entity, self._record(entity, subject), self.org)
            self.delta.count(before, self.before_org, -1)
            self.delta.count(after, self.org, 1)
            self.delta.enter(subject, before, after)
            self.delta.note(subject, before, after)

    def _contribution(self, entity: str, record: Record, org: Org) -> list[Addition]:
        return contribution(entity, record, org, self.plan) if record.entries or record.links else []


def final(change: Change, days: int) -> Invalid:
    """Return the reason why an activity's correction comes too late."""
    reason = f"final: {change.key} took its last event over {days} days of the log ago, and an activity is closed then"
    return Invalid(reason=reason, path="$.subject", id=change.entry.id)


_NAMES = {
    kind: names
    for kind in EVENTS.values()
    if (names := {"assignee_id", "new_owner", "old_owner"}.intersection(kind.__struct_fields__))
}
"""Members beside the common ones that name a user, of the types that have some."""

_CHANGING = frozenset(kind for kind in EVENTS.values() if "changed" in kind.__struct_fields__)
_CHANGED = {"owner_id": "user", "assignee_id": "user", "team_id": "team"}
"""Members that name a user or a team where they change."""


def mentioned(arrivals: Iterable[Arrival]) -> set[str]:
    """Return the users and teams that events name, as directory subjects."""
    entries = [arrival.change.entry for arrival in arrivals]
    users = {e.actor for e in entries} | {e.data.owner_id for e in entries}
    users |= {getattr(e.data, name) for e in entries if type(e.data) in _NAMES for name in _NAMES[type(e.data)]}
    teams = {e.data.team_id for e in entries}
    own = {a.change.key for a in arrivals if a.change.entity in ("user", "team")}
    for changed in (getattr(e.data, "changed", None) or {} for e in entries if type(e.data) in _CHANGING):
        own |= {f"{_CHANGED[name]}/{to.new}" for name, to in changed.items() if name in _CHANGED and to.new}
    return own | {f"user/{user}" for user in users if user} | {f"team/{team}" for team in teams if team}
