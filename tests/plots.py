"""Courses of events that chance alone seldom brings about: what is answered, kept, repeated, paid and worth it.

Each is told of random records in the order of time, amid all that else happens to these; what a plot says outranks chance.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.histories import Author

Scene = tuple[str, str, dict[str, Any]]
"""The type of an event, the id of its record (empty: any), and what it has to say."""
HUMAN = {"author": "human", "automated": False}


def lead_is_answered(a: Author) -> list[Scene]:
    kind = a.rng.choice(("call", "email", "message"))
    [lead], [answer] = a.cast("lead"), a.cast(kind)
    target_ms = a.rng.choice((60_000, 40 * 86_400_000))
    return [("org.updated", "", {"lead_response_target_ms": target_ms}), ("lead.created", lead, {"inbound": True}),
            (f"{kind}.logged", answer, {"lead_id": lead, "direction": "outbound", **HUMAN})]  # fmt: skip


def customer_replies(a: Author) -> list[Scene]:
    kind, name = a.rng.choice((("email", "thread_id"), ("message", "conversation_id")))
    talk = {name: a.rng.choice(("a", "b/{c}", "ç", "d e")), **HUMAN}
    turns = ("outbound", "inbound", a.rng.choice(("outbound", "inbound")))
    return [
        (f"{kind}.logged", one, {**talk, "direction": turn}) for one, turn in zip(a.cast(kind, 3), turns, strict=True)
    ]


def customer_stays(a: Author) -> list[Scene]:
    [name], [first, second], [contract] = a.cast("account"), a.cast("order", 2), a.cast("contract")
    account, price = {"account_id": name}, {"value": a.money()}
    again = [("order.created", second, account), ("order.status_changed", second, {"new": "confirmed", **account})]
    signed: list[Scene] = [
        ("contract.status_changed", contract, {"new": "signed", **account, "start": None, "end": None})
    ]
    return [("order.created", first, account | price), ("order.status_changed", first, {"new": "confirmed", **account}),
            *a.rng.choice((again, signed)),
            ("spend.recorded", "", {"kind": a.rng.choice(("marketing", "sales")), **price})]  # fmt: skip


def field_pays(a: Author) -> list[Scene]:
    [won, lost], [beat] = a.cast("deal", 2), a.cast("heartbeat")
    currency, other = a.rng.sample(("EUR", "USD"), 2)
    cost = {"amount": a.rng.choice(("30", "7.5")), "currency": currency}
    declared: Scene = ("field.updated", "deal.size", {"capture_minutes": a.rng.choice((1.5, 10))})
    seen: Scene = ("session.heartbeat", beat, {"owner_id": "ann", "field": "deal.size", "active_ms": 200_000})
    return [("org.updated", "", {"hourly_cost": cost}), ("fx_rate.set", f"{currency}/2000-01-01", {"rate": "0.9"}),
            ("fx_rate.set", f"{other}/2000-01-01", {"rate": "1.1"}), seen, *a.rng.choice(([declared], [declared], [])),
            ("deal.created", won, {"custom": {"size": a.rng.choice((1, "big"))}, "value": a.money()}), ("deal.won", won, {}),
            ("deal.created", lost, {"custom": {}}), ("deal.lost", lost, {"custom": {}})]  # fmt: skip


def promise_is_kept(a: Author) -> list[Scene]:
    [ticket], promised_ms = a.cast("ticket"), a.rng.choice((40 * 86_400_000, 3_600_000))
    hours = {"hours": a.rng.choice(("calendar", "business"))}
    sla = {"first_response_ms": promised_ms, "resolution_ms": promised_ms, **hours}
    return [("ticket.created", ticket, {"sla": sla, "created_by": "customer"}),
            ("ticket.message", ticket, {"author": "agent", "public": True}),
            ("ticket.status_changed", ticket, {"new": "solved"}),
            ("feedback.received", "", {"kind": "csat", "score": 5, "scale": 5, "ticket_id": ticket})]  # fmt: skip


def issue_repeats(a: Author) -> list[Scene]:
    issue = {"category": a.rng.choice(("bug", "how to"))}
    names = zip(a.cast("ticket", 2), ("r1", "r2"), strict=True)
    return [("ticket.created", ticket, {**issue, "requester_id": who}) for ticket, who in names]


def work_is_due(a: Author) -> list[Scene]:
    [late, done], [meeting] = a.cast("task", 2), a.cast("meeting")
    due = {"due_at": None, "due_date": a.date()}
    return [("task.created", late, {**due, "assigned_by": "ann", "assignee_id": "d/d"}), ("task.created", done, due),
            ("meeting.scheduled", meeting, {"start": a.time()}), ("task.status_changed", done, {"new": "done"})]  # fmt: skip


def deal_is_touched(a: Author) -> list[Scene]:
    [deal, other], [account], [call], [meeting] = (
        a.cast("deal", 2),
        a.cast("account"),
        a.cast("call"),
        a.cast("meeting"),
    )
    about = {"account_id": account, "contact_ids": a.cast("contact")}
    told = {**about, "deal_id": deal, "direction": "outbound", "outcome": "connected"}
    return [("web.visit", "", {**about, "kind": "page"}), ("call.logged", call, told),
            ("meeting.status_changed", meeting, {**about, "deal_id": deal, "new": "completed", "start": None}),
            ("deal.created", deal, {**about, "value": a.money()}), ("deal.health_changed", other, {"new": "has_problems"}),
            (f"deal.{a.rng.choice(('won', 'lost'))}", deal, {}), ("spend.recorded", "", {"kind": "crm"})]  # fmt: skip


def account_is_forgotten(a: Author) -> list[Scene]:
    [account], [contact], [email] = a.cast("account"), a.cast("contact"), a.cast("email")
    south, web = {"region": "DE-BY"}, {"source": "web"}
    return [("segment.updated", "", {"entity": "account", "where": south, "cadence_days": 0}), ("account.created", account, south),
            ("email.logged", email, {"account_id": account, "direction": "outbound", **HUMAN}), ("contact.created", contact, web),
            ("segment.updated", "", {"entity": "contact", "where": web})]  # fmt: skip


def deal_stands_still(a: Author) -> list[Scene]:
    [deal], stage = a.cast("deal"), "new"
    return [("org.updated", "", {"stalled_after_days": {stage: a.rng.choice((0, 2))}}),
            ("deal.created", deal, {"stage_id": stage, "value": a.money()})]  # fmt: skip


def deals_are_expected(a: Author) -> list[Scene]:
    deals = a.cast("deal", 5)
    price = {"value": {"amount": "1000", "currency": a.rng.choice(("EUR", "USD"))}}
    told: list[Scene] = [
        ("deal.created", deal, {**price, "probability": a.rng.choice((0.2, 0.5)), "expected_close": a.date()})
        for deal in deals
    ]
    return [*told, ("deal.won", deals[0], price)]


def contact_moves_on(a: Author) -> list[Scene]:
    [contact] = a.cast("contact")
    return [("contact.created", contact, {"lifecycle": "lead"}),
            ("contact.updated", contact, {"changed": {"lifecycle": {"new": a.rng.choice(("customer", "fan"))}}})]  # fmt: skip


def some_work_more(a: Author) -> list[Scene]:
    who = ("bo:b", "ç{é}", "d/d", "e e")
    beats: list[Scene] = [
        ("session.heartbeat", key, {"owner_id": user, "active_ms": 300_000})
        for key, user in zip(a.cast("heartbeat", 4), who, strict=True)
    ]
    return beats + [("call.logged", key, {"owner_id": user}) for key, user in zip(a.cast("call", 4), who, strict=True)]


PLOTS: tuple[Callable[[Author], list[Scene]], ...] = (
    lead_is_answered, customer_replies, customer_stays, field_pays, promise_is_kept, issue_repeats, work_is_due, deal_is_touched,
    account_is_forgotten, deal_stands_still, deals_are_expected, contact_moves_on, some_work_more,
)  # fmt: skip
