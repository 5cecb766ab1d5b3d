"""How accounts and we stand, recounted: each account is looked at by itself, with all touches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

from tests.recounts import contacts, links, touches
from tests.recounts.activities import connected, outbound
from tests.recounts.record import MS_NS, Part, Record, data, label, order, time_ns
from tests.recounts.told import Told

DAY_NS = 86_400_000 * MS_NS


def gone(it: Told, subject: str) -> bool:
    record = contacts.find(it, subject)
    return record is not None and record.deleted


def mutual(touch: Record) -> bool:
    if touch.entity == "call":
        return connected(touch)
    return touch.entity == "meeting" or not outbound(touch)


def ours(touch: Record) -> bool:
    return touch.entity == "meeting" or outbound(touch)


def reached(it: Told, subject: str, touch: Record, did: Part, **dims: str) -> Part:
    record = contacts.find(it, subject)
    holder = (did.user, did.team)
    if not any(holder) and record:
        holder = record.holder(did.at_ns)
    return Part(did.at_ns, *holder, {**did.dims, "activity": touch.entity, "(subject)": subject, **dims})


def accounts_touched(it: Told) -> Iterator[Part]:
    yield from (part for part in account_touches(it) if part.bottom)


def account_touches(it: Told) -> Iterator[Part]:
    """Each touch of each account: below the line where it is ours, above it where it is a customer's."""
    first = sales(it)
    for touch, did in touches.touches(it):
        for account in touches.accounts(it, touch):
            if not gone(it, f"account/{account}"):
                part = reached(it, f"account/{account}", touch, did)
                buys = account in first and first[account] <= did.at_ns
                part.top, part.bottom = Fraction(buys), int(ours(touch))
                yield part


def sales(it: Told) -> dict[str, int]:
    found: dict[str, int] = {}
    for _, at_ns, account in links.sales(it):
        if account:
            found[account] = min(at_ns, found.get(account, at_ns))
    return found


def contacts_active(it: Told) -> Iterator[Part]:
    for touch, did in touches.touches(it):
        for key in {*(touch.final("contact_ids") or ())} if mutual(touch) else ():
            contact = it.records["contact"].get(key)
            if not gone(it, f"contact/{key}"):
                source = label(contact.final("source") if contact else None)
                yield reached(it, f"contact/{key}", touch, did, source=source)


def chats_handled(it: Told) -> Iterator[Part]:
    for touch, did in touches.touches(it):
        if touch.entity == "message" and ours(touch) and (chat := touch.final("conversation_id")):
            did.dims = {**did.dims, "(subject)": chat}
            yield did


def distinct(_: Told, parts: list[Part]) -> dict[str, Any]:
    return {"value": len({part.dims["(subject)"] for part in parts})}


def touch_frequency(it: Told, parts: list[Part]) -> dict[str, Any]:
    whom = {part.dims["(subject)"] for part in parts}
    since_ms = min((part.at_ns // MS_NS for part in parts), default=0) if it.from_ms <= 0 else it.from_ms
    days = Fraction(max(86_400_000, min(it.to_ms, it.now_ns // MS_NS) - since_ms), 86_400_000)
    return {"value": Fraction(len(parts) * 30, len(whom)) / days if whom else None}


# As of an instant

Own = list[tuple[Record, int]]


def standing(it: Told, now_ns: int) -> Iterator[tuple[str, Part, Own]]:
    """Each account, and its touches up to then."""
    of: dict[str, Own] = {key: [] for key, record in it.records["account"].items() if record.events}
    for touch, did in touches.touches(it):
        for key in touches.accounts(it, touch):
            of.setdefault(key, [])
            if did.at_ns <= now_ns:
                of[key].append((touch, did.at_ns))
    for key, own in of.items():
        account = it.records["account"].get(key)
        if account is None:
            yield key, Part(now_ns, None, None, {"(subject)": f"account/{key}"}), own
        elif not account.deleted:
            yield key, Part(now_ns, *account.holder(now_ns), account.timeless), own


def days_since_last_touch(it: Told, now_ns: int) -> Iterator[Part]:
    for _, part, own in standing(it, now_ns):
        heard = [at_ns for touch, at_ns in own if mutual(touch)]
        if heard:
            part.top = Fraction((now_ns + 1) // MS_NS - max(heard) // MS_NS, 86_400_000)
            yield part


def accounts_neglected(it: Told, now_ns: int) -> Iterator[Part]:
    first = sales(it)
    for key, part, own in standing(it, now_ns):
        begun = [at_ns for _, at_ns in own] + [at_ns for at_ns in [first.get(key, now_ns + 1)] if at_ns <= now_ns]
        active = first.get(key, now_ns + 1) <= now_ns or any(now_ns + 1 - at_ns <= 365 * DAY_NS for _, at_ns in own)
        if not active:
            continue
        since_ns = max((at_ns for touch, at_ns in own if mutual(touch)), default=min(begun))
        names = contacts.segments(it, part.dims["(subject)"])
        of_accounts = [it.records["segment"][name] for name in names]
        said = [one.final("cadence_days") for one in of_accounts if one.final("entity") == "account"]
        cadence = min((days for days in said if days is not None), default=90)
        if now_ns + 1 - since_ns > cadence * DAY_NS:
            yield part


def floor(share: Fraction) -> Fraction:
    return Fraction(share * 1_000_000 // 1, 1_000_000)


def capped(over: int, under: int) -> Fraction:
    return min(Fraction(1), Fraction(over, under)) if under else Fraction(0)


def recency(own: Own, now_ns: int) -> Fraction:
    heard = [at_ns for touch, at_ns in own if mutual(touch)]
    for touch, _ in own:
        if touch.entity == "email" and outbound(touch):
            engaged = [e for e in touch.happened("crm.email.engaged") if data(e)["kind"] in ("open", "click")]
            heard += [time_ns(e["time"]) for e in engaged]
    past = [at_ns for at_ns in heard if at_ns <= now_ns]
    return max(Fraction(0), 1 - Fraction((now_ns + 1 - max(past)) // DAY_NS, 90)) if past else Fraction(0)


def recently(own: Own, now_ns: int) -> list[Record]:
    return [touch for touch, at_ns in own if at_ns >= now_ns + 1 - 90 * DAY_NS]


def breadth(recent: list[Record]) -> Fraction:
    return capped(len({who for t in recent if mutual(t) for who in t.final("contact_ids") or ()}), 3)


def engagement_level(it: Told, now_ns: int) -> Iterator[Part]:
    for _, part, own in standing(it, now_ns):
        if own:
            recent = recently(own, now_ns)
            reply = capped(sum(map(mutual, recent)), len(recent))
            part.top = 40 * floor(recency(own, now_ns)) + 20 * floor(capped(len(recent), 12))
            part.top += 20 * floor(reply) + 20 * floor(breadth(recent))
            yield part


def relationship_strength(it: Told, now_ns: int) -> Iterator[Part]:
    for key, part, own in standing(it, now_ns):
        if own:
            recent = recently(own, now_ns)
            theirs, mine = sum(map(mutual, recent)), sum(map(ours, recent))
            rated = [happy for account, at_ns, happy in ratings(it) if account == key and fresh(at_ns, now_ns)]
            csat = capped(sum(rated), len(rated)) if rated else Fraction(1)
            together = capped(min(theirs, mine), max(theirs, mine)) * recency(own, now_ns) * breadth(recent) * csat
            part.top = floor(100 * together)
            yield part


def fresh(at_ns: int, now_ns: int) -> bool:
    return now_ns + 1 - 365 * DAY_NS <= at_ns // MS_NS * MS_NS <= now_ns


def ratings(it: Told) -> Iterator[tuple[str, int, bool]]:
    latest: dict[str, Record] = {}
    for rating in sorted(it.live("feedback"), key=lambda record: order(record.created or record.events[0])):
        if rating.created and rating.initial("kind") == "csat":
            ticket = rating.final("ticket_id")
            latest[f"ticket/{ticket}" if ticket else f"feedback/{rating.key}"] = rating
    for subject, rating in latest.items():
        about = contacts.find(it, subject)
        if about and not about.deleted and about.final("account_id"):
            happy = 5 * Fraction(str(rating.final("score"))) >= 4 * Fraction(str(rating.final("scale") or 5))
            yield about.final("account_id"), rating.created_ns, happy


FLOWS: dict[str, Callable[[Told], Iterator[Part]]] = {
    "accounts_touched": accounts_touched,
    "contacts_active": contacts_active,
    "chats_handled": chats_handled,
    "touch_frequency": account_touches,
}
GAUGES: dict[str, Callable[[Told, int], Iterator[Part]]] = {
    "days_since_last_touch": days_since_last_touch,
    "accounts_neglected": accounts_neglected,
    "engagement_level": engagement_level,
    "relationship_strength": relationship_strength,
}
RATIOS: set[str] = {"days_since_last_touch", "engagement_level", "relationship_strength"}
SUMS: dict[str, Callable[[Told, list[Part]], dict[str, Any]]] = {
    "accounts_touched": distinct,
    "contacts_active": distinct,
    "chats_handled": distinct,
    "touch_frequency": touch_frequency,
}
