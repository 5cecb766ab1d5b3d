"""An organisation's directory: its calendar and currency, its users, teams and pipelines, its exchange rates.

Kept as one small entry per directory record, derived from that record's events: what the fold needs to place a moment in
time and money, and what a reader needs to name and group it.
"""

from functools import cached_property
from typing import Any

import msgspec

from aggregators.business_hours import BusinessHours
from aggregators.calendar import Calendar, calendar
from aggregators.record import Record, is_deleted
from aggregators.story import Facts, facts_of, story
from events.instants import instant_ns

ENTITIES = frozenset({"org", "user", "team", "pipeline", "fx", "goal", "segment", "field"})
"""Entities whose records make up the directory."""

_KEPT: dict[str, tuple[str, ...]] = {
    "org": (
        "name", "time_zone", "currency", "week_start", "fiscal_year_start_month", "required_contact_fields", "hourly_cost",
        "stalled_after_days",
        "licences",
    ),
    "user": ("name", "manager_id", "time_zone", "active"),
    "team": ("name", "manager_id", "parent_id", "active"),
    "pipeline": ("name", "stages"),
    "fx": ("rate",),
    "field": ("name", "label", "kind", "required", "choices", "pattern", "capture_minutes"),
    "segment": ("name", "entity", "where", "cadence_days"),
    "goal": (
        "name", "kpi", "assignee", "period", "start", "end", "where", "direction", "pace", "stat", "params", "milestones",
    ),
}  # fmt: skip


LEAD_RESPONSE_TARGET_MS = 1_800_000
"""The time that the answer to a lead may take, where the organisation says nothing else."""


class Org:
    """One organisation as its directory tells it. ``entries`` is ``{subject: what is known}``, ``{}`` where only mentioned."""

    def __init__(self, entries: dict[str, dict[str, Any]] | None = None) -> None:
        self.entries: dict[str, dict[str, Any]] = entries or {}
        own: dict[str, Any] = next((v for k, v in self.entries.items() if k.startswith("org/")), {})
        self.own = own
        self.calendar: Calendar = calendar(own.get("time_zone", "UTC"))
        self.currency: str = own.get("currency", "EUR")
        self.week_start: str = own.get("week_start", "monday")
        self.fiscal_year_start_month: int = own.get("fiscal_year_start_month", 1)
        self.stalled_after_days: dict[str, float] = own.get("stalled_after_days", {})
        self.response_targets: list[list[int]] = own.get("lead_response_targets", [])

    @cached_property
    def hours(self) -> BusinessHours:
        """Return who works when."""
        return BusinessHours(self.entries, self.calendar)

    @property
    def places(self) -> dict[str, Any]:
        """Return what decides where moments count, by what the subjects that it concerns begin with (empty: all of them).

        It is the zone and the currency, for tasks the zones of users, for deals the stages of pipelines and when they stall in
        them, for leads the targets of answers, for tickets who works when.
        """
        zones = {s: zone for s, e in self.entries.items() if s.startswith("user/") and (zone := e.get("time_zone"))}
        return {
            "": (self.calendar.zone.key, self.currency),
            "task/": zones,
            "deal/": (self.stages, self.stalled_after_days),
            "lead/": self.response_targets,
            "ticket/": self.hours.decisive,
        }

    @cached_property
    def stages(self) -> dict[str, list[str]]:
        """Return the stages of each pipeline that lists some, in order.

        One without a chance behind all that have a chance is where lost deals lie: it is no step of the way.
        """
        found = {s[len("pipeline/") :]: _ordered(e["stages"]) for s, e in self.entries.items() if e.get("stages")}
        return {pipeline: stages for pipeline, stages in found.items() if stages}

    @cached_property
    def undescribed(self) -> dict[str, set[str]]:
        """Return the ids of the users and teams that are only mentioned, by kind."""
        found: dict[str, set[str]] = {"user": set(), "team": set()}
        for subject in (subject for subject, entry in self.entries.items() if not entry):
            kind, _, name = subject.partition("/")
            if kind in found:
                found[kind].add(name)
        return found

    @cached_property
    def rated_from(self) -> dict[str, str]:
        """Return the first day (``YYYYMMDD``) of each currency that has a rate."""
        found = dict[str, str]()
        for subject in (s for s, entry in self.entries.items() if "rate" in entry):
            _, currency, day = subject.split("/")
            found[currency] = min(day.replace("-", ""), found.get(currency, "9"))
        return found

    def response_target_ms(self, at_ms: int) -> int:
        """Return the time that the answer to a lead of an instant may take."""
        said = [target for from_ms, target in self.response_targets if from_ms <= at_ms and target is not None]
        return said[-1] if said else LEAD_RESPONSE_TARGET_MS

    def due_ns(self, facts: Facts) -> int | None:
        """Return the instant after which a task is overdue: ``due_at``, or the last ms of ``due_date`` where its assignee is."""
        if due_at := facts.get("due_at"):
            return instant_ns(due_at)
        if not (due_date := facts.get("due_date")):
            return None
        zone = self.entries.get(f"user/{facts.get('owner_id')}", {}).get("time_zone")
        local = calendar(zone) if zone else self.calendar
        return (local.day_end(due_date) - 1) * 1_000_000


def _ordered(stages: list[dict[str, Any]]) -> list[str]:
    def place(at: int) -> float:
        order: float | None = stages[at].get("order")
        return at + 1 if order is None else order

    ordered = [stages[at] for at in sorted(range(len(stages)), key=place)]
    last = max((at for at, stage in enumerate(ordered) if stage.get("probability")), default=len(ordered))
    on_the_way = (stage["id"] for at, stage in enumerate(ordered) if at <= last or stage.get("probability") != 0)
    return [*dict.fromkeys(on_the_way)]


def described(entity: str, record: Record) -> dict[str, Any]:
    """Return a directory record's entry.

    What holds from an instant on is a list of ``[from instant in ms, value]``, oldest first: a user's ``teams``, the
    ``business_hours`` of the organisation or a team, its ``holidays`` and ``lead_response_targets``, a goal's ``targets``.
    """
    told = story(record)
    if told is None:
        return _gone(entity, record) if is_deleted(record) else {}
    if entity == "goal":
        return goal(record)
    found = _kept(entity, told.final)
    if entity == "user":
        found["teams"] = memberships(record)
    if entity == "org" and (targets := over_time(record, "lead_response_target_ms")):
        found["lead_response_targets"] = targets
    if entity == "org" and (holidays := over_time(record, "holidays")):
        found["holidays"] = holidays
    if entity in ("org", "team") and (hours := over_time(record, "business_hours")):
        found["business_hours"] = hours
    return found


def _gone(entity: str, record: Record) -> dict[str, Any]:
    """What is left of a directory record that is deleted: the places of users and teams, since what they did counts there."""
    if entity == "user":
        return {"deleted": True, "teams": memberships(record)}
    parents = [parent for _, parent in over_time(record, "parent_id")][-1:] if entity == "team" else []
    return {"deleted": True, **({"parent_id": parents[0]} if parents and parents[0] else {})}


def goal(record: Record) -> dict[str, Any]:
    """Return a goal as it was last set: each time whole, so that what it leaves out is not what was said before."""
    held: dict[str, Any] | None = None
    for entry in record.entries:
        match entry.data.type:
            case "crm.goal.set":
                held = facts_of(entry)
            case "crm.goal.deleted":
                held = None
            case _:
                held = held and held | facts_of(entry)
    if held is None:
        return {"deleted": True}
    return _kept("goal", held) | {"targets": [found for found in over_time(record, "target") if found[1] is not None]}


def memberships(record: Record) -> list[list[Any]]:
    """Return a user's teams over time: ``[from instant in ms, team]``, oldest first; an empty team for none."""
    return [[at_ms, team or ""] for at_ms, team in over_time(record, "team_id")]


def over_time(record: Record, member: str) -> list[list[Any]]:
    """Return what was said of a member over time: ``[from instant in ms, value]``, oldest first."""
    stated = [(e.time_ns // 1_000_000, facts_of(e)) for e in record.entries]
    return [[at_ms, facts[member]] for at_ms, facts in stated if member in facts]


def _kept(entity: str, facts: Facts) -> dict[str, Any]:
    return {name: facts[name] for name in _KEPT[entity] if facts.get(name) is not None}


def pack_entry(entry: dict[str, Any]) -> bytes:
    """Return a directory entry as it is stored."""
    return msgspec.json.encode(entry, order="sorted")
