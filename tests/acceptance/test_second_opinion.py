"""The API's numbers equal those of an independent recount, over histories that nobody would call nice."""

import random
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import cycle, islice
from math import isclose
from typing import Any, NamedTuple

import pytest

from aggregators.catalogue import KPIS
from aggregators.formulas import Duration, Share
from aggregators.kpi import Kpi
from aggregators.values import Number
from api.query.engine import Engine
from crmpulse.embedded import Redis
from crmpulse.settings import Settings
from streams.connection import connect
from tests.histories import Event, history
from tests.loading import load
from tests.oracle import RECOUNTED, Oracle
from tests.questions import Asked, Questions, recounted

SEEDS = range(16)
QUESTIONS, TRIES = 76, 6
ASKED = [kpi for kpi in KPIS if kpi.id in RECOUNTED]


Put = tuple[Kpi, Asked, dict[str, Any]]
"""A question about a KPI with what the recount answers."""


class Exam(NamedTuple):
    """A history, the KPIs that are kept of it, and questions with what the recount answers."""

    events: list[Event]
    kept: list[Kpi]
    batch: int
    questions: list[Put]


@cache
def exam(seed: int) -> Exam:
    rng = random.Random(seed)
    events = history(rng, ("demo",), rng.choice((200, 400, 600)))
    kept = random.Random(-seed - 1).sample(ASKED, len(ASKED) // 4) if seed % 4 == 0 else ASKED
    questions, oracle = Questions(rng, events), Oracle(events)
    dealt = islice(cycle(kept), seed * QUESTIONS, (seed + 1) * QUESTIONS)
    told = [telling(questions, kpi, oracle) for kpi in dealt]
    return Exam(events, kept, rng.choice((1000, 40)), told)


def telling(questions: Questions, kpi: Kpi, oracle: Oracle) -> Put:
    """A question, and rather one that there is something to tell about."""
    for _ in range(TRIES):
        asked = questions.about(kpi)
        expected = recounted(oracle, kpi, asked)
        if any(numbers(kpi, expected)):
            break
    return kpi, asked, expected


def test_a_kpi_without_a_recount_is_made_of_measures_that_are_recounted() -> None:
    recounted = {name for kpi in ASKED for name in kpi.formula.measures}
    for kpi in KPIS:
        assert not kpi.counts or recounted.issuperset(kpi.formula.measures), kpi.id


@pytest.mark.parametrize("seed", SEEDS)
async def test_any_question_has_the_answer_of_the_recount(seed: int, redis_server: Redis) -> None:
    events, kept, batch, questions = exam(seed)
    enable = "" if kept is ASKED else ",".join(kpi.id for kpi in kept)
    settings = Settings(redis=redis_server.address, enable=enable)
    await load(settings, events, batch)
    redis = connect(settings)
    engine = Engine(redis, settings)
    try:
        for kpi, asked, expected in questions:
            found = await engine.kpi("demo", kpi.id, {name: value for name, value in asked.items() if value})
            compare(kpi, found, expected, f"seed {seed}: {kpi.id} {asked}")
    finally:
        await redis.aclose()


def test_the_recount_of_every_kpi_has_something_to_tell() -> None:
    told = [put for seed in SEEDS for put in exam(seed).questions]
    telling = {kpi.id for kpi, _, expected in told if any(numbers(kpi, expected))}
    assert [kpi.id for kpi in ASKED if kpi.id not in telling] == []
    assert Counter(any(numbers(kpi, expected)) for kpi, _, expected in told)[True] > 0.6 * len(told)


def numbers(kpi: Kpi, expected: dict[str, Any]) -> Iterator[Number | None]:
    for told in (expected, *expected.get("groups", {}).values()):
        yield expected_number(kpi, told)


def compare(kpi: Kpi, found: dict[str, Any], expected: dict[str, Any], context: str) -> None:
    """Assert that an answer and its groups are those expected; a group of nothing may be left out or told as nothing."""
    if not isinstance(kpi.formula, Share):
        assert same(found["value"], expected_number(kpi, expected)), context
    if "parts" in expected:
        assert found["parts"] == expected["parts"], context
    groups = {tuple(g["key"].values()): g["value"] for g in found.get("groups", [])}
    others = {key: expected_number(kpi, group) for key, group in expected.get("groups", {}).items()}
    for key in groups.keys() | others.keys():
        assert same(groups.get(key) or 0, others.get(key) or 0), f"{context} {key}"


def same(found: Number | None, expected: Number | None) -> bool:
    """Whether two numbers are equal, but for the rounding of those that have a root in them."""
    if isinstance(found, float) and isinstance(expected, float):
        return isclose(found, expected, rel_tol=1e-9, abs_tol=1e-9)
    return found == expected


def expected_number(kpi: Kpi, answer: dict[str, Any]) -> Number | None:
    found: Number | None = answer["mean"] if isinstance(kpi.formula, Duration) else answer["value"]
    return found
