"""Histories in one line per event, and questions about them in the form of a query string.

A line is `<time> <type> <id> <member>=<value> …`. A time without a year is in 2026, without an offset in UTC. `5EUR` is money,
`changed.x=new` or `changed.x=new<old` what record.updated says, `custom.x=` a custom field, `lines=atlas*2@10,c@3` products with
quantity and price,
`stages=new:0.1,offer` those of a pipeline, `where.x=` and `params.x=` what a goal is of, `milestones=0.5,1` its shares, `sla.x=`
what a ticket promises, `stalled_after_days.x=` when a deal stalls, `filled=name,phone` names,
`business_hours.monday=09:00-12:30,13:00-17:00` when people work, `holidays=01-01,12-25` when nobody does.
`actor=`, `sequence=`, `id=` and `source_id=` (the publisher) belong to the envelope.
"""

import json
import re
import shlex
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aggregators.record import Record, merge
from api.query.engine import Engine
from crmpulse.embedded import Redis
from crmpulse.settings import Settings
from events import Change, decode
from streams.connection import connect
from tests.loading import Event, load

ORG = "demo"
NOW = "2026-07-01"
_TEXT = {"rate", "lost_reason", "merged_into"}
_NAMES = {"choices", "filled", "contact_ids", "required_contact_fields"}
_TIMES = {"due_at", "start", "end"}
NEEDED = {"field_lift": "field=size", "field_roi": "field=size"}
"""What KPIs are asked with that want a parameter."""


def events(text: str, org: str = ORG) -> list[Event]:
    """Return the events of a history."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return [_event(number, line, org) for number, line in enumerate(lines, 1)]


def _event(number: int, line: str, org: str) -> Event:
    at, kind, key, *members = shlex.split(line)
    event: Event = {
        "specversion": "1.0",
        "id": f"{number}",
        "source": "/tests",
        "type": f"crm.{kind}",
        "subject": key if "/" in key else f"{kind.partition('.')[0]}/{key}",
        "time": instant(at),
        "orgid": org,
        "data": {},
    }
    for name, _, value in (member.partition("=") for member in members):
        match name.partition("."):
            case "actor", _, _:
                event["actorid"] = value
            case "id" | "sequence", _, _:
                event[name] = value if name == "id" else int(value)
            case "source_id", _, _:
                event["source"] = value
            case "changed", _, field:
                new, _, old = value.partition("<")
                event["data"].setdefault("changed", {})[field] = {"new": _value(field, new)} | (
                    {"old": old} if old else {}
                )
            case "custom", _, field:
                event["data"].setdefault("custom", {})[field] = _value(field, value)
            case "where" | "params" | "sla" | "stalled_after_days" as member, _, field:
                event["data"].setdefault(member, {})[field] = _value(field, value)
            case "business_hours", _, weekday:
                spans = [span.split("-") for span in value.split(",") if span]
                event["data"].setdefault("business_hours", {})[weekday] = spans
            case "start" | "end", _, _ if kind in ("goal.set", "spend.recorded", "contract.status_changed"):
                event["data"][name] = instant(value)[:10]
            case _:
                event["data"][name] = _value(name, value)
    return event


def instant(text: str) -> str:
    """Return a time of the shorthand as RFC 3339."""
    text = text if re.match(r"\d{4}-", text) else f"2026-{text}"
    text = text if "T" in text else f"{text}T00:00"
    found = re.fullmatch(r"(.+T\d\d:\d\d)(:[\d.]+)?(Z|[+-]\d\d:\d\d)?", text)
    assert found, text
    return f"{found[1]}{found[2] or ':00'}{found[3] or 'Z'}"


def _value(name: str, text: str) -> Any:
    if name in _TIMES and text:
        return instant(text)
    if name == "due_date":
        return instant(text)[:10]
    if name == "contact_ids":
        return text.split(",")
    if name == "holidays":
        return [instant(day)[:10] for day in text.split(",") if day]
    if name == "lines":
        return [_line(line) for line in text.split(",")]
    if name in _NAMES:
        return [part for part in text.split(",") if part]
    if name == "milestones":
        return [float(share) for share in text.split(",")]
    if name == "stages":
        return [_stage(order, stage) for order, stage in enumerate(text.split(","), 1)]
    if money := re.fullmatch(r"(-?[\d.]+)([A-Z]{3})", text):
        return {"amount": money[1], "currency": money[2]}
    if name not in _TEXT and not name.endswith("_id") and re.fullmatch(r"-?\d+(\.\d+)?", text):
        return float(text) if "." in text else int(text)
    return {"true": True, "false": False, "null": None}.get(text, text)


def _line(text: str) -> dict[str, Any]:
    found = re.fullmatch(r"([^*@]*)(?:\*([\d.]+))?(?:@([^@]+))?(?:@([^@]+))?", text)
    assert found, text
    price = _value("", found[3]) if found[3] and found[3][-1].isalpha() else found[3]
    cost = _value("", found[4]) if found[4] and found[4][-1].isalpha() else found[4]
    members = {
        "product_id": found[1], "quantity": found[2] and _value("", found[2]), "unit_price": price, "unit_cost": cost,
    }  # fmt: skip
    return {name: value for name, value in members.items() if value is not None}


def _stage(order: int, text: str) -> dict[str, Any]:
    name, _, probability = text.partition(":")
    stage = {"id": name, "name": name, "order": order}
    return {**stage, "probability": float(probability)} if probability else stage


def told(text: str) -> list[Change]:
    """Return the events of a history as changes."""
    found = decode([json.dumps(event).encode() for event in events(text)])
    assert all(isinstance(change, Change) for change in found), found
    return [change for change in found if isinstance(change, Change)]


def merged(changes: list[Change]) -> Record:
    """Return the record that changes make."""
    record = Record([])
    for change in changes:
        record = merge(record, change.entry) or record
    return record


def params(asked: str) -> Mapping[str, Sequence[str]]:
    """Return the parameters of a question; unless it says when, it is asked on the 1st of July 2026."""
    found: dict[str, list[str]] = {} if "now=" in asked else {"now": [NOW]}
    for name, _, value in (part.partition("=") for part in asked.split("&") if part):
        found.setdefault(name, []).append(value)
    return found


class Told:
    """Answers about a history."""

    def __init__(self, engine: Engine, org: str) -> None:
        self.engine = engine
        self.org = org

    async def answer(self, kpi: str, asked: str = "") -> dict[str, Any]:
        """Return the whole answer to a question."""
        return await self.engine.kpi(self.org, kpi, params(asked))

    async def value(self, kpi: str, asked: str = "") -> Any:
        """Return the value; with `by` the values by group, less those of nothing; with `every` those of the series."""
        found = await self.answer(kpi, asked)
        if "every=" in asked:
            return [bucket["value"] for bucket in found["series"]]
        return groups(found) if "by=" in asked else found["value"]


def groups(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the groups of an answer that are not of nothing, several dimensions separated by ` | `."""
    return {" | ".join(group["key"].values()): group["value"] for group in found["groups"] if group["value"]}


@asynccontextmanager
async def telling(server: Redis, told: str | Sequence[Event], org: str = ORG, batch: int = 1000) -> AsyncIterator[Told]:
    """Load a history into empty tables and open an engine on it."""
    settings = Settings(redis=server.address)
    await load(settings, events(told, org) if isinstance(told, str) else told, batch)
    redis = connect(settings)
    try:
        yield Told(Engine(redis, settings), org)
    finally:
        await redis.aclose()
