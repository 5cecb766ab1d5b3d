"""Moving events in time: an old export looks as if it ended now."""

import re
from datetime import date, datetime, timedelta
from typing import Any

from crmpulse.cloudevent import Event

MOVED = {"due_at", "due_date", "start", "end", "started_at", "expected_close", "holidays"}
INSTANT = re.compile(r"(\d{4}-\d\d-\d\d.\d\d:\d\d:\d\d)(.*)", re.DOTALL)


def shift(event: Event, seconds: int) -> Event:
    """The event as if it had happened that much later, in a `source` of its own.

    It is another event, and the same (`source`, `id`) never has two contents.
    """
    source, mark, query = event["source"].partition("?")
    return later(event, seconds) | {"source": f"{source}?shift={seconds}" + ("&" if mark else "") + query}


def later(event: Event, seconds: int) -> Event:
    """The same event with all its times that much later, dates by whole days, rounded down."""
    return event | {
        "subject": _subject(event, seconds),
        "time": moved(event["time"], seconds),
        "data": _walk(event.get("data", {}), seconds),
    }


def moved(text: str, seconds: int) -> str:
    """An RFC 3339 instant or a date, later; its fraction and offset stay. What is neither stays as it is."""
    try:
        by = timedelta(seconds=seconds)
        if instant := INSTANT.fullmatch(text):
            return (datetime.fromisoformat(instant[1]) + by).isoformat() + instant[2]
        return (date.fromisoformat(text) + by).isoformat()  # which leaves out what is no whole day
    except (ValueError, OverflowError):
        return text


def _walk(value: Any, seconds: int, move: bool = False) -> Any:
    if isinstance(value, dict):
        return {name: _walk(member, seconds, move or name in MOVED) for name, member in value.items()}
    if isinstance(value, list):
        return [_walk(member, seconds, move) for member in value]
    return moved(value, seconds) if move and isinstance(value, str) else value


def _subject(event: Event, seconds: int) -> str:
    """A rate's subject ends in its date: `fx/<currency>/<date>`."""
    if event["type"] != "crm.fx_rate.set":
        return str(event["subject"])
    currency, slash, day = event["subject"].rpartition("/")
    return f"{currency}{slash}{moved(day, seconds)}"
