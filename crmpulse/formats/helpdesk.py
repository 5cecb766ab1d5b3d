"""The Italian help desk log (4TU, doi 10.4121/uuid:0c60edf1-6f83-4e75-9367-4c63b3e9d5bb) as events.

The first row of a case creates its ticket, `Resolve ticket` solves it, `Closed` closes it, `Wait` waits for the
customer, and any other row after one of these opens it again. The zone of the log is unknown: UTC.
"""

from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path

from crmpulse.cloudevent import Event, Publisher
from crmpulse.formats.table import Row, rows

COLUMNS = (
    "Case ID", "Activity", "Resource", "Complete Timestamp", "customer", "product", "seriousness_2", "service_type",
)  # fmt: skip
STATUS = {"Resolve ticket": "solved", "Closed": "closed", "Wait": "pending"}
STAMPS = ("%Y/%m/%d %H:%M:%S.%f", "%Y/%m/%d %H:%M:%S")


def events(file: Path, org: str = "demo") -> Iterator[Event]:
    """The log by time, equal times in the file's order, the same ids each time; FormatError names the mistake."""
    publisher = Publisher(org, "/crm/helpdesk")
    stamped = sorted(((_stamp(row), row) for row in rows(file, COLUMNS)), key=itemgetter(0))
    yield from _directory(publisher, stamped)
    cases: dict[str, _Case] = {}
    for time, row in stamped:
        name = row.text("Case ID")
        if name not in cases:
            cases[name] = _Case(publisher, f"ticket/{name}")
        yield from cases[name].events(time, row)


class _Case:
    def __init__(self, publisher: Publisher, subject: str) -> None:
        self.publisher, self.subject = publisher, subject
        self.status, self.owner, self.sequence = "", "", -1

    def events(self, time: str, row: Row) -> Iterator[Event]:
        owner, status = row.text("Resource"), STATUS.get(row.text("Activity"), "open")
        if not self.status:
            yield self._event("ticket.created", time, _created(row, owner))
            self.status, self.owner = "open", owner
        if status != self.status:
            yield self._event("ticket.status_changed", time, {"new": status, "old": self.status, "owner_id": owner})
        elif owner != self.owner:
            yield self._event("record.owner_changed", time, {"new_owner": owner, "old_owner": self.owner})
        self.status, self.owner = status, owner

    def _event(self, kind: str, time: str, data: dict[str, object]) -> Event:
        self.sequence += 1
        event = self.publisher.event(kind, self.subject, time, data, f"{self.subject} {self.sequence}")
        return event | {"sequence": self.sequence}


def _created(row: Row, owner: str) -> dict[str, object]:
    return {
        "name": row.text("Case ID"),
        "owner_id": owner,
        "category": row.optional("product"),
        "priority": row.optional("seriousness_2"),
        "requester_id": row.optional("customer"),
        "custom": {"service_type": row.cells["service_type"]},
    }


def _directory(publisher: Publisher, stamped: list[tuple[str, Row]]) -> Iterator[Event]:
    start = stamped[0][0] if stamped else "2010-01-01T00:00:00.000Z"
    yield publisher.event("org.updated", f"org/{publisher.org}", start, {"time_zone": "UTC"})
    for agent in dict.fromkeys(row.text("Resource") for _, row in stamped):
        name = {"name": f"Agent {agent.removeprefix('Value ')}"}
        yield publisher.event("user.updated", f"user/{agent}", start, name)


def _stamp(row: Row) -> str:
    time = row.instant("Complete Timestamp", STAMPS, "a time such as 2012/10/09 14:50:17.000")
    return time.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
