"""Touches, recounted: of each deal and each account all of them are looked through."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction

from tests.recounts import links
from tests.recounts.activities import logged, meetings_held
from tests.recounts.deals import closed, deal_part, line_amount, reason
from tests.recounts.record import NONE, Part, Record, label
from tests.recounts.told import Told

KINDS = ("call", "email", "message", "meeting")


def touches(it: Told) -> list[tuple[Record, Part]]:
    """All of them in order, each with when and whose it was."""
    found = [(record, part) for kind in KINDS[:3] for record, part in logged(it, kind)]
    found = [(r, p) for r, p in found if not r.final("automated") and r.final("author") != "bot"]
    found += [(it.records["meeting"][p.dims["(subject)"].removeprefix("meeting/")], p) for p in meetings_held(it)]
    return sorted(found, key=lambda one: (one[1].at_ns, one[1].dims["(subject)"]))


def known(it: Told, entity: str, key: str | None) -> Record | None:
    record = it.records[entity].get(key or "")
    return None if record is None or record.deleted else record


def accounts(it: Told, touch: Record) -> set[str]:
    """Its own, else the deal's, else the lead's, else those of its contacts."""
    named = [[touch.final("account_id")]]
    for entity in ("deal", "lead"):
        record = known(it, entity, touch.final(f"{entity}_id"))
        named.append([record.final("account_id") if record else None])
    people = [known(it, "contact", key) for key in touch.final("contact_ids") or ()]
    named.append([record.final("account_id") for record in people if record])
    return next((found for keys in named if (found := {key for key in keys if key})), set())


def of_deal(it: Told, deal: Record, until_ns: int) -> list[tuple[Record, Part]]:
    leads = leads_of(it, deal)
    since_ns = min([deal.created_ns, *(lead.created_ns for key in leads if (lead := known(it, "lead", key)))])
    within = [(record, part) for record, part in touches(it) if since_ns <= part.at_ns <= until_ns]
    return [(record, part) for record, part in within if is_of(it, deal, record)]


def leads_of(it: Told, deal: Record) -> set[str]:
    naming = {key for key, lead in it.records["lead"].items() if not lead.deleted and lead.final("deal_id") == deal.key}
    return naming | {deal.final("lead_id")} - {None}


def is_of(it: Told, deal: Record, activity: Record) -> bool:
    if activity.final("deal_id"):
        return bool(activity.final("deal_id") == deal.key)
    people = {*(deal.final("contact_ids") or ())}
    by_name = activity.final("lead_id") in leads_of(it, deal) or people.intersection(
        activity.final("contact_ids") or ()
    )
    return bool(by_name) or deal.final("account_id") in accounts(it, activity)


def touches_per_deal(it: Told, ending: str) -> Iterator[Part]:
    for deal, _, at_ns, event in closed(it, ending):
        part = deal_part(it, deal, at_ns, lost_reason=reason(deal, event) if ending == "lost" else NONE)
        own = of_deal(it, deal, at_ns)
        part.by_activity = {kind: Fraction(sum(touch.entity == kind for touch, _ in own)) for kind in KINDS}
        part.top = Fraction(len(own))
        yield part


def attributed_revenue(it: Told) -> Iterator[Part]:
    for deal, _, at_ns, _ in closed(it, "won"):
        own = of_deal(it, deal, at_ns)
        whole = deal_part(it, deal, at_ns)
        for sale in links.orders_of(it, deal) or [deal]:
            value = sale.final("value")
            lines = [line_amount(it, sale, line) for line in sale.final("lines") or []]
            amounts = [(Fraction(value["amount"]), value["currency"])] if value else lines
            if not amounts:
                continue
            total, currency = sum((amount for amount, _ in amounts), Fraction(0)), amounts[0][1]
            upto = [share * total * 10_000 // 1 for share in shares(it.model, len(own))]
            for (touch, did), before, after in zip(own, [0, *upto], upto, strict=False):
                part = credited(whole, touch, did)
                part.top, part.missing_rate = it.money([(Fraction(after - before, 10_000), currency)], it.day(at_ns))
                yield part
            if not own:
                part = replace(whole)
                part.top, part.missing_rate = it.money([(total, currency)], it.day(at_ns))
                yield part


def credited(whole: Part, touch: Record, did: Part) -> Part:
    said = {name: label(touch.final(name)) for name in ("source", "channel") if touch.final(name)}
    dims = {**whole.dims, **said, "activity": touch.entity}
    holder = (did.user, did.team) if did.user or did.team else (whole.user, whole.team)
    return Part(whole.at_ns, *holder, dims)


def shares(model: str, count: int) -> list[Fraction]:
    """What the touches up to each have together."""
    match model:
        case "first":
            return [Fraction(1)] * count
        case "last":
            return [Fraction(0)] * (count - 1) + [Fraction(1)] * (count > 0)
        case "u_shape" if count > 2:
            between = [Fraction(2, 5) + Fraction(n, 5 * (count - 2)) for n in range(1, count - 1)]
            return [Fraction(2, 5), *between, Fraction(1)]
    return [Fraction(n, count) for n in range(1, count + 1)]


FLOWS: dict[str, Callable[[Told], Iterator[Part]]] = {
    "touches_per_won_deal": lambda it: touches_per_deal(it, "won"),
    "touches_per_lost_deal": lambda it: touches_per_deal(it, "lost"),
    "attributed_revenue": attributed_revenue,
}
RATIOS: set[str] = {"touches_per_won_deal", "touches_per_lost_deal"}
MONEY: set[str] = {"attributed_revenue"}
