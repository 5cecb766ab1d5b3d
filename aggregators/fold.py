"""The fold of a batch: from changes to new states and the differences that they make to the tables.

Events of a batch are merged per record first, so that a record's contribution is taken once before and once after the batch
and only the difference is applied. Since cells are integers, the tables do not depend on how the log was cut into batches.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain
from operator import attrgetter

from msgspec import Struct

from aggregators import alerts
from aggregators.alike import ACTOR, OWNER, Alike, Pattern
from aggregators.calendar import Bucket
from aggregators.contribution import Addition, Effect, contribution
from aggregators.linking import Linking
from aggregators.onward import Standing, onward, standing
from aggregators.org import ENTITIES, Org, described
from aggregators.record import FINAL_ENTITIES, UNKNOWN, Record, merge
from aggregators.story import milliseconds
from events import EVENTS, Change, Entry, Invalid

DAY_MS = 86_400_000

Additions = Sequence[Addition]
Counted = dict[str, Standing]
"""Where records stand, by subject."""


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

    ``tally`` counts by bucket what is added to a holder's rows, less what is taken off; ``added`` and ``removed`` are the
    moments ``<ms>:<subject>`` by anchor and holder, with their instants in ms; ``sets`` the differences to the sets beside
    records, by topic and subject; ``causes`` the causes of alerts that changed, by rule and subject; ``applied``
    the arrivals that were neither a repeat nor refused.
    """

    def __init__(self) -> None:
        self.records: dict[str, dict[str, Record]] = defaultdict(dict)
        self.tally: dict[Bucket, dict[tuple[str, Effect], int]] = defaultdict(dict)
        self.added: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
        self.removed: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
        self.sets: dict[tuple[str, str], dict[str, bool]] = {}
        self.directory: dict[str, dict[str, object]] = {}
        self.causes: dict[tuple[str, str], int] = {}
        self.applied: list[Arrival] = []
        self.rejected: list[tuple[Arrival, Invalid]] = []

    def change(self, subject: str, org: Org, gone: Additions, new: Additions, *, rest: Additions = ()) -> None:
        """Take off what a record adds no more, and add what it adds now; ``rest`` is what it adds as before."""
        self.count(gone, org, -1)
        self.count(new, org, 1)
        self.enter(subject, gone, new, rest)
        if alerts.concern(gone) or alerts.concern(new):
            self.note(subject, [*rest, *gone], [*rest, *new])

    def count(self, additions: Additions, org: Org, times: int) -> None:
        """Count additions so many times."""
        for one in additions:
            counts = self.tally[org.calendar.bucket(one.at_ms)]
            what = one.holder, one.effect
            counts[what] = counts.get(what, 0) + times

    def tell(self, subject: str, entry: Entry, org: Org, pattern: Pattern) -> None:
        """Add what a new record of one event adds."""
        at_ms = milliseconds(entry.time_ns)
        counts = self.tally[org.calendar.bucket(at_ms)]
        member = f"{at_ms}:{subject}"
        for anchor, whose, effect in pattern:
            holder = f"u:{entry.actor}" if whose == ACTOR else f"u:{entry.data.owner_id}" if whose == OWNER else whose
            what = holder, effect
            counts[what] = counts.get(what, 0) + 1
            self.added[anchor, holder][member] = at_ms

    def enter(self, subject: str, gone: Additions, new: Additions, rest: Additions = ()) -> None:
        """Note which moments came and which went."""
        if not gone:
            for one in new:
                self.added[one.anchor, one.holder][f"{one.at_ms}:{subject}"] = one.at_ms
            return
        was, now, left = ({(one.anchor, one.holder, one.at_ms) for one in each} for each in (gone, new, rest))
        for anchor, holder, at_ms in now - was:
            self.added[anchor, holder][f"{at_ms}:{subject}"] = at_ms
        for anchor, holder, at_ms in was - now - left:
            self.removed[anchor, holder][f"{at_ms}:{subject}"] = at_ms

    def holders(self) -> set[str]:
        """Return those of whom anything is different."""
        found = {holder for _, holder in chain(self.added, self.removed)}
        return found.union(holder for counts in self.tally.values() for holder, _ in counts)

    def note(self, subject: str, before: Additions, after: Additions) -> None:
        """Note which causes of alerts came, went or moved."""
        for rule, since_ms in alerts.changes(before, after).items():
            self.causes[rule, subject] = since_ms


class Folder:
    """Folds the arrivals of one organisation on top of its directory and of what is known of the records concerned.

    ``counted`` is what some of them contribute, by subject; it is kept up to date.
    """

    def __init__(self, org: Org, records: dict[str, Record], counted: Counted, alike: Alike, final_days: int) -> None:
        self.before_org, self.org = org, org
        self.before = records
        self.counted = counted
        self.alike = alike
        self.final_ms = final_days * DAY_MS
        self.delta = Delta()

    def merge(self, arrivals: list[Arrival]) -> Linking:
        """Merge the arrivals into states; return what carries between them what they tell each other."""
        states, before, applied = self.delta.records, self.before, self.delta.applied
        for arrival in arrivals:
            change = arrival.change
            entity, subject = change.entity, change.key
            records = states[entity]
            if subject not in records and subject not in before:
                records[subject] = Record([change.entry], arrival.appended_ms if entity in FINAL_ENTITIES else 0)
            elif not self._merge(arrival, records):
                continue
            applied.append(arrival)
        self._describe(arrivals)
        linking = Linking(before, states)
        self.delta.sets = linking.sets
        return linking

    def count(self, arrivals: list[Arrival]) -> Delta:
        """Return the difference that they make, once all is told."""
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

    def _merge(self, arrival: Arrival, records: dict[str, Record]) -> bool:
        """Merge an arrival into its record; tell whether that changed anything."""
        change = arrival.change
        entity, subject = change.entity, change.key
        record = records.get(subject) or self.before[subject]
        merged = merge(record, change.entry)
        if merged is None:
            return False
        if entity in FINAL_ENTITIES:
            if record.entries and arrival.appended_ms - record.appended_ms > self.final_ms:
                self.delta.rejected.append((arrival, final(change, self.final_ms // DAY_MS)))
                return False
            merged.appended_ms = arrival.appended_ms
        records[subject] = merged
        return True

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
                known = self.before.get(subject)
                if known:
                    self._restate(entity, subject, known, record)
                else:
                    self._state(entity, subject, record)

    def _state(self, entity: str, subject: str, record: Record) -> None:
        """Count a record that is new."""
        org, entries = self.org, record.entries
        pattern = self.alike.pattern(entries[0], org) if len(entries) == 1 and not record.links else None
        if pattern is None:
            now = standing(entity, record, org, self.alike.plan)
            self.delta.change(subject, org, [], now.additions)
            self._remember(entity, subject, now)
        else:
            self.delta.tell(subject, entries[0], org, pattern)

    def _restate(self, entity: str, subject: str, known: Record, record: Record) -> None:
        """Count what is different about a record."""
        org, plan, delta = self.org, self.alike.plan, self.delta
        was = self.counted.get(subject) or standing(entity, known, org, plan)
        if record.entries and (step := onward(known, record, was, org, plan)):
            now = Standing([*step.rest, *step.new], step.facts, was.created_ns, step.steps)
            delta.change(subject, org, step.gone, step.new, rest=step.rest)
        else:
            now = standing(entity, record, org, plan)
            delta.change(subject, org, was.additions, now.additions)
        self._remember(entity, subject, now)

    def _remember(self, entity: str, subject: str, now: Standing) -> None:
        if entity not in FINAL_ENTITIES:
            self.counted[subject] = now

    def _replace(self) -> None:
        """Count all records anew: they belong to other buckets now."""
        self.counted.clear()
        changed = {s: entity for entity, records in self.delta.records.items() for s in records}
        for subject in self.before.keys() | changed.keys():
            entity = subject.partition("/")[0]
            before = contribution(entity, self.before.get(subject, UNKNOWN), self.before_org, self.alike.plan)
            after = contribution(entity, self._record(entity, subject), self.org, self.alike.plan)
            self.delta.count(before, self.before_org, -1)
            self.delta.count(after, self.org, 1)
            self.delta.enter(subject, before, after)
            self.delta.note(subject, before, after)


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


_WHO = attrgetter("actor", "data.owner_id", "data.team_id")


def mentioned(arrivals: Iterable[Arrival]) -> set[str]:
    """Return the users and teams that events name, as directory subjects."""
    entries = [arrival.change.entry for arrival in arrivals]
    actors, owners, teams = map(set, zip(*set(map(_WHO, entries)), strict=True)) if entries else ((), (), ())
    users = {*actors, *owners}
    users |= {getattr(e.data, name) for e in entries if type(e.data) in _NAMES for name in _NAMES[type(e.data)]}
    own = {a.change.key for a in arrivals if a.change.entity in ("user", "team")}
    for changed in (getattr(e.data, "changed", None) or {} for e in entries if type(e.data) in _CHANGING):
        own |= {f"{_CHANGED[name]}/{to.new}" for name, to in changed.items() if name in _CHANGED and to.new}
    return own | {f"user/{user}" for user in users if user} | {f"team/{team}" for team in teams if team}
