"""Carries what the records of a batch tell into those that they name, which may have others to tell of that.

It goes in waves: what a record tells now less what it told before goes to the records that it names; where that changes what
one of these keeps, it is of the next wave. It does no I/O: what has to be read is asked for between the steps of a wave.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from aggregators.links import HEEDS, TELLS, TOPICS, Said, at_ms, said
from aggregators.record import UNKNOWN, Record

Records = dict[str, dict[str, Record]]
"""States by entity and subject."""


class Stretch(NamedTuple):
    """The members ``[from_ms, to_ms)`` of a set, the ``first`` of them (0: all)."""

    from_ms: int
    to_ms: int
    first: int


class Linking:
    """The links of one organisation in a batch: ``before`` are the states known before it, ``states`` those after.

    ``sets`` are the differences to the sets beside records, by topic and subject: members that are added (True) or taken off.
    """

    def __init__(self, before: Mapping[str, Record], states: Records) -> None:
        self.before = before
        self.states = states
        self.sets: dict[tuple[str, str], dict[str, bool]] = defaultdict(dict)
        self.wave = {s: None for e in states.keys() & (TELLS.keys() | TOPICS.keys()) for s in states[e]}
        self._again = {of for subject in self.wave for of in self._others(subject)}
        self._told: dict[str, Said] = {}
        self._few: dict[str, dict[str, Any]] = {}
        self._moved: set[tuple[str, str]] = set()

    def tell(self) -> Iterable[str]:
        """Have the wave tell what is new; return the subjects of the records whose states have to be known for it."""
        self._few, self._moved = defaultdict(dict), set()
        for subject in self.wave:
            entity = subject.partition("/")[0]
            if entity in TELLS:
                self._tell(entity, subject)
        self._moved |= self._again
        self._again = set()
        return {*self._few, *(subject for _, subject in self._moved)}

    def _tell(self, entity: str, subject: str) -> None:
        was = self._told.get(subject)
        if was is None:
            was = said(entity, subject, self.before[subject]) if subject in self.before else {}
        now = self._told[subject] = said(entity, subject, self._state(subject))
        for to in was.keys() | now.keys() if was != now else ():
            old, new = was.get(to), now.get(to)
            topic, named = to
            if old == new:
                continue
            if not topic:
                self._few[named][subject] = new
                continue
            for one, added in ((old, False), (new, True)):
                if one is not None:
                    self._change(to, one, added=added)
            if (named.partition("/")[0], topic) in HEEDS:
                self._moved.add(to)

    def _change(self, of: tuple[str, str], member: str, *, added: bool) -> None:
        if self.sets[of].get(member, added) != added:
            del self.sets[of][member]
        else:
            self.sets[of][member] = added

    def asks(self) -> dict[tuple[str, str], Stretch]:
        """Return what has to be read of which sets; the states that ``tell`` asked for are known by now."""
        for subject, links in self._few.items():
            self._relink(subject, links)
            self._moved.update((topic, subject) for topic in TOPICS.get(subject.partition("/")[0], ()))
        found = {}
        for topic, subject in self._moved:
            heed = HEEDS[subject.partition("/")[0], topic]
            stretch = heed.stretch(self._state(subject))
            if stretch:
                gone = sum(not added for added in self.sets.get((topic, subject), {}).values())
                found[topic, subject] = Stretch(*stretch, heed.first + gone if heed.first else 0)
        self.wave = dict.fromkeys(self._few)
        return found

    def hear(self, asked: Mapping[tuple[str, str], Stretch], members: Iterable[Iterable[str]]) -> None:
        """Keep what is heeded of the sets that were read, before this batch; who keeps another thing is of the next wave."""
        read = dict(zip(asked, members, strict=True))
        for of in self._moved:
            topic, subject = of
            links: list[Any] | None = None
            if of in read:
                heed, changes = HEEDS[subject.partition("/")[0], topic], self.sets.get(of, {})
                there = {one for one in read[of] if changes.get(one, True)}
                there |= {
                    m for m, added in changes.items() if added and asked[of].from_ms <= at_ms(m) < asked[of].to_ms
                }
                found = sorted(there)[: heed.first or None]
                links = heed.keep(found) if found else None
            if self._state(subject).links.get(topic) != links:
                self._relink(subject, {topic: links})
                self.wave[subject] = None
                self._again.update(self._others(subject, topic))

    def _others(self, subject: str, but: str = "") -> Iterator[tuple[str, str]]:
        """What a record heeds of other topics may be something else when its state is."""
        entity = subject.partition("/")[0]
        return ((topic, subject) for topic in TOPICS.get(entity, ()) if topic != but and HEEDS[entity, topic].by_state)

    def _relink(self, subject: str, links: Mapping[str, list[Any] | None]) -> None:
        record = self._state(subject)
        kept = {name: link for name, link in {**record.links, **links}.items() if link is not None}
        self.states[subject.partition("/")[0]][subject] = Record(record.entries, record.appended_ms, kept)

    def _state(self, subject: str) -> Record:
        return self.states[subject.partition("/")[0]].get(subject) or self.before.get(subject) or UNKNOWN
