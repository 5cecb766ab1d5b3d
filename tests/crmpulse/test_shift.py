from typing import Any

import pytest

from crmpulse.cloudevent import Publisher
from crmpulse.shift import moved, shift

HOUR, DAY = 3600, 86_400


def shifted(kind: str, subject: str, data: dict[str, Any], seconds: int) -> dict[str, Any]:
    return shift(Publisher("demo", "/crm/x").event(kind, subject, "2026-01-05T09:00:00Z", data), seconds)


@pytest.mark.parametrize(
    ("text", "seconds", "later"),
    [
        ("2026-01-05T09:30:00Z", HOUR, "2026-01-05T10:30:00Z"),
        ("2026-01-05T09:30:00.123456789+01:00", HOUR, "2026-01-05T10:30:00.123456789+01:00"),
        ("2026-01-05T00:30:00Z", -HOUR, "2026-01-04T23:30:00Z"),
        ("2024-02-28", DAY, "2024-02-29"),
        ("2026-01-05", DAY - 1, "2026-01-05"),
        ("2026-01-05", -1, "2026-01-04"),
        ("9999-12-31", DAY, "9999-12-31"),
        ("soon", HOUR, "soon"),
    ],
)
def test_moves_instants_by_seconds_and_dates_by_whole_days(text: str, seconds: int, later: str) -> None:
    assert moved(text, seconds) == later


def test_moves_every_time_in_the_data_and_nothing_else() -> None:
    data = {
        "name": "2026-01-05",
        "due_at": "2026-01-05T09:30:00Z",
        "due_date": "2026-01-05",
        "start": "2026-01-05",
        "holidays": ["2026-01-06"],
        "changed": {"expected_close": {"old": "2026-01-01", "new": "2026-02-01"}, "value": {"new": "2026-01-05"}},
        "custom": {"size": 3},
    }
    event = shifted("deal.updated", "deal/2026-01-05", data, DAY)
    assert event["time"] == "2026-01-06T09:00:00Z"
    assert event["subject"] == "deal/2026-01-05"
    assert event["data"] == {
        "name": "2026-01-05",
        "due_at": "2026-01-06T09:30:00Z",
        "due_date": "2026-01-06",
        "start": "2026-01-06",
        "holidays": ["2026-01-07"],
        "changed": {"expected_close": {"old": "2026-01-02", "new": "2026-02-02"}, "value": {"new": "2026-01-05"}},
        "custom": {"size": 3},
    }


def test_moves_the_date_in_the_subject_of_a_rate() -> None:
    assert shifted("fx_rate.set", "fx/USD/2026-01-05", {"rate": "0.9"}, DAY)["subject"] == "fx/USD/2026-01-06"


def test_is_another_event_of_another_source() -> None:
    event = shifted("deal.won", "deal/1", {}, HOUR)
    assert event["source"] == "/crm/x?shift=3600"
    assert shift(event, 1)["source"] == "/crm/x?shift=1&shift=3600"
    assert shift(event, HOUR) != event
