"""How many contacts there are, and how far they have come."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.recounts.record import Part, data, mentions, time_ns
from tests.recounts.told import Told, created


def contacts_total(it: Told, now_ns: int) -> Iterator[Part]:
    for contact in it.live("contact"):
        if contact.created_ns <= now_ns:
            yield Part(now_ns, *contact.holder(now_ns), contact.timeless)


def lifecycle_transitions(it: Told) -> Iterator[Part]:
    for contact in it.live("contact"):
        before = contact.initial("lifecycle")
        for event in contact.explicit:
            for stage in mentions(event, "lifecycle"):
                before = before or ((data(event).get("changed") or {}).get("lifecycle") or {}).get("old")
                if before and stage and before != stage:
                    at_ns = time_ns(event["time"])
                    yield Part(at_ns, *contact.holder(at_ns), contact.timeless)
                before = stage


FLOWS: dict[str, Callable[[Told], Iterator[Part]]] = {
    "accounts_created": lambda it: created(it, "account"),
    "contacts_created": lambda it: created(it, "contact"),
    "lifecycle_transitions": lifecycle_transitions,
}
GAUGES: dict[str, Callable[[Told, int], Iterator[Part]]] = {
    "contacts_total": contacts_total,
}
RATIOS = {"contact_growth_rate"}
