"""Dues of a company whose days pass in minutes: what is due in days is due in minutes, too."""

from datetime import UTC, date, datetime

from crmpulse.cloudevent import Event
from crmpulse.company.rhythm import DAY_S, midnight, text

EVENTS_A_DAY = 500
"""About as many events as the company makes on one of its days, weekends included."""


def hurried(event: Event, now: float, per_second: float) -> Event:
    """The event with a due that is as near as the company, at `now` of its own time, comes to it at so many events a second."""
    data = event["data"]
    due = _due(data)
    if due is None or not event["type"].startswith("crm.task."):
        return event
    wait = max(0.0, due - now) * EVENTS_A_DAY / per_second / DAY_S
    kept = {member: value for member, value in data.items() if member != "due_date"}
    return event | {"data": {**kept, "due_at": text(now + wait)}}


def _due(data: Event) -> float | None:
    if "due_at" in data:
        return datetime.fromisoformat(data["due_at"]).timestamp()
    if "due_date" in data:
        return midnight((date.fromisoformat(data["due_date"]) - datetime.fromtimestamp(0, UTC).date()).days + 1)
    return None
