"""The recount of what is told across records: contacts with leads, and how soon they answered those."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

from tests.recounts import activities, deals, orders
from tests.recounts.record import EVER_NS, MS_NS, NONE, Part, Record, data, seconds_between, status, time_ns
from tests.recounts.told import Told


class Contact(NamedTuple):
    """Something that was said between a customer and us."""

    record: Record
    at_ns: int
    actor: str | None
    outbound: bool
    human: bool


def contacts(it: Told) -> Iterator[Contact]:
    """All of them: what was logged, and the meetings that were held."""
    for entity in ("call", "email", "message"):
        for record in it.live(entity):
            if record.created:
                human = not record.final("automated") and record.final("author") != "bot"
                who = record.created.get("actorid") or record.owner(record.created_ns)
                yield Contact(record, record.created_ns, who, record.final("direction") == "outbound", human)
    for meeting in it.live("meeting"):
        changes = meeting.happened("crm.meeting.status_changed")
        if changes and data(changes[-1])["new"] == "completed":
            told_ns = time_ns(changes[-1]["time"])
            start = meeting.final("start")
            who = changes[-1].get("actorid") or meeting.owner(told_ns)
            yield Contact(meeting, time_ns(start) if start else told_ns, who, outbound=True, human=True)


def waits_since(it: Told, lead: Record) -> int | None:
    """Since when somebody should answer it."""
    inbound = lead.final("inbound")
    if inbound is None:
        inbound = lead.final("form_id") is not None
    if inbound:
        return lead.created_ns
    visits = [v for v in it.live("visit") if v.final("lead_id") == lead.key and v.final("kind") == "form"]
    return max(lead.created_ns, min(v.created_ns for v in visits)) if visits else None


def answered(it: Told) -> Iterator[tuple[Record, int, int, Contact | None]]:
    """Each lead that is waited for: since when, by when, and the first answer."""
    for lead in it.live("lead"):
        since_ns = waits_since(it, lead)
        if since_ns is None:
            continue
        said = [c for c in contacts(it) if c.record.final("lead_id") == lead.key and c.outbound and c.human]
        said = [c for c in said if c.at_ns // MS_NS >= since_ns // MS_NS]
        first = min(said, key=lambda c: (c.at_ns, c.actor or "", f"{c.record.entity}/{c.record.key}"), default=None)
        yield lead, since_ns, (since_ns // MS_NS + target_ms(it, since_ns)) * MS_NS, first


def target_ms(it: Told, at_ns: int) -> int:
    """As the organisation said it last up to then."""
    known = [
        value
        for org in it.records["org"].values()
        for event in org.events
        if time_ns(event["time"]) // MS_NS <= at_ns // MS_NS
        and (value := data(event).get("lead_response_target_ms")) is not None
    ]
    return known[-1] if known else 1_800_000


def speed_to_lead(it: Told) -> Iterator[Part]:
    for lead, since_ns, _, first in answered(it):
        if first:
            holder = (first.actor, None) if first.actor else lead.holder(first.at_ns)
            yield Part(first.at_ns, *holder, lead.timeless, it.took(lead, since_ns, first.at_ns))


def lead_response_within_target_rate(it: Told) -> Iterator[Part]:
    for lead, _, due_ns, first in answered(it):
        met = first is not None and first.at_ns // MS_NS <= due_ns // MS_NS
        at_ns = first.at_ns if first and met else due_ns
        yield Part(at_ns, *lead.holder(at_ns), lead.timeless, Fraction(met))


def leads_awaiting_response(it: Told, now_ns: int, *, late: bool = False) -> Iterator[Part]:
    """`now_ns` is the last nanosecond before the instant that is asked for."""
    for lead, since_ns, due_ns, first in answered(it):
        waits = since_ns <= now_ns and not (first and first.at_ns <= now_ns)
        if late:
            waits = waits and due_ns <= now_ns and not (first and first.at_ns // MS_NS <= due_ns // MS_NS)
        if waits and status(lead, "open", now_ns) in {"open", "working", "qualified"}:
            yield Part(now_ns, *lead.holder(now_ns), lead.timeless)


# Sales


def orders_of(it: Told, deal: Record) -> list[Record]:
    """The confirmed orders that name a deal."""
    return [order for order, _ in orders.confirmed(it) if order.final("deal_id") == deal.key]


def sales(it: Told) -> Iterator[tuple[Record, int, str | None]]:
    """Confirmed orders, and deals won that none of them names: when, and the account."""
    for order, at_ns in orders.confirmed(it):
        deal = it.records["deal"].get(order.final("deal_id") or "")
        of_deal = deal.final("account_id") if deal and not deal.deleted else None
        yield order, at_ns, order.final("account_id") or of_deal
    for deal, _, at_ns, _ in deals.closed(it, "won"):
        if not orders_of(it, deal):
            yield deal, at_ns, deal.final("account_id")


def account_sales(it: Told, *, first: bool) -> Iterator[Part]:
    of: dict[str, list[tuple[int, str, Record]]] = {}
    for record, at_ns, account in sales(it):
        if account:
            of.setdefault(account, []).append((at_ns, f"{record.entity}/{record.key}", record))
    for own in of.values():
        own.sort(key=lambda sale: sale[:2])
        for at_ns, _, record in own[:1] if first else own[1:]:
            yield deals.deal_part(it, record, at_ns)


def customers(it: Told) -> tuple[set[str], set[str], set[str]]:
    """The leads, contacts and accounts that have a sale which names them."""
    sold = [order for order, _ in orders.confirmed(it)] + [deal for deal, *_ in deals.closed(it, "won")]
    contacts = {contact for record in sold for contact in record.final("contact_ids") or ()}
    return {record.final("lead_id") for record in sold}, contacts, {account for *_, account in sales(it) if account}


def contact_buys(it: Told, key: str) -> bool:
    _, contacts, accounts = customers(it)
    record = it.records["contact"].get(key)
    if record and record.deleted:
        return False
    return key in contacts or bool(record and record.final("account_id") in accounts)


def lead_buys(it: Told, lead: Record) -> bool:
    leads, _, accounts = customers(it)
    of_contact = any(contact_buys(it, contact) for contact in lead.final("contact_ids") or ())
    return lead.key in leads or lead.final("account_id") in accounts or of_contact


def lead_to_customer_rate(it: Told) -> Iterator[Part]:
    for lead in it.live("lead"):
        yield Part(lead.created_ns, *lead.holder(lead.created_ns), lead.timeless, Fraction(lead_buys(it, lead)))


def contact_to_customer_rate(it: Told) -> Iterator[Part]:
    for contact in it.live("contact"):
        buys = Fraction(contact_buys(it, contact.key))
        yield Part(contact.created_ns, *contact.holder(contact.created_ns), contact.timeless, buys)


def revenue_won(it: Told) -> Iterator[Part]:
    """What was earned with a deal is what was ordered, where anything was."""
    for deal, _, at_ns, _ in deals.closed(it, "won"):
        ordered = [deals.worth(it, order, at_ns, EVER_NS) for order in orders_of(it, deal)]
        part = won_part(it, deal, at_ns) if ordered else deals.worth(it, deal, at_ns, EVER_NS)
        if ordered:
            part.top = sum((each.top for each in ordered), Fraction(0))
            part.missing_rate = any(each.missing_rate for each in ordered)
            for each in ordered:
                for product, (top, missing) in (each.products or {NONE: (each.top, each.missing_rate)}).items():
                    known, lacked = part.products[product]
                    part.products[product] = known + top, lacked or missing
        yield part


def won_part(it: Told, deal: Record, at_ns: int) -> Part:
    """A won deal is about what was ordered, where anything was."""
    part = deals.deal_part(it, deal, at_ns)
    goods = [deals.deal_part(it, order, at_ns).products or (NONE,) for order in orders_of(it, deal)]
    if goods:
        part.products = {product: (Fraction(0), False) for each in goods for product in each}
    return part


# Conversations


def conversations(it: Told, *entities: str) -> Iterator[list[tuple[int, str, Part, bool, bool]]]:
    """The messages of each, in order: when, which, what it counts by, whether it is ours, and by a person."""
    of: dict[tuple[str, str], list[tuple[int, str, Part, bool, bool]]] = {}
    for entity, name in (("email", "thread_id"), ("message", "conversation_id")):
        for record, part in activities.logged(it, entity) if entity in entities else ():
            human = not record.final("automated") and record.final("author") != "bot"
            message = (part.at_ns, f"{entity}/{record.key}", part, activities.outbound(record), human)
            if conversation := record.final(name):
                of.setdefault((entity, conversation), []).append(message)
    for own in of.values():
        yield sorted(own, key=lambda message: message[:2])


def reply_rate(it: Told, *entities: str) -> Iterator[Part]:
    for (at_ns, _, part, ours, human), *rest in conversations(it, *entities):
        if ours and human:
            answers = [when for when, _, _, ours, human in rest if human and not ours]
            due_ns = at_ns + 14 * 86_400 * 1000 * MS_NS
            met = bool(answers) and answers[0] // MS_NS <= due_ns // MS_NS
            yield replace(part, at_ns=answers[0] if met else due_ns, top=Fraction(met))


def customer_reply_time(it: Told) -> Iterator[Part]:
    for messages in conversations(it, "email", "message"):
        asked: list[Part] = []
        for at_ns, _, part, ours, human in messages:
            if human and ours:
                asked.append(part)
            elif human and asked:
                yield replace(asked[0], at_ns=at_ns, top=seconds_between(asked[0].at_ns, at_ns))
                asked.clear()


FLOWS: dict[str, Callable[[Told], Iterator[Part]]] = {
    "speed_to_lead": speed_to_lead,
    "lead_response_within_target_rate": lead_response_within_target_rate,
    "lead_to_customer_rate": lead_to_customer_rate,
    "contact_to_customer_rate": contact_to_customer_rate,
    "email_reply_rate": lambda it: reply_rate(it, "email"),
    "customer_reply_rate": lambda it: reply_rate(it, "email", "message"),
    "customer_reply_time": customer_reply_time,
    "primary_sales": lambda it: account_sales(it, first=True),
    "repeat_sales": lambda it: account_sales(it, first=False),
    "new_customers": lambda it: account_sales(it, first=True),
    "revenue_won": revenue_won,
    "avg_deal_size": revenue_won,
}
GAUGES: dict[str, Callable[[Told, int], Iterator[Part]]] = {"leads_awaiting_response": leads_awaiting_response}
DURATIONS: set[str] = {"speed_to_lead", "customer_reply_time"}
RATIOS: set[str] = {
    "lead_to_customer_rate",
    "contact_to_customer_rate",
    "lead_response_within_target_rate",
    "email_reply_rate",
    "customer_reply_rate",
}
