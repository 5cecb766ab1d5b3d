"""Moments that are told when they are asked for, since what a record counts for depends on others: nothing of them is kept."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from aggregators import (
    attribution,
    clients,
    closing,
    fields,
    modules,
    outreach,
    processes,
    reach,
    retention,
    sessions,
    stalls,
    standing,
    touches,
)
from aggregators.about import About
from aggregators.deals import won_ns
from aggregators.moment import Moment, moment
from aggregators.record import Record
from aggregators.story import Story, normalised, story
from aggregators.windows import Window

REPEATED_NS = 30 * 86_400 * 10**9
"""So close to each other tickets of a category are about one cause."""
Told = Iterator[tuple[str, Moment]]
"""Subjects with a moment of theirs."""
ByWindow = Callable[[Mapping[str, Record], About], Callable[[Window], Told]]
"""From all records, which it looks through once, to what is told of each window."""


class Derived(NamedTuple):
    """``anchors`` are those by which the records that tell are found, ``told`` gives the moments of all of them.

    Of anchors by which custom fields are found those of other entities are left out. ``around_ms``: of the holders that are asked
    about, those that far around the window are enough; None: all there are, but those of ``near`` anchors in the window alone.
    ``kept`` are measures by which the records stand in the index, where an anchor's first one leaves some out. ``named``: what the
    records name tells, too. ``by_window`` gives what is told of each window where it has moments of its own, in place of ``told``.
    """

    anchors: tuple[str, ...]
    told: Callable[[Mapping[str, Record], About], Told] = lambda *_: iter(())
    around_ms: int | None = None
    near: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    named: bool = False
    by_window: ByWindow | None = None


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


def repeated(records: Mapping[str, Record], _: About) -> Told:
    """Return the creation of each ticket, and whether another requester had its category not long before or after."""
    by_category: dict[str, list[tuple[int, str, str, Story]]] = defaultdict(list)
    for subject in sorted(records):
        if told := story(records[subject]):
            category, requester = told.final.get("category"), told.final.get("requester_id")
            by_category[category or ""].append((told.created_ns, subject, requester or "", told))
    for category, tickets in by_category.items():
        tickets.sort(key=lambda ticket: ticket[:2])
        near = Counter[str]()
        begin = end = 0
        for created_ns, subject, requester, told in tickets:
            while end < len(tickets) and tickets[end][0] <= created_ns + REPEATED_NS:
                near[tickets[end][2]] += 1
                end += 1
            while tickets[begin][0] < created_ns - REPEATED_NS:
                near[tickets[begin][2]] -= 1
                begin += 1
            others = any(count for other, count in near.items() if other not in ("", requester))
            again = bool(category and requester) and others
            yield subject, moment("ticket.compared", created_ns, told, repeated=again)


def captured(records: Mapping[str, Record], _: About) -> Told:
    """Return the creation of each account, and whether a deal of it is won."""
    found = {subject: told for subject in sorted(records) if (told := story(records[subject]))}
    deals = [told for subject, told in found.items() if subject.startswith("deal/")]
    won = {told.final.get("account_id") for told in deals if won_ns(told) is not None}
    for subject, told in found.items():
        if subject.startswith("account/"):
            yield subject, moment("account.captured", told.created_ns, told, won=subject.partition("/")[2] in won)


_FIELDS = tuple(fields.FOUND_BY.values())
_TOUCHES = ("touches",)
_DEALS = (*touches.FOUND_BY, "deal.created", "lead.created")
_ACCOUNTS = (*touches.FOUND_BY, "account.created")
_NEAR = Derived(touches.FOUND_BY, near=touches.FOUND_BY, kept=_TOUCHES, named=True)

DERIVED: dict[str, Derived] = {
    "client.placed": Derived(("deal.open",), clients.placed, named=True),
    "customer.counted": Derived(("order.confirmed", "contract.signed"), named=True, by_window=retention.kept),
    closing.ANCHOR: Derived(("deal.created",), by_window=closing.forecast),
    "process.ended": Derived(processes.FOUND_BY, processes.ended, around_ms=0, named=True),
    "contact.compared": Derived(("contact.created",), compared),
    "ticket.compared": Derived(("ticket.created",), repeated),
    "account.captured": Derived(("account.created", "deal.closed"), captured),
    "session.spent": Derived(("session.beat",), lambda records, _: sessions.spent(records), sessions.AROUND_MS),
    "module.acted": Derived(
        (*modules.FOUND_BY, *modules.LOGGED),
        lambda records, _: modules.acted(records),
        near=modules.LOGGED,
        kept=("activities_completed", "touches"),
    ),
    "field.live": Derived(_FIELDS, fields.filled),
    "field.entered": Derived(_FIELDS, fields.entered),
    "field.decided": Derived(("deal.closed",), fields.decided),
    "field.changed": Derived(_FIELDS, fields.changed),
    "field.used": Derived((*_FIELDS, "session.beat"), fields.used),
    "deal.touched": Derived(_DEALS, attribution.touched, kept=_TOUCHES, named=True),
    "deal.attributed": Derived(_DEALS, attribution.attributed, kept=_TOUCHES, named=True),
    "account.touched": _NEAR._replace(told=reach.accounts),
    "contact.touched": _NEAR._replace(told=reach.contacts),
    "chat.handled": _NEAR._replace(told=reach.chats),
    "meeting.led": Derived(
        ("meeting.held", "deal.created"), outreach.meetings, near=("meeting.held",), kept=_TOUCHES, named=True
    ),
    "contact.begun": Derived((*touches.FOUND_BY, "deal.created"), outreach.begun, kept=_TOUCHES, named=True),
    "contact.tried": Derived((*touches.FOUND_BY, "deal.created"), outreach.tried, kept=_TOUCHES, named=True),
    "deal.stalled": Derived((*_DEALS, "meeting.booked"), kept=_TOUCHES, named=True, by_window=stalls.stalled),
    "account.stands": Derived(_ACCOUNTS, kept=_TOUCHES, named=True, by_window=standing.standing),
    "account.tied": Derived((*_ACCOUNTS, "ticket.rated"), kept=_TOUCHES, named=True, by_window=standing.strength),
}
"""How they are told, by anchor."""
