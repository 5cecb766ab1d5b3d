"""Tickets: open, answered, solved, in time, and what customers thought of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction

from tests.recounts import hours as business
from tests.recounts import links
from tests.recounts.record import (
    EVER_NS,
    MS_NS,
    Event,
    Holder,
    Part,
    Record,
    data,
    order,
    seconds_between,
    status,
    time_ns,
)
from tests.recounts.told import Told

UNRESOLVED = {"new", "open", "pending", "on_hold"}


def tickets_created(it: Told) -> Iterator[Part]:
    for ticket in it.live("ticket"):
        yield Part(ticket.created_ns, *ticket.holder(ticket.created_ns), ticket.timeless)


def tickets_open(it: Told, now_ns: int) -> Iterator[Part]:
    for ticket in it.live("ticket"):
        if ticket.created_ns <= now_ns and status(ticket, "new", now_ns) in UNRESOLVED:
            yield Part(now_ns, *ticket.holder(now_ns), ticket.timeless)


def resolutions_ns(ticket: Record) -> list[int]:
    """Every time that it was solved, or closed without having been solved."""
    found, before = [], "new"
    for event in ticket.happened("crm.ticket.status_changed"):
        new = data(event)["new"]
        if new == "solved" or (new == "closed" and before in UNRESOLVED):
            found.append(time_ns(event["time"]))
        before = new
    return found


def resolved(it: Told, *, first: bool) -> Iterator[Part]:
    for ticket in it.live("ticket"):
        times = resolutions_ns(ticket)
        if times and (first or status(ticket, "new", EVER_NS) not in UNRESOLVED):
            at_ns = times[0 if first else -1]
            took = it.took(ticket, ticket.created_ns, at_ns)
            yield Part(at_ns, *ticket.holder(at_ns), ticket.timeless, took)


def tickets_resolved(it: Told) -> Iterator[Part]:
    for part in resolved(it, first=False):
        part.top = Fraction(1)
        yield part


def ticket_reopen_rate(it: Told) -> Iterator[Part]:
    for ticket in it.live("ticket"):
        solved = resolutions_ns(ticket)
        if solved:
            changes = [data(e)["new"] for e in ticket.happened("crm.ticket.status_changed")]
            first = next(n for n, new in enumerate(changes) if new not in UNRESOLVED)
            again = any(new in UNRESOLVED for new in changes[first:])
            yield Part(solved[0], *ticket.holder(solved[0]), ticket.timeless, Fraction(again))


def by_author(event: Event, holder: Holder) -> Holder:
    return (event["actorid"], None) if event.get("actorid") else holder


def public(ticket: Record, author: str) -> list[Event]:
    said = ticket.happened("crm.ticket.message")
    return [e for e in said if data(e)["author"] == author and data(e).get("public") is not False]


def first_reply(ticket: Record) -> tuple[int, Event | None]:
    """Since when an answer was waited for, and the first one."""
    replies = public(ticket, "agent")[1 if ticket.final("created_by") == "agent" else 0 :]
    reply = replies[0] if replies else None
    since_ns, solved = ticket.created_ns, False
    for event in ticket.happened("crm.ticket.status_changed"):
        if reply and order(event) > order(reply):
            break
        resolved_now = data(event)["new"] not in UNRESOLVED
        if solved and not resolved_now:
            since_ns = time_ns(event["time"])
        solved = resolved_now
    return since_ns, reply


def first_response_time(it: Told) -> Iterator[Part]:
    for ticket in it.live("ticket"):
        since_ns, reply = first_reply(ticket)
        if reply:
            at_ns = time_ns(reply["time"])
            took = it.took(ticket, since_ns, at_ns)
            yield Part(at_ns, *by_author(reply, ticket.holder(at_ns)), ticket.timeless, took)


def next_response_time(it: Told) -> Iterator[Part]:
    for ticket in it.live("ticket"):
        asked: list[int] = []
        for event in sorted(public(ticket, "customer") + public(ticket, "agent"), key=order):
            at_ns = time_ns(event["time"])
            if data(event)["author"] == "customer":
                asked.append(at_ns)
            elif asked:
                took = it.took(ticket, asked[0], at_ns)
                yield Part(at_ns, *by_author(event, ticket.holder(at_ns)), ticket.timeless, took)
                asked.clear()
    for messages in links.conversations(it, "email", "message"):
        for n, (at_ns, _, part, ours, human) in enumerate(messages):
            if ours and human:
                written = [n for n, one in enumerate(messages[:n]) if one[3] and one[4]]
                since = [
                    at for at, _, _, ours, human in messages[written[-1] if written else 0 : n] if human and not ours
                ]
                if since:
                    yield replace(part, top=answered_after(it, part, since[0], at_ns))


def answered_after(it: Told, reply: Part, since_ns: int, at_ns: int) -> Fraction:
    """Seconds, or of them those of the business hours of who answers where that is asked."""
    if it.hours == "business":
        return Fraction(business.worked_ms(it, (reply.user, reply.team), since_ns // MS_NS, at_ns // MS_NS), 1000)
    return seconds_between(since_ns, at_ns)


def handle_time(it: Told) -> Iterator[Part]:
    """Every stretch between two instants with one owner, in each of which somebody had it or nobody."""
    for ticket in it.live("ticket"):
        known: list[Event] = []
        had: str | None = None
        since_ns = 0
        for event in [None, *ticket.explicit]:
            known += [event] if event else []
            alone = Record(
                "ticket", ticket.key, sorted([*([ticket.created] if ticket.created else []), *known], key=order)
            )
            at_ns = ticket.effective_ns(event) if event else ticket.created_ns
            if not alone.events:
                alone = Record("ticket", ticket.key, ticket.events[:1])
                has = data(ticket.explicit[0]).get("old_owner") if ticket.explicit else None
            else:
                has = alone.owner(EVER_NS) or ticket.owner(ticket.created_ns)
            if status(alone, "new", EVER_NS) not in UNRESOLVED and event:
                has = None
            if has != had:
                if had and at_ns > since_ns:
                    yield Part(at_ns, had, None, ticket.timeless, it.took(ticket, since_ns, at_ns))
                had, since_ns = has, at_ns


def sla_first_response_rate(it: Told) -> Iterator[Part]:
    for ticket in it.live("ticket"):
        since_ns, reply = first_reply(ticket)
        yield from kept(it, ticket, "first_response_ms", since_ns, reply)


def sla_resolution_rate(it: Told) -> Iterator[Part]:
    for ticket in it.live("ticket"):
        solved = resolutions_ns(ticket) if status(ticket, "new", EVER_NS) not in UNRESOLVED else []
        done = next((e for e in reversed(ticket.explicit) if solved and time_ns(e["time"]) == solved[-1]), None)
        yield from kept(it, ticket, "resolution_ms", ticket.created_ns, done)


def kept(it: Told, ticket: Record, promised: str, since_ns: int, done: Event | None) -> Iterator[Part]:
    """Whether a promise was kept, where it can be told."""
    if promised not in (ticket.final("sla") or {}):
        return
    due_ns = promise_due_ns(it, ticket, promised, since_ns)
    met = done is not None and (due_ns is None or ticket.effective_ns(done) <= due_ns)
    if met or due_ns is not None:
        at_ns = time_ns(done["time"]) if done and met else due_ns or 0
        yield Part(at_ns, *ticket.holder(at_ns), ticket.timeless, Fraction(met))


def promise_due_ns(it: Told, ticket: Record, promised: str, since_ns: int) -> int | None:
    """By when something was promised, None where nothing was or the clock stands before."""
    sla = ticket.final("sla") or {}
    if promised not in sla:
        return None
    left, due_ns = sla[promised] * MS_NS, None
    since_ns = max(since_ns, ticket.created_ns)
    turns = sorted({since_ns, *(ticket.effective_ns(e) for e in ticket.explicit if ticket.effective_ns(e) > since_ns)})
    for begin, end in zip(turns, [*turns[1:], EVER_NS], strict=True):
        if status(ticket, "new", begin) in {"pending", "solved", "closed"}:
            continue
        if sla.get("hours") != "calendar":
            due_ns, left_ms = business.due_ns(it, ticket, begin, end, left // MS_NS)
            left = left_ms * MS_NS
        elif begin + left <= end:
            due_ns = begin + left
        else:
            left -= end - begin
        if due_ns is not None:
            break
    return due_ns


def dues(it: Told, ticket: Record, now_ns: int) -> list[int]:
    """By when what is still to be done was promised."""
    since_ns, reply = first_reply(ticket)
    answered = reply is not None and ticket.effective_ns(reply) <= now_ns
    solution_ns = promise_due_ns(it, ticket, "resolution_ms", ticket.created_ns)
    answer_ns = None if answered else promise_due_ns(it, ticket, "first_response_ms", since_ns)
    return [due for due in (answer_ns, solution_ns) if due is not None]


def tickets_breached(it: Told, now_ns: int) -> Iterator[Part]:
    """Unsolved, and not answered or solved by when that was promised."""
    for ticket in it.live("ticket"):
        waits = ticket.created_ns <= now_ns and status(ticket, "new", now_ns) in UNRESOLVED
        if waits and any(due <= now_ns for due in dues(it, ticket, now_ns)):
            yield Part(now_ns, *ticket.holder(now_ns), ticket.timeless)


def csat_score(it: Told) -> Iterator[Part]:
    latest: dict[str, Record] = {}
    for rating in sorted(it.live("feedback"), key=lambda record: order(record.created or record.events[0])):
        if rating.created and rating.initial("kind") == "csat":
            ticket = rating.final("ticket_id")
            latest[f"ticket/{ticket}" if ticket else f"feedback/{rating.key}"] = rating
    for subject, rating in latest.items():
        ticket_record = (
            it.records["ticket"].get(subject.removeprefix("ticket/")) if subject.startswith("ticket/") else rating
        )
        if ticket_record and ticket_record.deleted:
            continue
        happy = 5 * Fraction(str(rating.final("score"))) >= 4 * Fraction(str(rating.final("scale") or 5))
        yield Part(
            rating.created_ns, *rated(rating, ticket_record), (ticket_record or rating).timeless, Fraction(happy)
        )


def rated(rating: Record, ticket: Record | None) -> Holder:
    """Whoever owned the ticket when it was rated; without a ticket, whose rating it is."""
    if ticket is None:
        return None, None
    holder = ticket.holder(rating.created_ns)
    actor = rating.created["actorid"] if ticket is rating and rating.created and "actorid" in rating.created else None
    return (actor, None) if actor else holder


FLOWS: dict[str, Callable[[Told], Iterator[Part]]] = {
    "ticket_reopen_rate": ticket_reopen_rate,
    "first_response_time": first_response_time,
    "next_response_time": next_response_time,
    "handle_time": handle_time,
    "sla_first_response_rate": sla_first_response_rate,
    "sla_resolution_rate": sla_resolution_rate,
    "tickets_created": tickets_created,
    "tickets_resolved": tickets_resolved,
    "first_resolution_time": lambda it: resolved(it, first=True),
    "full_resolution_time": lambda it: resolved(it, first=False),
    "csat_score": csat_score,
}
GAUGES: dict[str, Callable[[Told, int], Iterator[Part]]] = {
    "tickets_open": tickets_open,
}
DURATIONS = {
    "first_resolution_time",
    "full_resolution_time",
    "first_response_time",
    "next_response_time",
    "handle_time",
}
RATIOS = {"csat_score", "ticket_reopen_rate", "sla_first_response_rate", "sla_resolution_rate"}
