"""What listeners are told: topics, and the messages that a topic consists of at present."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple
from zlib import crc32

from api.query.alerts import alerts
from api.query.encoding import encode
from api.query.engine import Engine

Selectors = tuple[tuple[str, tuple[str, ...]], ...]


class Topic(NamedTuple):
    """Something that is asked, once for all who listen to it. ``name`` is a KPI, else the scope, empty for everything."""

    kind: str
    name: str
    params: Selectors = ()


class Message(NamedTuple):
    """One event of a topic. ``digest`` differs when it is worth telling again; what is ``over`` is told to who knew of it."""

    event: str
    data: str
    digest: int
    over: bool = False


Messages = dict[str, Message]
"""By what they are about."""


def kpi_topic(kpi: str, params: Mapping[str, Sequence[str]]) -> Topic:
    """Return the topic of a KPI's answer to selectors."""
    return Topic("kpi", kpi, tuple(sorted((name, tuple(values)) for name, values in params.items())))


async def messages(engine: Engine, org: str, topic: Topic) -> Messages:
    """Return what there is to tell of a topic; raises what the engine does."""
    return await _OF[topic.kind](engine, org, topic)


def message(event: str, answer: Mapping[str, Any], worth: Mapping[str, Any], *, over: bool = False) -> Message:
    """Return an answer as a message, told again when ``worth`` changes, of which `as_of` says nothing new."""
    return Message(event, encode(answer).decode(), crc32(encode({**worth, "as_of": None})), over)


async def _kpi(engine: Engine, org: str, topic: Topic) -> Messages:
    answer = await engine.kpi(org, topic.name, dict(topic.params))
    return {f"kpi/{topic.name}": message("kpi", answer, answer)}


async def _goals(engine: Engine, org: str, topic: Topic) -> Messages:
    found = await engine.goals(org, {"scope": [topic.name]} if topic.name else {})
    return {f"goal/{goal['goal']}": message("goal", goal, {**goal, **_drift(goal)}) for goal in found["goals"]}


def _drift(goal: Mapping[str, Any]) -> dict[str, Any]:
    """What of a goal moves with the clock, as far as it is worth telling: by a thousandth of the target."""
    expected, target = goal["expected_by_now"], goal["target"]
    moved = None if expected is None or not target else round(1000 * expected / target)
    return {"expected_by_now": moved, "pace": None, "projection": None}


async def _tick(engine: Engine, org: str, topic: Topic) -> Messages:
    position, _ = await engine.standing(org)
    told = {"position": None if position.endswith(":-1") else position}
    return {"tick": message("tick", told, told)}


async def _alerts(engine: Engine, org: str, topic: Topic) -> Messages:
    found = await alerts(await engine.tables(org), scope=topic.name)
    return {f"alert/{one['id']}": message("alert", one, one, over=one["state"] != "firing") for one in found}


_OF: dict[str, Callable[[Engine, str, Topic], Awaitable[Messages]]] = {
    "kpi": _kpi,
    "goal": _goals,
    "alert": _alerts,
    "tick": _tick,
}
