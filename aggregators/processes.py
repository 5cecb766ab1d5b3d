"""Processes from their start to their end: workflows that ran, leads that became deals, quotes that were ordered, tickets solved."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from aggregators import orders, tickets
from aggregators.about import About
from aggregators.moment import Moment, moment
from aggregators.record import UNKNOWN, Record, is_initial
from aggregators.story import Story, milliseconds, story
from events.instants import instant_ns

FOUND_BY = ("automation.run", "lead.converted", "order.confirmed", "ticket.resolved")
"""The anchors of the moments at which processes end."""
LEAD, QUOTE, TICKET = "lead_to_deal", "quote_to_order", "ticket"


class Course(NamedTuple):
    """What a process is called, when it ended (ns), how long it took (ms), and who ran it (empty: the owner)."""

    process: str | None
    end_ns: int
    took_ms: int
    actor: str = ""


def ended(records: Mapping[str, Record], _: About) -> Iterator[tuple[str, Moment]]:
    """Return the end of each process."""
    for subject in sorted(records):
        told = story(records[subject])
        course = _course(subject.partition("/")[0], told, records) if told else None
        if told and course:
            facts = {"workflow_id": course.process, "took_ms": course.took_ms}
            yield subject, moment("process.ended", course.end_ns, told, actor=course.actor, **facts)


def _course(entity: str, told: Story, records: Mapping[str, Record]) -> Course | None:
    match entity:
        case "automation":
            return _run(told)
        case "lead":
            converted = next((p for p in told.points if p.stated.get("status") == "converted"), None)
            return _between(LEAD, told.created_ns, converted.entry.time_ns) if converted else None
        case "order":
            point, quote = orders.confirmed(told), story(records.get(f"quote/{told.final.get('quote_id')}", UNKNOWN))
            return _between(QUOTE, quote.created_ns, point.entry.time_ns) if point and quote else None
        case "ticket":
            resolutions, solved = tickets.solutions(told)
            return _between(TICKET, told.created_ns, resolutions[-1].entry.time_ns) if solved else None
    return None


def _run(told: Story) -> Course | None:
    """A run of a workflow says how long it took, or when it started."""
    entry, facts = told.points[0].entry, told.final
    took_ms, started = facts.get("duration_ms"), facts.get("started_at")
    if not is_initial(entry):
        return None
    if took_ms is not None:
        return Course(facts.get("workflow_id"), told.created_ns, took_ms, entry.actor)
    return _between(facts.get("workflow_id"), instant_ns(started), told.created_ns, entry.actor) if started else None


def _between(process: str | None, start_ns: int, end_ns: int, actor: str = "") -> Course:
    return Course(process, end_ns, max(0, milliseconds(end_ns) - milliseconds(start_ns)), actor)
