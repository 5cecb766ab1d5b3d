"""Contacts: how complete they are, which are there twice, and which segments records are in."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from fractions import Fraction

from tests.recounts.record import DIMENSIONS, EVER_NS, NONE, Part, Record, label
from tests.recounts.told import Told


def contacts(it: Told, now_ns: int) -> Iterator[tuple[Record, Part]]:
    for contact in it.live("contact"):
        if contact.created_ns <= now_ns:
            yield contact, Part(now_ns, *contact.holder(now_ns), contact.timeless)


def contact_completeness(it: Told, now_ns: int) -> Iterator[Part]:
    """Each contact: how many of the required fields are filled, of how many."""
    required = {field for org in it.records["org"].values() for field in org.final("required_contact_fields") or []}
    for contact, part in contacts(it, now_ns):
        filled = contact.at("filled", now_ns) or []
        part.top, part.bottom = Fraction(len(required.intersection(filled))), len(required)
        yield part


def duplicate_rate(it: Told) -> Iterator[Part]:
    sharing: dict[tuple[str, str], set[str]] = defaultdict(set)
    for contact in it.live("contact"):
        for member in ("email_hash", "phone_hash"):
            if said := " ".join((contact.final(member) or "").split()).casefold():
                sharing[member, said].add(contact.key)
    doubled = {key for keys in sharing.values() if len(keys) > 1 for key in keys}
    for contact in it.live("contact"):
        at_ns = contact.created_ns
        yield Part(at_ns, *contact.holder(at_ns), contact.timeless, Fraction(contact.key in doubled))


def segment_size(it: Told, now_ns: int) -> Iterator[Part]:
    yield from (part for _, part in contacts(it, now_ns) if segments(it, part.dims["(subject)"]))


def segments(it: Told, subject: str) -> list[str]:
    """Those that the record is in, or what it names."""
    record = find(it, subject)
    if record is None:
        return []
    named = [f"account/{record.final('account_id')}", *(f"contact/{key}" for key in record.final("contact_ids") or [])]
    members = [record, *(one for name in named if (one := find(it, name)) and not one.deleted)]
    return [
        key
        for key, segment in it.records["segment"].items()
        if any(
            one.entity == (segment.final("entity") or "contact")
            and all(label(value) in values(it, one, name) for name, value in (segment.final("where") or {}).items())
            for one in members
        )
    ]


def find(it: Told, subject: str) -> Record | None:
    entity, _, key = subject.partition("/")
    return it.records[entity].get(key)


def values(it: Told, record: Record, dimension: str) -> list[str]:
    user, team = record.holder(EVER_NS)
    if dimension == "user":
        return [label(user)]
    if dimension == "team":
        return it.teams(Part(it.now_ns, user, team, {})) or [NONE]
    if dimension.startswith("custom."):
        return [label(record.custom().get(dimension.removeprefix("custom.")))]
    return [label(record.final(DIMENSIONS.get(dimension, dimension)))]


FLOWS: dict[str, Callable[[Told], Iterator[Part]]] = {"duplicate_rate": duplicate_rate}
GAUGES: dict[str, Callable[[Told, int], Iterator[Part]]] = {
    "contact_completeness": contact_completeness,
    "segment_size": segment_size,
}
RATIOS: set[str] = {"duplicate_rate", "contact_completeness"}
