"""The events that set and delete goals, made of what a request says and checked as a whole before anything is published."""

import time
import uuid
from datetime import UTC, datetime
from typing import Any

import msgspec

from aggregators.goals import Goal
from api.query.engine import Engine
from api.query.errors import ImpossibleError, Mistake
from events import EVENTS, Invalid, decode
from events.nearest import nearest

SOURCE = "/crmpulse/api"
_GOOD = {"kpi": "deals_won", "assignee": "org", "target": 1}
"""What an event needs to be one, so that a member can be tried by itself."""

_MEMBERS = {field.encode_name: field.required for field in msgspec.structs.fields(EVENTS["crm.goal.set"])}


async def setting(engine: Engine, org: str, goal_id: str, body: bytes) -> bytes:
    """Return the event that sets a goal to what a body says; ImpossibleError with all that is wrong with it."""
    said = _object(body)
    mistakes = _wrong(org, goal_id, said)
    good = {
        name: value for name, value in said.items() if name not in {p.parameter.partition(".")[0] for p in mistakes}
    }
    if "kpi" in good:
        taken = {mistake.parameter for mistake in mistakes}
        mistakes += [p for p in await engine.goal_mistakes(org, _goal(goal_id, good)) if p.parameter not in taken]
    if mistakes:
        raise ImpossibleError(*mistakes)
    return _event("goal.set", org, goal_id, said)


def deleting(org: str, goal_id: str) -> bytes:
    """Return the event that deletes a goal; ImpossibleError where the id cannot be one."""
    event = _event("goal.deleted", org, goal_id, {})
    [answer] = decode([event])
    if isinstance(answer, Invalid):
        raise ImpossibleError(Mistake("id", answer.reason))
    return event


def _object(body: bytes) -> dict[str, Any]:
    """The members of a body; what is null is not said."""
    try:
        said = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        reason = f"is one JSON object with the members of crm.goal.set: {error}"
        raise ImpossibleError(Mistake("body", reason)) from None
    return {name: value for name, value in said.items() if value is not None}


def _wrong(org: str, goal_id: str, said: dict[str, Any]) -> list[Mistake]:
    """What the decoder of events finds wrong with each member; members that it would pass over are mistakes here."""
    known = [*_MEMBERS]
    mistakes = [
        Mistake(name, f"there is no member {name!r}; there are {', '.join(known)}", nearest(name, known))
        for name in said
        if name not in known
    ]
    mistakes += [Mistake(name, "is missing") for name, required in _MEMBERS.items() if required and name not in said]
    tried: list[dict[str, Any]] = [{}, *({name: value} for name, value in said.items() if name in known)]
    answers = decode([_event("goal.set", org, goal_id, {**_GOOD, **one}) for one in tried])
    found = {(a.path.removeprefix("$.data."), a.reason) for a in answers if isinstance(a, Invalid)}
    return mistakes + [Mistake("id" if path == "$.subject" else path, reason) for path, reason in sorted(found)]


def _goal(goal_id: str, said: dict[str, Any]) -> Goal:
    members = {name: said[name] for name in Goal._fields if name in said and name != "id"}
    return Goal(**{"id": goal_id, "assignee": "org", "targets": [[0, said.get("target", 1)]], **members})


def _event(kind: str, org: str, goal_id: str, said: dict[str, Any]) -> bytes:
    at_s, ns = divmod(time.time_ns(), 1_000_000_000)
    event = {
        "specversion": "1.0",
        "id": uuid.uuid4().hex,
        "source": SOURCE,
        "type": f"crm.{kind}",
        "subject": f"goal/{goal_id}",
        "time": f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%dT%H:%M:%S}.{ns:09}Z",
        "orgid": org,
        "data": said,
    }
    return msgspec.json.encode(event)
