"""What comes of reaching out, recounted: each contact and each deal is looked at by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Any

from tests.recounts import touches
from tests.recounts.deals import closed, deal_part, open_deals
from tests.recounts.record import MS_NS, Part, Record, time_ns
from tests.recounts.relationships import DAY_NS, gone, mutual, ours, reached
from tests.recounts.stages import stands
from tests.recounts.told import Told

Touches = list[tuple[Record, Part]]


def won_ns(it: Told, deal: Record) -> int | None:
    return next((at_ns for one, _, at_ns, _ in closed(it, "won") if one is deal), None)


def meetings_leading_to_deal(it: Told) -> Iterator[Part]:
    for meeting, did in touches.touches(it):
        if meeting.entity != "meeting":
            continue
        accounts = touches.accounts(it, meeting)
        deals = [deal for deal in it.live("deal") if deal.final("account_id") in accounts]
        led = any(did.at_ns <= deal.created_ns <= did.at_ns + 30 * DAY_NS for deal in deals)
        named = touches.known(it, "deal", meeting.final("deal_id"))
        won = won_ns(it, named) if named else None
        if led or (won is not None and won >= did.at_ns):
            yield did


def contacts(it: Told) -> Iterator[tuple[str, Touches, list[Record]]]:
    """Each contact that is there, its touches and its deals."""
    everything = touches.touches(it)
    for key in {key for touch, _ in everything for key in touch.final("contact_ids") or ()}:
        if not gone(it, f"contact/{key}"):
            contact = it.records["contact"].get(key)
            account = (contact.final("account_id") or None) if contact else None
            deals = [
                deal
                for deal in it.live("deal")
                if key in (deal.final("contact_ids") or ())
                or (account and not deal.final("contact_ids") and deal.final("account_id") == account)
            ]
            yield key, [one for one in everything if key in (one[0].final("contact_ids") or ())], deals


def outreach_to_deal_rate(it: Told) -> Iterator[Part]:
    for key, own, deals in contacts(it):
        touch, did = own[0]
        if ours(touch):
            part = reached(it, f"contact/{key}", touch, did)
            part.top = Fraction(any(did.at_ns <= deal.created_ns <= did.at_ns + 90 * DAY_NS for deal in deals))
            yield part


def channel_effectiveness(it: Told) -> Iterator[Part]:
    for key, own, deals in contacts(it):
        for touch, did in own:
            if ours(touch):
                part = reached(it, f"contact/{key}", touch, did)
                part.top = Fraction(came(it, touch, did.at_ns, own, deals))
                yield part


def came(it: Told, touch: Record, at_ns: int, own: Touches, deals: list[Record]) -> bool:
    later = [(one, did.at_ns) for one, did in own if did.at_ns > at_ns and mutual(one)]
    match it.outcome:
        case "meeting":
            return any(one.entity == "meeting" and then <= at_ns + 90 * DAY_NS for one, then in later)
        case "win":
            return any(at_ns <= won <= at_ns + 90 * DAY_NS for d in deals if (won := won_ns(it, d)) is not None)
    return mutual(touch) or any(then <= at_ns + 14 * DAY_NS for _, then in later)


def of_contacts(_: Told, parts: list[Part]) -> dict[str, Any]:
    everyone = {part.dims["(subject)"] for part in parts}
    lucky = {part.dims["(subject)"] for part in parts if part.top}
    return {"value": Fraction(len(lucky), len(everyone)) if everyone else None}


def frequency_response_curve(it: Told) -> Iterator[Part]:
    for deal, end, at_ns, _ in closed(it, "won", "lost"):
        part = deal_part(it, deal, at_ns)
        leads = [lead for key in touches.leads_of(it, deal) if (lead := touches.known(it, "lead", key))]
        begun_ns = min([deal.created_ns, *(lead.created_ns for lead in leads)])
        months = max(Fraction(1), Fraction(at_ns - begun_ns, 30 * DAY_NS))
        often = len(touches.of_deal(it, deal, at_ns)) / months
        band = "0-1" if often < 2 else "2-3" if often < 4 else "4-6" if often < 7 else "7+"
        part.dims, part.top = {**part.dims, "(band)": band}, Fraction(end == "won")
        yield part


def by_band(_: Told, parts: list[Part]) -> dict[str, Any]:
    told = {}
    for band in ("0-1", "2-3", "4-6", "7+"):
        own = [part.top for part in parts if part.dims["(band)"] == band]
        told[band] = {"value": sum(own) / len(own) if own else None, "n": len(own)}
    won = sum((part.top for part in parts), Fraction(0))
    return {"value": won / len(parts) if parts else None, "parts": told}


def deals_stalled(it: Told, now_ns: int) -> Iterator[Part]:
    usual = stays(it, now_ns)
    said: dict[str, float] = {}
    for org in it.records["org"].values():
        said |= org.final("stalled_after_days") or {}
    for deal in open_deals(it, now_ns):
        place, since_ns = whereabouts(deal, now_ns)
        days, took = said.get(place[1]), sorted(usual.get(place, []))
        here_ns = now_ns + 1 - since_ns
        limit_ns: float | None = 2 * took[(len(took) - 1) // 2] * MS_NS if took else None
        limit_ns = limit_ns if days is None else days * DAY_NS
        if (limit_ns is not None and here_ns > limit_ns) or silent(it, deal, now_ns):
            yield deal_part(it, deal, now_ns)


def deals_stuck(it: Told, now_ns: int) -> Iterator[Part]:
    """Those that are in their stage for longer than was said."""
    for deal in open_deals(it, now_ns):
        stuck_ns = stuck_since_ns(it, deal, now_ns)
        if stuck_ns is not None and stuck_ns <= now_ns:
            yield deal_part(it, deal, now_ns)


def stuck_since_ns(it: Told, deal: Record, now_ns: int) -> int | None:
    """From when on it stalls where it is, as far as that was said."""
    said: dict[str, float] = {}
    for org in it.records["org"].values():
        said |= org.final("stalled_after_days") or {}
    (_, stage), since_ns = whereabouts(deal, now_ns)
    return None if stage not in said else since_ns + round(said[stage] * DAY_NS)


def states(deal: Record) -> list[tuple[int, tuple[str, str, str]]]:
    """From when on a deal was in which pipeline, stage and status."""
    found: list[tuple[int, tuple[str, str, str]]] = []
    for one in stands(deal):
        state = one.pipeline or "", one.stage or "", one.status
        if not found or found[-1][1] != state:
            found.append((one.at_ns, state))
    return found


def whereabouts(deal: Record, now_ns: int) -> tuple[tuple[str, str], int]:
    at_ns, (pipeline, stage, _) = [one for one in states(deal) if one[0] <= now_ns][-1]
    return (pipeline, stage), at_ns


def stays(it: Told, now_ns: int) -> dict[tuple[str, str], list[int]]:
    """How long (ms) each deal was in each stage that it left for the last time by then."""
    found: dict[tuple[str, str], list[int]] = {}
    for deal in it.live("deal"):
        known = states(deal)
        took: dict[tuple[str, str], tuple[int, int]] = {}
        for (at_ns, (pipeline, stage, status)), (left_ns, _) in pairwise(known):
            if stage and status == "open":
                before = took.get((pipeline, stage), (0, 0))[1]
                took[pipeline, stage] = left_ns, before + left_ns // MS_NS - at_ns // MS_NS
        for place, (left_ns, ms) in took.items():
            if left_ns <= now_ns:
                found.setdefault(place, []).append(ms)
    return found


def silent(it: Told, deal: Record, now_ns: int) -> bool:
    heard = [part.at_ns for _, part in touches.of_deal(it, deal, now_ns)]
    if now_ns + 1 - max([deal.created_ns, *heard]) <= 30 * DAY_NS:
        return False
    for meeting in it.live("meeting"):
        start = meeting.final("start")
        if start and time_ns(start) > now_ns >= meeting.created_ns and touches.is_of(it, deal, meeting):
            changes = meeting.happened("crm.meeting.status_changed")
            known = [e["data"]["new"] for e in changes if meeting.effective_ns(e) <= now_ns]
            if not known or known[-1] not in ("completed", "no_show", "cancelled"):
                return False
    return True


FLOWS: dict[str, Callable[[Told], Iterator[Part]]] = {
    "meetings_leading_to_deal": meetings_leading_to_deal,
    "outreach_to_deal_rate": outreach_to_deal_rate,
    "channel_effectiveness": channel_effectiveness,
    "frequency_response_curve": frequency_response_curve,
}
GAUGES: dict[str, Callable[[Told, int], Iterator[Part]]] = {"deals_stalled": deals_stalled}
RATIOS: set[str] = {"outreach_to_deal_rate"}
SUMS: dict[str, Callable[[Told, list[Part]], dict[str, Any]]] = {
    "channel_effectiveness": of_contacts,
    "frequency_response_curve": by_band,
}
