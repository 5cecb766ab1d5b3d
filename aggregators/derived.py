"""Moments that are told when they are asked for, since what a record counts for depends on others: nothing of them is kept."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from aggregators import fields, sessions
from aggregators.fields import About
from aggregators.moment import Moment, moment
from aggregators.record import Record
from aggregators.story import Story, normalised, story

Told = Iterator[tuple[str, Moment]]
"""Subjects with a moment of theirs."""


class Derived(NamedTuple):
    """``anchors`` are those by which the records that tell are found, ``told`` gives the moments of all of them.

    Of anchors by which custom fields are found those of other entities are left out. ``around_ms``: of the holders that are asked
    about, those that far around the window are enough; None: all there are.
    """

    anchors: tuple[str, ...]
    told: Callable[[Mapping[str, Record], About], Told]
    around_ms: int | None = None


def compared(records: Mapping[str, Record], _: About) -> Told:
    """Return the creation of each contact, and whether it shares an address or a number with another."""
    found = {subject: told for subject in sorted(records) if (told := story(records[subject]))}
    shared = Counter(identity for told in found.values() for identity in _identities(told))
    for subject, told in found.items():
        doubled = any(shared[identity] > 1 for identity in _identities(told))
        yield subject, moment("contact.compared", told.created_ns, told, doubled=doubled)


def _identities(told: Story) -> list[tuple[str, str]]:
    hashes = ((name, normalised(told.final.get(name))) for name in ("email_hash", "phone_hash"))
    return [(name, found) for name, found in hashes if found]


_FIELDS = tuple(fields.FOUND_BY.values())

DERIVED: dict[str, Derived] = {
    "contact.compared": Derived(("contact.created",), compared),
    "session.spent": Derived(("session.beat",), lambda records, _: sessions.spent(records), sessions.AROUND_MS),
    "field.live": Derived(_FIELDS, fields.filled),
    "field.entered": Derived(_FIELDS, fields.entered),
    "field.changed": Derived(_FIELDS, fields.changed),
    "field.used": Derived((*_FIELDS, "session.beat"), fields.used),
}
"""How they are told, by anchor."""
