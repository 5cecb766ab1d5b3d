"""Calls, e-mails and meetings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction

from tests.recounts.deals import deals_won, pipeline
from tests.recounts.record import EVER_NS, Holder, Part, Record, data, status, time_ns
from tests.recounts.tasks import tasks_done
from tests.recounts.told import Told


def logged(it: Told, entity: str) -> Iterator[tuple[Record, Part]]:
    """Activities that took place, credited to who did it, else to who owned it then."""
    for record in it.live(entity):
        if record.created:
            actor = record.created.get("actorid")
            holder: Holder = (actor, None) if actor else record.holder(record.created_ns)
            yield record, Part(record.created_ns, *holder, record.timeless | {"activity": entity})


def outbound(record: Record) -> bool:
    return bool(record.final("direction") == "outbound")


def connected(call: Record) -> bool:
    return call.final("outcome") == "connected" or (call.final("duration_ms") or 0) >= 30_000


def calls_made(it: Told) -> Iterator[Part]:
    for call, part in logged(it, "call"):
        if outbound(call):
            yield part


def call_connect_rate(it: Told) -> Iterator[Part]:
    for call, part in logged(it, "call"):
        if outbound(call):
            part.top = Fraction(connected(call))
            yield part


def calls_per_sale(it: Told) -> Iterator[Part]:
    for call, part in logged(it, "call"):
        if connected(call):
            part.bottom = 0
            yield part
    for part in deals_won(it):
        part.top = Fraction(0)
        yield part


def call_talk_time(it: Told) -> Iterator[Part]:
    for call, part in logged(it, "call"):
        if connected(call):
            part.top = Fraction(call.final("duration_ms") or 0, 1000)
            yield part


def emails_sent(it: Told) -> Iterator[Part]:
    for email, part in logged(it, "email"):
        if outbound(email) and not email.final("automated"):
            yield part


def meetings_held(it: Told) -> Iterator[Part]:
    for meeting in it.live("meeting"):
        changes = meeting.happened("crm.meeting.status_changed")
        if changes and data(changes[-1])["new"] == "completed":
            told_ns = time_ns(changes[-1]["time"])
            start = meeting.final("start")
            actor = changes[-1].get("actorid")
            holder: Holder = (actor, None) if actor else meeting.holder(told_ns)
            yield Part(time_ns(start) if start else told_ns, *holder, meeting.timeless | {"activity": "meeting"})


def activities_completed(it: Told) -> Iterator[Part]:
    for part in done(it):
        entity, _, key = part.dims["(subject)"].partition("/")
        yield replace(part, dims={**part.dims, "pipeline": pipeline(it, it.records[entity][key], part.at_ns)})


def done(it: Told) -> Iterator[Part]:
    for entity in ("call", "email", "message"):
        for record, part in logged(it, entity):
            human = not record.final("automated") and record.final("author") != "bot"
            if entity == "call" or (outbound(record) and human):
                yield part
    yield from meetings_held(it)
    for task, at_ns, event in tasks_done(it):
        actor = event.get("actorid")
        holder: Holder = (actor, None) if actor else task.holder(at_ns)
        yield Part(at_ns, *holder, task.timeless | {"activity": "task"})


def meetings_booked(it: Told) -> Iterator[Part]:
    for meeting in it.live("meeting"):
        actor = (meeting.created or {}).get("actorid")
        holder: Holder = (actor, None) if actor else meeting.holder(meeting.created_ns)
        yield Part(meeting.created_ns, *holder, meeting.timeless)


def appointments(it: Told, *, executed: bool = False, expected: bool = False) -> Iterator[Part]:
    for meeting in it.live("meeting"):
        start = meeting.final("start")
        outcome = status(meeting, "", EVER_NS)
        if not start or (executed and not expected and outcome != "completed") or (expected and outcome == "cancelled"):
            continue
        at_ns = time_ns(start)
        dims = meeting.timeless | {"activity": "meeting"}
        yield Part(at_ns, *meeting.holder(at_ns), dims, Fraction(not expected or outcome == "completed"))


def appointments_overdue(it: Told, now_ns: int) -> Iterator[Part]:
    for meeting in it.live("meeting"):
        ends = [time_ns(said) for name in ("start", "end") if (said := meeting.at(name, now_ns))]
        waits = meeting.created_ns <= now_ns and status(meeting, "", now_ns) in {"", "rescheduled"}
        if waits and ends and max(ends) <= now_ns:
            yield Part(now_ns, *meeting.holder(now_ns), meeting.timeless)


FLOWS: dict[str, Callable[[Told], Iterator[Part]]] = {
    "calls_per_sale": calls_per_sale,
    "activity_mix": activities_completed,
    "meetings_booked": meetings_booked,
    "appointments_scheduled": appointments,
    "appointments_executed": lambda it: appointments(it, executed=True),
    "appointment_execution_rate": lambda it: appointments(it, executed=True, expected=True),
    "activities_completed": activities_completed,
    "calls_made": calls_made,
    "call_connect_rate": call_connect_rate,
    "call_talk_time": call_talk_time,
    "emails_sent": emails_sent,
    "meetings_held": meetings_held,
}
GAUGES: dict[str, Callable[[Told, int], Iterator[Part]]] = {
    "appointments_overdue": appointments_overdue,
}
RATIOS = {"call_connect_rate", "calls_per_sale", "appointment_execution_rate"}
SHARES = {
    "activity_mix": "activity",
}
