"""Leads: from creation to conversion, and how soon somebody answered those who asked."""

from collections.abc import Callable, Iterator
from typing import Any

from aggregators.business_hours import BusinessHours
from aggregators.clocks import Clocks
from aggregators.moment import Moment, level, moment
from aggregators.sales import Links, is_customer
from aggregators.story import Facts, Story, milliseconds, reason

OPEN = frozenset({"open", "working"})
LIVE = OPEN | {"qualified"}
ANSWER = "answer"
"""The topic of the contacts that answer a lead; of them it keeps the first: its instant (ns), who made it, and what it was."""


def moments(told: Story, links: Links, target_ms: Callable[[int], int], hours: BusinessHours) -> Iterator[Moment]:
    """Return what a lead contributes; ``target_ms`` gives the time that answers may take from an instant (ms) on."""
    status = told.final.get("status", "open")
    qualified, entered = (
        [p for p in told.points if p.stated.get("status") == entry] for entry in ("qualified", "converted")
    )
    live = not entered and status in LIVE
    yield moment("lead.created", told.created_ns, told, converted=bool(entered), live=live, customer=is_customer(links))
    if qualified:
        yield moment("lead.qualified", qualified[0].entry.time_ns, told)
    if entered:
        yield moment("lead.converted", entered[0].entry.time_ns, told)
    if status == "disqualified":
        last = next(p for p in reversed(told.points) if "status" in p.stated)
        yield moment("lead.lost", last.entry.time_ns, told, lost_reason=reason(told, last, "reason"))
    yield from level(
        "lead.open", told, ((p.time_ns, told.seen(p.facts) if _is(OPEN, p.facts) else None) for p in told.points)
    )
    since_ns = waits_since(told, links)
    if since_ns is not None:
        yield from _answered(Clocks(told, hours), since_ns, links.get(ANSWER), target_ms)


def waits_since(told: Story, links: Links) -> int | None:
    """Return since when (ns) a lead waits for an answer: that of inbound ones, and of those who sent a form."""
    facts = told.final
    if facts.get("inbound") or (facts.get("inbound") is None and facts.get("form_id")):
        return told.created_ns
    forms = [link[0] for teller, link in links.items() if teller.startswith("visit/")]
    return max(told.created_ns, min(forms)) if forms else None


def _answered(
    clocks: Clocks, since_ns: int, answer: list[Any] | None, target_ms: Callable[[int], int]
) -> Iterator[Moment]:
    told = clocks.told
    since_ms = milliseconds(since_ns)
    due_ms = since_ms + target_ms(since_ms)
    due_ns = due_ms * 1_000_000
    until_ns: int | None = None
    met = False
    if answer:
        until_ns, actor, _ = answer
        met = milliseconds(answer[0]) <= due_ms
        yield moment("lead.answered", answer[0], told, actor=actor, **clocks.took(since_ns, answer[0]))
    yield moment("lead.answer_due", answer[0] if answer and met else due_ns, told, met=met)
    yield from level("lead.awaiting", told, _waiting(told, since_ns, until_ns, since_ms=since_ms))
    if not met:
        yield from level("lead.unanswered", told, _waiting(told, due_ns, until_ns, since_ms=since_ms))


def _waiting(told: Story, from_ns: int, until_ns: int | None, *, since_ms: int) -> Iterator[tuple[int, Facts | None]]:
    """A lead that nobody answered waits until then, but for the time that it is converted or disqualified."""
    ends = [*(p.time_ns for p in told.points[1:]), None]
    for point, end_ns in zip(told.points, ends, strict=True):
        begin_ns = max(point.time_ns, from_ns)
        stop_ns = min((each for each in (until_ns, end_ns) if each is not None), default=None)
        yield point.time_ns, None
        if _is(LIVE, point.facts) and (stop_ns is None or begin_ns < stop_ns):
            yield begin_ns, {**told.seen(point.facts), "since_ms": since_ms}
            if stop_ns is not None and stop_ns == until_ns:
                yield stop_ns, None


def _is(wanted: frozenset[str], facts: Facts) -> bool:
    return facts.get("status", "open") in wanted
