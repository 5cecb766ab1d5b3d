from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.internal.conjecture.providers import HypothesisProvider
from hypothesis.stateful import run_state_machine_as_test

from tests.simulation.guards import GUARDS, Removal
from tests.simulation.machine import Simulation

RUNS = int(os.environ.get("CRMPULSE_TEST_RUNS", "100"))
STEPS = int(os.environ.get("CRMPULSE_TEST_STEPS", "50"))
SEED = int(os.environ.get("CRMPULSE_TEST_SEED", "6"))
"""Where none is said it is one that finds every missing guard soon."""
ENOUGH = 2_000
"""Runs after which a guard that is missing would have been noticed by any search worth its name."""


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Faults are what this is made of: nobody wants to read of each."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    yield
    structlog.configure(**before)


@pytest.fixture(autouse=True)
def repeatable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A seed means the same wherever it runs: else what is drawn depends on the modules that happen to be imported."""
    monkeypatch.setattr(HypothesisProvider, "_maybe_draw_constant", lambda *_, **__: None)


def simulate(runs: int, steps: int = 50, phases: tuple[Phase, ...] = (Phase.generate,)) -> None:
    """Run so many simulations, the same ones for the same seed."""

    @seed(SEED)
    class Seeded(Simulation):
        pass

    run_state_machine_as_test(
        Seeded,
        settings=settings(
            max_examples=runs,
            stateful_step_count=steps,
            phases=phases,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_whatever_happens_the_tables_are_the_fold_of_what_was_applied_and_everything_is() -> None:
    simulate(RUNS, STEPS)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # tasks that are left behind as it fails
@pytest.mark.parametrize("removal", GUARDS.values(), ids=GUARDS)
def test_each_guard_is_needed(removal: Removal, monkeypatch: pytest.MonkeyPatch) -> None:
    removal(monkeypatch)
    with pytest.raises(AssertionError):
        simulate(ENOUGH)
    gc.collect()
