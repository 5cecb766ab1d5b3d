"""What records tell those that they name, and what these keep of it: as data.

A record tells one thing by topic to each record that it names. Told without a topic, it is for few: the named record keeps what
each of its tellers says (``links``, by teller). A topic is for many: what is said is a member of a sorted set beside the named
record, which changes by the difference alone, and of which that record keeps what it ``heeds``. Both are pure functions of the
states, so what is told does not depend on what was told first; and what is told must not depend on itself by any way round.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from aggregators import conversations, deals, leads, orders, tickets
from aggregators.activities import logged, touch
from aggregators.record import Record
from aggregators.sales import ACCOUNT, FIRST, MEMBER, SALE, SOLD, is_customer, of
from aggregators.story import Facts, Story, story

Said = dict[tuple[str, str], Any]
"""What a record tells: by topic and the subject that is told. Of a topic it is a member, as ``member`` makes them."""

EVER_MS = 1 << 52


class Heed(NamedTuple):
    """What a record keeps of a topic: the ``first`` members (0: all) of the stretch ``[from, to)`` in ms that its state tells.

    None for a stretch is to keep nothing; ``by_state``: it may be another one when that state changes.
    """

    stretch: Callable[[Record], tuple[int, int] | None]
    first: int
    keep: Callable[[list[str]], list[Any]]
    by_state: bool = True


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
            if getattr(data, name, None) is not None:
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
    """An answer to a lead is what a person says to it; a message belongs to its conversation."""
    told = story(record)
    found = touch(told) if told else None
    if told is None or found is None:
        return {}
    tells: Said = {}
    if (lead := told.final.get("lead_id")) and found.outbound and found.human:
        tells[leads.ANSWER, f"lead/{lead}"] = member(found.at_ns, found.actor, subject)
    name, entity = conversations.ENTITIES.get(found.activity, ("", ""))
    if conversation := told.final.get(name):
        by = next(logged(told)).holder
        facts = [told.final.get("channel"), told.final.get("source")]
        tells["", f"{entity}/{conversation}"] = [found.at_ns, found.outbound, found.human, by, *facts]
    return tells


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
    found, at_ns = _buyers(told.final, confirmed.entry.time_ns), confirmed.entry.time_ns
    if deal := told.final.get("deal_id"):
        found["", f"deal/{deal}"] = [told.final.get("value"), told.final.get("lines")]
    if account := of(told.final, record.links):
        found[SALE, f"account/{account}"] = member(at_ns, subject)
    return found


def _deal(subject: str, record: Record) -> Said:
    """A deal tells its orders whose they are; they are the sale, and where there is none it is the deal that was won."""
    sold = [teller for teller in record.links if teller.startswith(SOLD)]
    if not sold and not any(entry.data.type == "crm.deal.won" for entry in record.entries):
        return {}
    told = story(record)
    account, won_ns = (told.final.get(ACCOUNT), deals.won_ns(told)) if told else (None, None)
    found = _buyers(told.final, won_ns) if told and won_ns is not None else {}
    if account and sold:
        found |= {("", order): [account] for order in sold}
    elif account and won_ns is not None:
        found[SALE, f"account/{account}"] = member(won_ns, subject)
    return found


def _buyers(facts: Facts, at_ns: int) -> Said:
    """A sale tells the contacts and the lead that it names."""
    found: Said = {("", f"contact/{contact}"): [at_ns] for contact in facts.get("contact_ids") or ()}
    return found | ({("", f"lead/{facts['lead_id']}"): [at_ns]} if facts.get("lead_id") else {})


def _account(_: str, record: Record) -> Said:
    """An account tells its first sale that it is, and who belongs to it that it buys."""
    first = record.links.get(SALE)
    return {("", first[1]): [FIRST]} | {("", who): [True] for who in record.links.get(MEMBER, ())} if first else {}


def _contact(subject: str, record: Record) -> Said:
    """A contact tells its account that it belongs to it, and the leads that name it whether it buys."""
    told = story(record)
    if told is None and record.entries:
        return {}
    buys = is_customer(record.links)
    found: Said = {("", teller): [True] for teller in record.links if buys and teller.startswith("lead/")}
    return found | (_belongs(subject, told) if told else {})


def _lead(subject: str, record: Record) -> Said:
    """A lead tells its account and its contacts that it is theirs."""
    told = story(record)
    if told is None:
        return {}
    contacts: Said = {("", f"contact/{contact}"): [True] for contact in told.final.get("contact_ids") or ()}
    return contacts | _belongs(subject, told)


def _belongs(subject: str, told: Story) -> Said:
    account = told.final.get(ACCOUNT)
    return {(MEMBER, f"account/{account}"): member(told.created_ns, subject)} if account else {}


Tell = Callable[[str, Record], Said]
TELLS: dict[str, tuple[tuple[str, ...], Tell]] = {
    "feedback": (("ticket_id",), _rating),
    "call": (("lead_id",), _touch),
    "email": (("lead_id", "thread_id"), _touch),
    "message": (("lead_id", "conversation_id"), _touch),
    "meeting": (("lead_id",), _touch),
    "visit": (("lead_id",), _form),
    "order": (("deal_id", ACCOUNT, "contact_ids", "lead_id"), _order),
    "deal": ((ACCOUNT, "contact_ids", "lead_id"), _deal),
    "account": ((), _account),
    "contact": ((ACCOUNT,), _contact),
    "lead": ((ACCOUNT, "contact_ids"), _lead),
}
"""Entities whose records tell others something: the members that name those, and what is told by subject and state."""


def _answered(record: Record) -> tuple[int, int] | None:
    told = story(record)
    since_ns = leads.waits_since(told, record.links) if told else None
    return None if since_ns is None else (since_ns // 1_000_000, EVER_MS)


HEEDS: dict[tuple[str, str], Heed] = {
    ("lead", leads.ANSWER): Heed(_answered, 1, lambda members: parts(members[0])),
    ("account", SALE): Heed(lambda _: (0, EVER_MS), 1, lambda members: parts(members[0]), by_state=False),
    ("account", MEMBER): Heed(
        lambda record: (0, EVER_MS) if SALE in record.links else None,
        0,
        lambda members: [parts(each)[1] for each in members],
    ),
}
"""What is kept of a topic, by the entity of the record that is told."""

TOPICS: dict[str, tuple[str, ...]] = {
    entity: tuple(topic for of, topic in HEEDS if of == entity) for entity, _ in HEEDS
}
"""The topics that the records of an entity heed."""
