"""What `crmpulse replay` reads: name → how a path becomes events."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from crmpulse.cloudevent import Event
from crmpulse.formats import helpdesk, jsonl, maven_crm
from crmpulse.formats.table import FormatError

__all__ = ["FORMATS", "Format", "FormatError"]


@dataclass(frozen=True, slots=True)
class Format:
    """`events(path, org)` reads the path, its own default without `org`; `counted` says what an event is there."""

    events: Callable[..., Iterator[Event]]
    help: str
    expects: str
    counted: str = "event"


FORMATS = {
    "jsonl": Format(jsonl.events, "CloudEvents as they are", "a file with one JSON object a line", "line"),
    "maven-crm": Format(
        maven_crm.events,
        'Maven Analytics "CRM Sales Opportunities"',
        "the directory with " + ", ".join(maven_crm.COLUMNS),
    ),
    "helpdesk": Format(helpdesk.events, "the Italian help desk log of 4TU", "its CSV file"),
}
