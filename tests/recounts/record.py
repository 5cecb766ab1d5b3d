"""What events say of a record, looked up in the sorted list of them for every question."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import cache, cached_property
from typing import Any
from zoneinfo import ZoneInfo

Event = dict[str, Any]
Group = tuple[str, ...]
Holder = tuple[str | None, str | None]
"""The user who is credited, or the team where there is none."""
NONE = "(none)"
MS_NS = 1_000_000
SECOND_NS = 1_000_000_000
EVER_NS = 1 << 80
CREATED = {
    "lead": "crm.lead.created",
    "deal": "crm.deal.created",
    "task": "crm.task.created",
    "ticket": "crm.ticket.created",
    "meeting": "crm.meeting.scheduled",
    "call": "crm.call.logged",
    "email": "crm.email.logged",
    "message": "crm.message.logged",
    "feedback": "crm.feedback.received",
    "heartbeat": "crm.session.heartbeat",
    "spend": "crm.spend.recorded",
    "automation": "crm.automation.run",
    "account": "crm.account.created",
    "contact": "crm.contact.created",
    "quote": "crm.quote.created",
    "order": "crm.order.created",
    "visit": "crm.web.visit",
    "invoice": "crm.invoice.issued",
    "payment": "crm.payment.received",
}
RESTATED = {"call", "email", "message", "meeting", "feedback", "heartbeat", "spend", "automation", "visit"}
"""Entities whose first event, said again, counts by its order beside all others."""
DIMENSIONS = {"source": "source", "channel": "channel", "campaign": "campaign_id", "region": "region",
              "deal_type": "deal_type", "deal_subtype": "deal_subtype", "category": "category", "origin": "origin"}  # fmt: skip


@dataclass
class Part:
    """What one record adds to a KPI: when, for whom, and how much above and below the line."""

    at_ns: int
    user: str | None
    team: str | None
    dims: Mapping[str, str]
    top: Fraction = Fraction(1)
    bottom: int = 1
    missing_rate: bool = False
    products: dict[str, tuple[Fraction, bool]] = field(default_factory=dict)
    """Of a deal: what each product is worth, and whether its rate is missing."""
    by_activity: dict[str, Fraction] = field(default_factory=dict)
    """What of it is above the line for each activity, where it is one thing made of several."""


@dataclass
class Record:
    """The events of one subject in their order."""

    entity: str
    key: str
    events: list[Event]
    known: dict[str, list[tuple[int, Any]]] = field(default_factory=dict)
    """What was looked up before."""

    @cached_property
    def created(self) -> Event | None:
        """The latest event that made it."""
        return next((event for event in reversed(self.events) if event["type"] == CREATED.get(self.entity)), None)

    @cached_property
    def created_ns(self) -> int:
        return time_ns((self.created or self.events[0])["time"])

    @cached_property
    def deleted(self) -> bool:
        """As the latest deletion or restoration says."""
        said = [event for event in self.events if event["type"] == "crm.record.deleted"]
        return bool(said) and not data(said[-1]).get("restored")

    @cached_property
    def explicit(self) -> list[Event]:
        """The events whose facts outrank those of creation."""
        return [event for event in self.events if event["type"] != CREATED.get(self.entity)]

    @property
    def stating(self) -> list[Event]:
        """The events whose facts count by their order."""
        again = self.created if self.entity in RESTATED else None
        return [event for event in self.events if event is again or event in self.explicit]

    def happened(self, *kinds: str) -> list[Event]:
        return [event for event in self.explicit if event["type"] in kinds]

    def effective_ns(self, event: Event) -> int:
        """Nothing happens to a record before it is created."""
        return max(time_ns(event["time"]), self.created_ns)

    def facts(self, member: str) -> list[tuple[int, Any]]:
        """(effective instant, value) of each explicit mention, in order."""
        if member not in self.known:
            said = ((self.effective_ns(event), value) for event in self.stating for value in mentions(event, member))
            self.known[member] = [*said]
        return self.known[member]

    def initial(self, member: str) -> Any:
        return next(mentions(self.created, member), None) if self.created else None

    def at(self, member: str, instant_ns: int) -> Any:
        """The latest explicit value up to that instant, else the initial one; before the creation, as of it."""
        known = [value for at_ns, value in self.facts(member) if at_ns <= max(instant_ns, self.created_ns)]
        return known[-1] if known else self.initial(member)

    def final(self, member: str) -> Any:
        return self.at(member, EVER_NS)

    def owner(self, instant_ns: int) -> str | None:
        """Before the first one that anybody mentions, the one of whom it was taken."""
        owners = [event for event in self.explicit if list(mentions(event, "owner_id"))]
        known = self.at("owner_id", instant_ns)
        return known or (data(owners[0]).get("old_owner") if owners else None)

    def holder(self, instant_ns: int) -> Holder:
        """User, or the team where nobody owns it."""
        owner = self.owner(instant_ns)
        return owner, None if owner else self.at("team_id", instant_ns)

    def custom(self, instant_ns: int = EVER_NS) -> dict[str, Any]:
        found = dict(data(self.created).get("custom") or {}) if self.created else {}
        for event in (event for event in self.stating if self.effective_ns(event) <= instant_ns):
            found |= data(event).get("custom") or {}
            for name, change in (data(event).get("changed") or {}).items():
                if name.startswith("custom."):
                    found[name.removeprefix("custom.")] = change["new"]
        return found

    @cached_property
    def timeless(self) -> dict[str, str]:
        """Dimensions that hold for all of its history."""
        dims = {dimension: label(self.final(member)) for dimension, member in DIMENSIONS.items()}
        dims["(subject)"] = f"{self.entity}/{self.key}"
        return dims | {f"custom.{name}": label(value) for name, value in self.custom().items()}


def mentions(event: Event, member: str) -> Iterator[Any]:
    """What the event says about the member, if anything: none or one value."""
    said, changed = data(event), data(event).get("changed") or {}
    if member == "owner_id" and event["subject"].startswith("task/"):
        # The assignee of a task is its owner.
        yield from list(mentions(event, "assignee_id"))[:1] or _mentions(said, changed, event, member)
    else:
        yield from _mentions(said, changed, event, member)


def _mentions(said: dict[str, Any], changed: dict[str, Any], event: Event, member: str) -> Iterator[Any]:
    if member == "owner_id" and event["type"] == "crm.record.owner_changed":
        yield said["new_owner"]
    elif member == "stage_id" and event["type"] == "crm.deal.stage_changed":
        yield said["new_stage_id"]
    elif member == "lines" and event["type"] == "crm.deal.lost":
        return  # not a member of that type, so ignored
    elif member in changed:
        yield changed[member]["new"]
    elif said.get(member) is not None:
        yield said[member]


def data(event: Event) -> dict[str, Any]:
    return event.get("data") or {}


def label(value: Any) -> str:
    return NONE if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def order(event: Event) -> tuple[int, int, bytes, bytes]:
    return time_ns(event["time"]), event.get("sequence") or 0, event["source"].encode(), event["id"].encode()


@cache
def time_ns(text: str) -> int:
    """Digits beyond nanoseconds are ignored."""
    fraction = ""
    if "." in text:
        head, _, tail = text.partition(".")
        fraction = tail[: len(tail) - len(tail.lstrip("0123456789"))]
        text = head + tail[len(fraction) :]
    whole = datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)
    return whole // timedelta(seconds=1) * SECOND_NS + int(fraction[:9].ljust(9, "0"))


def seconds_between(start_ns: int, end_ns: int) -> Fraction:
    """In whole milliseconds, and never less than nothing."""
    return Fraction(max(0, end_ns // MS_NS - start_ns // MS_NS), 1000)


def local(instant_ns: int, zone: ZoneInfo) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=instant_ns // SECOND_NS)).astimezone(zone)


def status(record: Record, initial: str, instant_ns: int) -> str:
    """Of leads, tasks and tickets: the latest `new` of their status events up to then."""
    changes = record.happened(f"crm.{record.entity}.status_changed")
    known = [data(event)["new"] for event in changes if record.effective_ns(event) <= instant_ns]
    known = [new for new in known if new != "due_changed"]
    return known[-1] if known else initial
