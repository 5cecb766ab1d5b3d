"""Leads: made, converted, lost, open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

from tests.recounts.record import NONE, Part, Record, data, status, time_ns
from tests.recounts.told import Told


def leads_created(it: Told) -> Iterator[Part]:
    for lead in it.live("lead"):
        yield Part(lead.created_ns, *lead.holder(lead.created_ns), lead.timeless)


def leads_converted(it: Told) -> Iterator[Part]:
    for lead in it.live("lead"):
        if (at_ns := conversion_ns(lead)) is not None:
            yield Part(at_ns, *lead.holder(at_ns), lead.timeless)


def leads_qualified(it: Told) -> Iterator[Part]:
    for lead in it.live("lead"):
        entered = [e for e in lead.happened("crm.lead.status_changed") if data(e)["new"] == "qualified"]
        if entered:
            at_ns = time_ns(entered[0]["time"])
            yield Part(at_ns, *lead.holder(at_ns), lead.timeless)


def leads_lost(it: Told) -> Iterator[Part]:
    for lead in it.live("lead"):
        changes = lead.happened("crm.lead.status_changed")
        if changes and data(changes[-1])["new"] == "disqualified":
            later = lead.explicit[lead.explicit.index(changes[-1]) + 1 :]
            corrected = [c["reason"]["new"] for e in later if "reason" in (c := data(e).get("changed") or {})]
            at_ns, why = time_ns(changes[-1]["time"]), [data(changes[-1]).get("reason"), *corrected][-1] or ""
            dims = lead.timeless | {"lost_reason": " ".join(why.split()).casefold() or NONE}
            yield Part(at_ns, *lead.holder(at_ns), dims)


def lead_conversion_rate(it: Told) -> Iterator[Part]:
    for lead in it.live("lead"):
        converted = Fraction(conversion_ns(lead) is not None)
        yield Part(lead.created_ns, *lead.holder(lead.created_ns), lead.timeless, converted)


def leads_open(it: Told, now_ns: int) -> Iterator[Part]:
    for lead in it.live("lead"):
        if lead.created_ns <= now_ns and status(lead, "open", now_ns) in {"open", "working"}:
            yield Part(now_ns, *lead.holder(now_ns), lead.timeless)


def conversion_ns(lead: Record) -> int | None:
    changes = lead.happened("crm.lead.status_changed")
    return next((time_ns(event["time"]) for event in changes if data(event)["new"] == "converted"), None)


FLOWS: dict[str, Callable[[Told], Iterator[Part]]] = {
    "leads_created": leads_created,
    "leads_converted": leads_converted,
    "leads_qualified": leads_qualified,
    "leads_lost": leads_lost,
    "source_share": leads_created,
    "lead_conversion_rate": lead_conversion_rate,
}
GAUGES: dict[str, Callable[[Told, int], Iterator[Part]]] = {
    "leads_open": leads_open,
}
RATIOS = {"lead_conversion_rate"}
SHARES = {
    "source_share": "source",
}
