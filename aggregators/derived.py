"""Moments that are told when they are asked for, since what a record counts for depends on others: nothing of them is kept."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from aggregators import sessions
from aggregators.moment import Moment, moment
from aggregators.record import Record
from aggregators.story import Story, normalised, story

Told = Iterator[tuple[str, Moment]]
"""Subjects with a moment of theirs."""


class Derived(NamedTuple):
    """``anchors`` are those by which the records that tell are found, ``told`` gives the moments of all of them.

    ``around_ms``: of the holders that are asked about, those that far around the window are enough; None: all there are.
    """

    anchors: tuple[str, ...]
    told: Callable[[Mapping[str, Record]], Told]
    around_ms: int | None = None


def compared(records: Mapping[str, Record]) -> Told:
    """Return the creation of each contact, and whether it shares an address or a number with another."""
    found = {subject: told for subject in sorted(records) if (told := story(records[subject]))}
    shared = Counter(identity for told in found.values() for identity in _identities(told))
    for subject, told in found.items():
        doubled = any(shared[identity] > 1 for identity in _identities(told))
        yield subject, moment("contact.compared", told.created_ns, told, doubled=doubled)


def _identities(told: Story) -> list[tuple[str, str]]:
    hashes = ((name, normalised(told.final.get(name))) for name in ("email_hash", "phone_hash"))
    return [(name, found) for name, found in hashes if found]


DERIVED: dict[str, Derived] = {
    "contact.compared": Derived(("contact.created",), compared),
    "session.spent": Derived(("session.beat",), sessions.spent, sessions.AROUND_MS),
}
"""How they are told, by anchor."""
