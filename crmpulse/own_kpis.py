"""The file of KPIs of one's own (`CRMPULSE_KPIS`): read, checked, tried with its tests, and counted over the log."""

import asyncio
import datetime
import json
import math
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from aggregators import catalogue
from aggregators.fold import Arrival
from aggregators.memory import Tables, run
from aggregators.own_checks import read
from aggregators.shard import Shard
from aggregators.tables import orgs, shard
from api.query.engine import Engine
from api.query.errors import ImpossibleError, UnknownError
from crmpulse import trial
from crmpulse.settings import CannotStartError, Settings
from events import Change, Invalid, decode
from streams import log, topics
from streams.forwards import Forwards
from streams.layout import Layout
from streams.log import Log, LogError
from streams.recount import Recount

ORG = "demo"
DAY = datetime.timedelta(days=1)


def adopt(path: str) -> list[dict[str, Any]]:
    """Have the KPIs of a file beside those of the catalogue; return its entries.

    Raises CannotStartError with all that is wrong with it.
    """
    content = _content(path)
    definitions, mistakes = read(content, catalogue.BY_ID)
    if mistakes:
        lines = [f"  {mistake}" for mistake in mistakes]
        raise CannotStartError("\n".join([f"These KPIs of {path} are wrong:", *lines]))
    catalogue.adopt(definitions)
    return content["kpi"]  # type: ignore[no-any-return]


def _content(path: str) -> dict[str, Any]:
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise CannotStartError(f"{path} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CannotStartError(f"{path} is not TOML: {error}.") from None


def tried(entries: list[dict[str, Any]], settings: Settings) -> Iterator[tuple[str, list[str]]]:
    """Yield each test of some entries, and what is wrong with what came of it."""
    for entry in entries:
        for number, test in enumerate(entry.get("test", ()), 1):
            name = f"{entry['id']}: {test.get('name', f'test {number}')}"
            yield name, asyncio.run(_differences(entry["id"], test, settings))


async def _differences(kpi: str, test: Mapping[str, Any], settings: Settings) -> list[str]:
    events = [_event(number, event) for number, event in enumerate(test["events"], 1)]
    changes = decode([json.dumps(event).encode() for event in events])
    wrong = [
        f"event {number}, {found.path}: {found.reason}"
        for number, found in enumerate(changes, 1)
        if isinstance(found, Invalid)
    ]
    if wrong:
        return wrong
    alone = settings.model_copy(update={"partitions": 1, "enable": ""})
    tables = Tables()
    arrivals = [Arrival(change, 0, number) for number, change in enumerate(changes) if isinstance(change, Change)]
    tables.write(run(Shard(shard(0), catalogue.plan()).apply(arrivals, len(arrivals)), tables))
    asking = trial.engine(tables, alone)
    latest = max(datetime.datetime.fromisoformat(event["time"]) for event in events) + DAY
    lines = [await _differs(asking, kpi, asked, expected, latest) for asked, expected in test["answers"].items()]
    return [line for line in lines if line]


async def _differs(asking: Engine, kpi: str, asked: str, expected: Any, now: datetime.datetime) -> str:
    """What an answer has otherwise than expected; nothing where it is the same."""
    params: dict[str, list[str]] = {} if "now=" in asked else {"now": [now.isoformat()]}
    for part in filter(None, asked.split("&")):
        name, _, value = part.partition("=")
        params.setdefault(name, []).append(value)
    try:
        answer = await asking.kpi(ORG, kpi, params)
    except (ImpossibleError, UnknownError) as error:
        return f"{asked!r}: {error}"
    found: Any = answer["value"]
    if "every" in params:
        found = [bucket["value"] for bucket in answer["series"]]
    elif "by" in params:
        found = {" | ".join(group["key"].values()): group["value"] for group in answer["groups"] if group["value"]}
    return "" if _same(found, expected) else f"{asked!r} is {_plain(found)}, not {_plain(expected)}"


def _same(found: Any, expected: Any) -> bool:
    if isinstance(expected, dict):
        return (
            isinstance(found, dict)
            and found.keys() == expected.keys()
            and all(_same(found[k], expected[k]) for k in expected)
        )
    if isinstance(expected, list):
        return isinstance(found, list) and len(found) == len(expected) and all(map(_same, found, expected))
    if found is None or isinstance(expected, str):
        return found is None and expected == "null"
    return math.isclose(found, expected, rel_tol=1e-9)


def _plain(value: Any) -> str:
    """A value as a file would have it; there is no null in TOML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {_plain(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_plain, value)) + "]"
    return "null" if value is None else str(value) if isinstance(value, str | int) else f"{float(value):g}"


def _event(number: int, said: Mapping[str, Any]) -> dict[str, Any]:
    """An event of a test: what it leaves out is of no matter, and its type needs no prefix."""
    event = {"specversion": "1.0", "id": f"{number}", "source": "/tests", "orgid": ORG, "data": {}, **said}
    time, kind = event.get("time", ""), str(event.get("type", ""))
    if isinstance(time, datetime.datetime):
        time = time.isoformat() if time.tzinfo else f"{time.isoformat()}Z"
    return {**event, "time": str(time), "type": kind if kind.startswith("crm.") else f"crm.{kind}"}


def counted(settings: Settings) -> list[tuple[str, str, str]]:
    """Return what the KPIs of one's own are over the whole log, by organisation; no table is touched."""
    try:
        return asyncio.run(_counted(settings))
    except LogError as error:
        raise CannotStartError(f"The log {error}.") from error


async def _counted(settings: Settings) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []
    async with log.consumer(settings) as reader:
        partitions = await topics.partitions(settings)
        asked = settings.model_copy(update={"partitions": partitions, "enable": ""})
        for number in range(partitions):
            one, prefix = Log(reader, settings.events_topic, number), shard(number)
            recount = Recount(one, prefix, Layout(1, partitions), asked, Forwards(), lambda _: None)
            await one.open()
            await recount.rest()
            found += await _answers(recount.tables, prefix, asked)
    return sorted(found)


async def _answers(tables: Tables, prefix: str, settings: Settings) -> list[tuple[str, str, str]]:
    asking = trial.engine(tables, settings)
    return [
        (org, one.id, _plain((await asking.kpi(org, one.id, {}))["value"]))
        for org in tables.sets.get(orgs(prefix), {})
        for one in catalogue.OWN
    ]
