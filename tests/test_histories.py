from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

import events
from tests.histories import KINDS, histories, history

ORGS = ("demo", "a:{b} c")


@pytest.mark.parametrize("seed", range(20))
def test_every_event_of_a_history_is_valid(seed: int) -> None:
    told = history(Random(seed), ORGS, 300)
    found = events.decode([msgspec.json.encode(event) for event in told])
    assert [it for it in found if isinstance(it, events.Invalid)] == []


def test_a_seed_tells_the_same_history() -> None:
    assert history(Random(5), ORGS, 200) == history(Random(5), ORGS, 200)


def test_histories_collide_repeat_and_use_all_kinds() -> None:
    told = history(Random(1), ORGS, 2000)
    assert {event["type"] for event in told} == {f"crm.{kind}" for kind in KINDS}
    assert {event["orgid"] for event in told} == set(ORGS)
    assert len({event["subject"] for event in told}) < len(told) / 10
    assert len({(event["source"], event["id"]) for event in told}) < len(told)
    assert len({event["time"] for event in told}) < len(told)


@settings(max_examples=20, deadline=None)
@given(histories())
def test_the_strategy_gives_valid_events(told: list[dict[str, Any]]) -> None:
    found = events.decode([msgspec.json.encode(event) for event in told])
    assert not any(isinstance(it, events.Invalid) for it in found)
