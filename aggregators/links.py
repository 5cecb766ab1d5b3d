"""What records tell those that they name, and what these keep of it: as data.

A record tells one thing by topic to each record that it names. Told without a topic, it is for few: the named record keeps what
each of its tellers says (``links``, by teller). A topic is for many: what is said is a member of a sorted set beside the named
record, which changes by the difference alone, and of which that record keeps what it ``heeds``. Both are pure functions of the
states, so what is told does not depend on what was told first; and what is told must not depend on itself by any way round.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from aggregators import deals, leads, orders, tickets
from aggregators.activities import touch
from aggregators.record import Record
from aggregators.sales import ACCOUNT, FIRST, SALE, SOLD, of
from aggregators.story import story

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
    """Return a member of a set: those of one instant have an order, too. No id has a tab."""
    return "\t".join((f"{at_ns:019}", *parts))


def parts(member: str) -> list[Any]:
    """Return the instant and the parts that a member was made of."""
    at_ns, *rest = member.split("\t")
    return [int(at_ns), *rest]


def at_ms(member: str) -> int:
    """Return the instant of a member in ms, which is its score."""
    return int(member[:19]) // 1_000_000


def said(entity: str, subject: str, record: Record) -> Said:
    """Return what a record tells others; nothing when it is deleted."""
    names, tell = TELLS[entity]
    return tell(subject, record) if record.links or names_any(record, names) else {}


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


def _rating(_: str, record: Record) -> Said:
    told = story(record)
    rated = told and tickets.rating(told)
    return {("", f"ticket/{rated[0]}"): rated[1]} if rated and rated[0] else {}


def _touch(subject: str, record: Record) -> Said:
    """An answer to a lead is what a person says to it."""
    told = story(record)
    found, lead = (touch(told), told.final.get("lead_id")) if told else (None, None)
    if not (found and lead and found.outbound and found.human):
        return {}
    return {(leads.ANSWER, f"lead/{lead}"): member(found.at_ns, found.actor, subject)}


def _form(_: str, record: Record) -> Said:
    told = story(record)
    lead = told.final.get("lead_id") if told and told.final.get("kind") == "form" else None
    return {("", f"lead/{lead}"): [told.created_ns]} if told and lead else {}


def _order(subject: str, record: Record) -> Said:
    """A confirmed order tells its deal its figures, and the account of both, where it is not told, by the deal."""
    told = story(record)
    confirmed = orders.confirmed(told) if told else None
    if told is None or confirmed is None:
        return {}
    found: Said = {}
    if deal := told.final.get("deal_id"):
        found["", f"deal/{deal}"] = [told.final.get("value"), told.final.get("lines")]
    if account := of(told.final, record.links):
        found[SALE, f"account/{account}"] = member(confirmed.entry.time_ns, subject)
    return found


def _deal(subject: str, record: Record) -> Said:
    """A deal tells its orders whose they are; they are the sale, and where there is none it is the deal that was won."""
    sold = [teller for teller in record.links if teller.startswith(SOLD)]
    if not sold and not any(entry.data.type == "crm.deal.won" for entry in record.entries):
        return {}
    told = story(record)
    account, won_ns = (told.final.get(ACCOUNT), deals.won_ns(told)) if told else (None, None)
    if not account:
        return {}
    if sold:
        return {("", order): [account] for order in sold}
    return {(SALE, f"account/{account}"): member(won_ns, subject)} if won_ns is not None else {}


def _account(_: str, record: Record) -> Said:
    """An account tells its first sale that it is."""
    first = record.links.get(SALE)
    return {("", first[1]): [FIRST]} if first else {}


Tell = Callable[[str, Record], Said]
TELLS: dict[str, tuple[tuple[str, ...], Tell]] = {
    "feedback": (("ticket_id",), _rating),
    "call": (("lead_id",), _touch),
    "email": (("lead_id",), _touch),
    "message": (("lead_id",), _touch),
    "meeting": (("lead_id",), _touch),
    "visit": (("lead_id",), _form),
    "order": (("deal_id", ACCOUNT), _order),
    "deal": ((ACCOUNT,), _deal),
    "account": ((), _account),
}
"""Entities whose records tell others something: the members that name those, and what is told by subject and state."""


def _answered(record: Record) -> tuple[int, int] | None:
    told = story(record)
    since_ns = leads.waits_since(told, record.links) if told else None
    return None if since_ns is None else (since_ns // 1_000_000, EVER_MS)


HEEDS: dict[tuple[str, str], Heed] = {
    ("lead", leads.ANSWER): Heed(_answered, 1, lambda members: parts(members[0])),
    ("account", SALE): Heed(lambda _: (0, EVER_MS), 1, lambda members: parts(members[0]), by_story=False),
}
"""What is kept of a topic, by the entity of the record that is told."""

TOPICS: dict[str, tuple[str, ...]] = {
    entity: tuple(topic for of, topic in HEEDS if of == entity) for entity, _ in HEEDS
}
"""The topics that the records of an entity heed."""
