"""How long events may have waited, as far as is known."""

from __future__ import annotations

import pytest

from api.metrics import Waits

DAY_MS = 86_400_000


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The present in seconds, to be moved."""
    now = [1_000_000.0]
    monkeypatch.setattr("api.metrics.time.time", lambda: now[0])
    return now


def test_nothing_waits_where_all_is_counted(clock: list[float]) -> None:
    assert Waits().seconds({0: 0, 1: -1}, {0: 5, 1: 5}) == {0: 0, 1: 0}


def test_what_waits_came_after_the_last_event_that_was_applied(clock: list[float]) -> None:
    assert Waits().seconds({3: 9}, {3: int(clock[0] * 1000) - 5000}) == {3: 5}


def test_what_waits_came_after_none_was_seen_to(clock: list[float]) -> None:
    waits, quiet_since = Waits(), int(clock[0] * 1000) - DAY_MS
    waits.seconds({0: 0}, {0: quiet_since})
    clock[0] += 15
    assert waits.seconds({0: 1}, {0: quiet_since}) == {0: 15}
    clock[0] += 15
    assert waits.seconds({0: 1}, {0: quiet_since}) == {0: 30}


def test_before_anything_was_applied_it_is_since_the_start(clock: list[float]) -> None:
    waits = Waits()
    clock[0] += 7
    assert waits.seconds({0: 1}, {0: 0}) == {0: 7}
