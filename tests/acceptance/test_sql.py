"""The API's numbers equal those of a recount in SQL over the events as they were published."""

import random
from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

import pytest

from aggregators.catalogue import KPIS
from aggregators.kpi import Kpi
from api.query.engine import Engine
from crmpulse.embedded import Redis
from crmpulse.settings import Settings
from streams.connection import connect
from tests.acceptance.test_second_opinion import same
from tests.aggregators.test_catalogue import contract
from tests.histories import TEAMS, USERS, Event, history
from tests.loading import load
from tests.questions import instant, text
from tests.recounts.record import time_ns
from tests.sql.recount import VIEWS, Recount

SEEDS = range(10)
MS_NS, HOUR_NS, DAY_NS = 1_000_000, 3_600_000_000_000, 86_400_000_000_000
ENTITIES = ("deal", "lead", "contact", "account", "ticket", "quote", "meeting")
SHARES = {
    "source_share": ("source:web", "source:(none)"),
    "lost_reason_share": ("lost_reason:price", "lost_reason:(none)"),
    "activity_mix": ("activity:call", "activity:email", "activity:meeting"),
}
"""KPIs that are told by a dimension, and whose share is asked for."""
UNTOLD = {
    "event_freshness": "no log has when a commit was sent",
    "growth_rate": "made of two answers about another KPI",
    "seasonality_index": "made of answers about another KPI",
    "rank": "made of answers about another KPI",
    **dict.fromkeys(
        ("goal_progress", "goal_attainment", "goal_pace", "goal_projection", "goals_met_share"),
        "made of answers about another KPI, and recounted in SQL over an export (tests/goal_recount.py)",
    ),
}
"""KPIs that these events tell nothing of, and why; each has tests of its own."""
ASKED = [kpi for kpi in KPIS if kpi.id in VIEWS]


class Asked(NamedTuple):
    """A question: the KPI, the window and the present in milliseconds, of whom, and what else it takes."""

    kpi: str
    from_ms: int
    to_ms: int
    now_ms: int
    scope: str
    choices: dict[str, str]

    def params(self) -> dict[str, list[str]]:
        """Return the question as the API takes it."""
        at = {"from": self.from_ms, "to": self.to_ms, "now": self.now_ms}
        whom = {"scope": self.scope, **{name: text(instant(ms * MS_NS)) for name, ms in at.items()}}
        named = {("where" if name == "label" else name): value for name, value in self.choices.items()}
        return {name: [value] for name, value in (whom | named).items() if value}


def questions(seed: int, events: list[Event]) -> Iterator[Asked]:
    """Two of every KPI: of the organisation, and of a user or a team; of all that happened, or the latter half of it."""
    rng = random.Random(seed)
    times = sorted(time_ns(event["time"]) for event in events)
    first, middle, last = times[0], times[len(times) // 2], times[-1]
    windows = (
        (first // HOUR_NS * HOUR_NS, last + 20 * DAY_NS, last + 20 * DAY_NS),
        (middle, last + DAY_NS, rng.randint(middle, last + DAY_NS) // 10**9 * 10**9),
    )
    for kpi in ASKED:
        options = choices(kpi)
        for number, scope in enumerate(scopes(kpi, rng)):
            from_ms, to_ms, now_ms = (at // MS_NS for at in rng.choice(windows))
            if kpi.kind != "forecast" and not kpi.due:
                now_ms = to_ms
            yield Asked(kpi.id, from_ms, to_ms, now_ms, scope, options[(2 * seed + number) % len(options)])


def scopes(kpi: Kpi, rng: random.Random) -> list[str]:
    """The organisation, and one of those that the KPI is told of beside; of a peer two of them."""
    others = [f"{level}:{name}" for level, of in (("user", USERS), ("team", TEAMS)) if level in kpi.by for name in of]
    return (
        rng.sample(others, 2)
        if kpi.id == "agent_performance_score"
        else ["org", *rng.sample(others, min(1, len(others)))]
    )


def choices(kpi: Kpi) -> list[dict[str, str]]:
    """What else a KPI may be asked with: each of its variants and statistics."""
    values: dict[str, tuple[str, ...]] = {
        kpi.chooser: kpi.formula.variants,
        "stat": kpi.formula.stats,
        "hours": ("calendar", "business") if "hours" in kpi.params else (),
        "entity": ENTITIES if "entity" in kpi.params else (),
        "field": (("size", "") if "entity" in kpi.params else ("size",)) if "field" in kpi.params else (),
        "label": SHARES.get(kpi.id, ()),
    }
    named = {name: of for name, of in values.items() if of}
    return [dict(zip(named, chosen, strict=True)) for chosen in product(*named.values())]


def test_every_kpi_of_the_contract_is_recounted_unless_these_events_tell_nothing_of_it() -> None:
    agreed = {kpi.id for kpi in KPIS if kpi.tier in ("core", "derived") and kpi.id in contract()}
    assert agreed - VIEWS == UNTOLD.keys()


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_kpi_is_what_sql_makes_of_the_same_events_however_shuffled_and_repeated(
    seed: int, redis_server: Redis
) -> None:
    rng = random.Random(seed)
    events = history(rng, ("demo",), rng.choice((400, 600)))
    sent = [*events, *rng.sample(events, len(events) // 5)]
    rng.shuffle(sent)
    settings = Settings(redis=redis_server.address)
    await load(settings, sent, rng.choice((1000, 40)))
    redis, recount = connect(settings), Recount(events)
    engine = Engine(redis, settings)
    try:
        for asked in questions(seed, events):
            found = await engine.kpi("demo", asked.kpi, asked.params())
            compare(asked, found, recount)
    finally:
        await redis.aclose()


def compare(asked: Asked, found: dict[str, Any], recount: Recount) -> None:
    """Assert that an answer is that of the recount: percentiles within 1 %, everything else equal."""
    told = recount.kpi(asked.kpi, asked.from_ms, asked.to_ms, asked.now_ms, asked.scope, **asked.choices)
    if asked.kpi == "stage_bottleneck_rank":
        places = {
            tuple(group["key"].values()): (group["value"], group["parts"]["entered"]) for group in found["groups"]
        }
        assert places == recount.places(), asked
    elif "p50" not in told:
        assert same(found["value"], told["value"]), f"{asked}: {found['value']} {told}"
    elif asked.choices["stat"] in ("p50", "p90"):
        expected = told[asked.choices["stat"]]
        assert found["value"] == (expected and pytest.approx(float(expected), rel=0.01, abs=0.001)), f"{asked} {told}"
    else:
        assert found["value"] == told[asked.choices["stat"]], f"{asked} {told}"
