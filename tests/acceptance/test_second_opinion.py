"""The API's numbers equal those of an independent recount, over histories that nobody would call nice."""

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from aggregators.averages import Average, Outcome
from aggregators.catalogue import KPIS
from aggregators.formulas import Duration, Share
from aggregators.kpi import Kpi
from api.query.engine import Engine
from crmpulse.embedded import Redis
from crmpulse.settings import Settings
from streams.connection import connect
from tests.histories import SEGMENTS, TEAMS, USERS, Event, history
from tests.loading import load
from tests.oracle import RECOUNTED, Oracle

VISITS = ("session", "page", "click", "form", "store_entry", "call", "meeting")
SEEDS = range(16)
QUESTIONS = 60
ASKED = [kpi for kpi in KPIS if kpi.counts and kpi.id in RECOUNTED]
DIMENSIONS = (
    "source", "channel", "region", "deal_type", "deal_subtype", "product", "stage", "pipeline", "lost_reason", "category",
    "activity", "custom.size", "origin", "segment", "feature", "field", "value", "process", "weekday", "hour", "module",
)  # fmt: skip


def test_a_kpi_without_a_recount_is_made_of_measures_that_are_recounted() -> None:
    recounted = {name for kpi in ASKED for name in kpi.formula.measures}
    for kpi in KPIS:
        assert not kpi.counts or recounted.issuperset(kpi.formula.measures), kpi.id


@pytest.mark.parametrize("seed", SEEDS)
async def test_any_question_has_the_answer_of_the_recount(seed: int, redis_server: Redis) -> None:
    rng = random.Random(seed)
    events = history(rng, ("demo",), rng.choice((60, 250, 700)))
    few = random.Random(-seed - 1).sample(ASKED, len(ASKED) // 4) if seed % 4 == 0 else ASKED
    settings = Settings(redis=redis_server.address, enable="" if few is ASKED else ",".join(kpi.id for kpi in few))
    await load(settings, events, rng.choice((1000, 40)))
    oracle, redis = Oracle(events), connect(settings)
    engine = Engine(redis, settings)
    try:
        for _ in range(QUESTIONS):
            kpi = rng.choice(few)
            asked = question(rng, kpi, events)
            found = await engine.kpi("demo", kpi.id, {name: value for name, value in asked.items() if value})
            where = [spelt(*text.split(":", 1)) for text in asked["where"]]
            by = asked["by"][0].split(",") if asked["by"] else None
            end = min(ms(asked["to"]), ms(asked["now"])) if kpi.due else ms(asked["to"])
            oracle.entity, oracle.field = ("".join(asked.get(name, [])) for name in ("entity", "field"))
            oracle.entity = oracle.entity or "deal"
            oracle.outcome = "".join(asked["variant"])
            oracle.model = "".join(asked["model"])
            oracle.variant = "".join(asked["touchpoint"])
            oracle.now_ns = ms(asked["now"]) * 1_000_000
            hours = asked["hours"][0] if asked["hours"] else ""
            expected = oracle.kpi(kpi.id, asked["scope"][0], ms(asked["from"]), end, by, where, hours)
            compare(kpi, found, expected, f"seed {seed}: {kpi.id} {asked}")
    finally:
        await redis.aclose()


def spelt(dimension: str, asked: str) -> tuple[str, str]:
    """Return a filter as the recount takes it: a lost reason in the one spelling that reasons are counted by."""
    return dimension, (" ".join(asked.split()).casefold() or asked) if dimension == "lost_reason" else asked


def question(rng: random.Random, kpi: Kpi, events: list[Event]) -> dict[str, list[str]]:
    """Return random selectors that make sense for a KPI, each as a list as in a query string."""
    instants = sorted(datetime.fromisoformat(e["time"].upper()).astimezone(UTC) for e in rng.choices(events, k=2))
    if rng.random() < 0.4:
        instants = [at.replace(minute=0, second=0, microsecond=0) for at in instants]
    dimensions = [d for d in (*DIMENSIONS, "user", "team") if d.partition(".")[0] in kpi.by]
    by = rng.sample(dimensions, min(len(dimensions), rng.choice((0, 0, 1, 1, 2))))
    where = [
        f"{d}:{value(rng, d, events)}"
        for d in rng.sample(dimensions, min(len(dimensions), rng.choice((0, 0, 0, 1, 2))))
    ]
    scope = rng.choice(("org", "org", f"user:{rng.choice(USERS)}", f"team:{rng.choice(TEAMS)}"))
    if scope.startswith("team:") and "team" in by:
        by.remove("team")  # within a team only its sub-teams are told, and the recount tells those above it too
    if kpi.kind == "forecast":
        instants[1] += timedelta(days=2)  # what is expected is expected by the day
    span = {"from": [f"{instants[0]:%FT%T.%fZ}"], "to": [f"{instants[1]:%FT%T.%fZ}"]}
    # What is said of an instant below the millisecond is beside the point here.
    span = {name: [text[0][:23] + "Z"] for name, text in span.items()}
    span["now"] = [f"{rng.choice(instants):%FT%T}.000Z"]
    limit = {"limit": ["10000"], "stat": ["mean"] if isinstance(kpi.formula, Duration | Average) else []}
    if "entity" in kpi.params:
        limit |= {"entity": [rng.choice(("deal", "deal", "lead", "contact"))], "field": [rng.choice(("", "size"))]}
    elif "field" in kpi.params:
        limit["field"] = ["size"]
    outcomes = kpi.formula.variants if isinstance(kpi.formula, Outcome) else ()
    limit["variant"] = [rng.choice(outcomes)] if outcomes else []
    limit["model"] = [rng.choice(("linear", "first", "last", "u_shape"))] if "model" in kpi.params else []
    limit["touchpoint"] = [rng.choice(VISITS)] if "touchpoint" in kpi.params else []
    limit["hours"] = [rng.choice(("business", "calendar"))] if "hours" in kpi.params else []
    return {"scope": [scope], "by": [",".join(by)] if by else [], "where": where, **span, **limit}


def value(rng: random.Random, dimension: str, events: Iterable[Event]) -> str:
    """Return a value that a dimension may have."""
    sizes = ["1", "big", "true", "2", "small"]
    named = {"process": ["w1", "w/2"], "field": ["size", "n/a:{1}"], "value": sizes, "custom.size": sizes, "segment": SEGMENTS,
             "user": [*USERS, "(none)"], "team": [*TEAMS, "(none)"], "activity": ["call", "email", "meeting"],
             "weekday": ["monday", "saturday"], "module": ["deal", "call", "task"], "hour": ["00", "09", "20"]}  # fmt: skip
    member = {"pipeline": "pipeline_id", "stage": "stage_id"}.get(dimension, dimension)
    said = {str(e["data"][member]) for e in events if e["data"].get(member) and not isinstance(e["data"][member], list)}
    lines = {line["product_id"] for e in events for line in e["data"].get("lines") or [] if line.get("product_id")}
    known = named.get(dimension) or sorted(lines if dimension == "product" else said)
    return str(rng.choice([*known, "(none)"]))


def ms(text: list[str]) -> int:
    return round(datetime.fromisoformat(text[0]).timestamp() * 1000)


def compare(kpi: Kpi, found: dict[str, Any], expected: dict[str, Any], context: str) -> None:
    """Assert that an answer and its groups are those expected; a group of nothing may be left out or told as nothing."""
    if not isinstance(kpi.formula, Share):
        assert number(kpi, found) == expected_number(kpi, expected), context
    if "parts" in expected:
        assert found["parts"] == expected["parts"], context
    groups = {tuple(g["key"].values()): number(kpi, g) for g in found.get("groups", [])}
    others = {key: expected_number(kpi, group) for key, group in expected.get("groups", {}).items()}
    for key in groups.keys() | others.keys():
        assert (groups.get(key) or 0) == (others.get(key) or 0), f"{context} {key}"


def number(kpi: Kpi, answer: dict[str, Any]) -> Fraction | None:
    found = answer["value"]
    return None if found is None else Fraction(found)


def expected_number(kpi: Kpi, answer: dict[str, Any]) -> Fraction | None:
    found = answer["mean"] if isinstance(kpi.formula, Duration) else answer["value"]
    if found is None or not isinstance(kpi.formula, Duration):
        return None if found is None else Fraction(found)
    return Fraction(found)
