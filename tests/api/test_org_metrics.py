"""What is told of an organisation, for how long, and how much of it."""

from __future__ import annotations

import time

import pytest

from api.org_metrics import Told, within

LATER_MS, LATER = int(time.time() * 1000) + 3_600_000, time.monotonic() + 3600
TOLD = Told(b"7 9", b"3", {"org": 1}, ("org",), LATER_MS, LATER, {})


@pytest.mark.parametrize(
    ("told", "version", "alerts", "levels", "holds"),
    [
        (TOLD, b"7 9", b"3", ("org",), True),
        (TOLD, b"7 10", b"3", ("org",), False),
        (TOLD, b"7 9", b"4", ("org",), False),
        (TOLD, b"7 9", b"3", ("org", "team"), False),
        (TOLD._replace(until_ms=0), b"7 9", b"3", ("org",), False),
        (TOLD._replace(fresh_until=0), b"7 9", b"3", ("org",), False),
    ],
)
def test_it_holds_until_an_event_comes_an_alert_changes_a_window_begins_or_something_is_due(
    told: Told, version: bytes, alerts: bytes, levels: tuple[str, ...], holds: bool
) -> None:
    assert told.holds(version, alerts, levels) == holds


@pytest.mark.parametrize(
    ("room", "levels"),
    [
        (0, ("org",)),
        (9, ("org",)),
        (10, ("org", "goal")),
        (30, ("org", "goal", "team")),
        (29, ("org", "goal")),
        (130, ("org", "goal", "team", "user")),
    ],
)
def test_a_level_is_told_as_a_whole_where_there_is_room(room: int, levels: tuple[str, ...]) -> None:
    assert within({"org": 50, "goal": 10, "team": 20, "user": 100}, room) == levels
