"""What records tell those that they name, and what these keep of it: as data.

A record tells one thing by topic to each record that it names. Told without a topic, it is for few: the named record keeps what
each of its tellers says (``links``, by teller). A topic is for many: what is said is a member of a sorted set beside the named
record, which changes by the difference alone, and of which that record keeps what it ``heeds``. Both are pure functions of the
states, so what is told does not depend on what was told first; and what is told must not depend on itself by any way round.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from aggregators import leads, tickets
from aggregators.activities import touch
from aggregators.record import Record
from aggregators.story import Story, story
from aggregators.tables import escaped, unescaped

Said = dict[tuple[str, str], Any]
"""What a record tells: by topic and the subject that is told. Of a topic it is a member, as ``member`` makes them."""

EVER_MS = 1 << 52


class Heed(NamedTuple):
    """What a record keeps of a topic: the ``first`` members (0: all) of the stretch ``[from, to)`` in ms that its state tells.

    None for a stretch is to keep nothing; ``by_story``: the stretch is another one when the record's own events say so.
    """

    stretch: Callable[[Record], tuple[int, int] | None]
    first: int
    keep: Callable[[list[str]], list[Any]]
    by_story: bool = True


def member(at_ns: int, *parts: str) -> str:
    """Return a member of a set: members of one instant have an order, too."""
    return ":".join((f"{at_ns:019}", *map(escaped, parts)))


def parts(member: str) -> tuple[int, list[str]]:
    """Return the instant and the parts that a member was made of."""
    at_ns, *rest = member.split(":")
    return int(at_ns), [unescaped(part) for part in rest]


def at_ms(member: str) -> int:
    """Return the instant of a member in ms, which is its score."""
    return int(member[:19]) // 1_000_000


def said(entity: str, subject: str, record: Record) -> Said:
    """Return what a record tells others; nothing when it is deleted."""
    names, tell = TELLS[entity]
    if not (names_any(record, names) and (told := story(record))):
        return {}
    return tell(subject, told, record)


def names_any(record: Record, members: tuple[str, ...]) -> bool:
    """Tell whether any event of a record has one of these members: most have none, and tell nobody anything."""
    for entry in record.entries:
        data = entry.data
        for name in members:
            if getattr(data, name) is not None:
                return True
        changed = getattr(data, "changed", None)
        if changed and not changed.keys().isdisjoint(members):
            return True
    return False


def _rating(subject: str, told: Story, _: Record) -> Said:
    rated = tickets.rating(told)
    return {("", f"ticket/{rated[0]}"): rated[1]} if rated and rated[0] else {}


def _touch(subject: str, told: Story, _: Record) -> Said:
    """An answer to a lead is what a person says to it."""
    found, lead = touch(told), told.final.get("lead_id")
    if not (found and lead and found.outbound and found.human):
        return {}
    return {(leads.ANSWER, f"lead/{lead}"): member(found.at_ns, found.actor, subject)}


def _form(subject: str, told: Story, _: Record) -> Said:
    lead = told.final.get("lead_id")
    return {("", f"lead/{lead}"): [told.points[0].entry.time_ns]} if lead and told.final.get("kind") == "form" else {}


Tell = Callable[[str, Story, Record], Said]
TELLS: dict[str, tuple[tuple[str, ...], Tell]] = {
    "feedback": (("ticket_id",), _rating),
    "call": (("lead_id",), _touch),
    "email": (("lead_id",), _touch),
    "message": (("lead_id",), _touch),
    "meeting": (("lead_id",), _touch),
    "visit": (("lead_id",), _form),
}
"""Entities whose records tell others something: the members that name those, and what is told."""


def _answered(record: Record) -> tuple[int, int] | None:
    told = story(record)
    since_ns = leads.waits_since(told, record.links) if told else None
    return None if since_ns is None else (since_ns // 1_000_000, EVER_MS)


def _answer(members: list[str]) -> list[Any]:
    at_ns, (actor, _) = parts(members[0])
    return [at_ns, actor]


HEEDS: dict[tuple[str, str], Heed] = {
    ("lead", leads.ANSWER): Heed(_answered, 1, _answer),
}
"""What is kept of a topic, by the entity of the record that is told."""

TOPICS: dict[str, tuple[str, ...]] = {
    entity: tuple(topic for of, topic in HEEDS if of == entity) for entity, _ in HEEDS
}
"""The topics that the records of an entity heed."""
