from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from tests.faults.driver import begin, run
from tests.faults.scenarios import SCENARIOS, Scenario
from tests.services import Kafka

pytestmark = [pytest.mark.kafka, pytest.mark.faults]
SEED = int(os.environ.get("CRMPULSE_TEST_SEED", "1"))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_nothing_is_lost_or_double(scenario: Scenario, kafka_server: Kafka, tmp_path: Path) -> None:
    with begin(scenario, kafka_server, tmp_path, SEED) as world:
        outcome = asyncio.run(run(scenario, scenario.short, world))
    assert outcome.wrong == []
