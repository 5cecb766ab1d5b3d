from datetime import date, datetime
from random import Random
from zoneinfo import ZoneInfo

import pytest

from crmpulse.company import rhythm
from crmpulse.company.tables import ZONE


def local(*clock: int) -> float:
    return datetime(*clock, tzinfo=ZoneInfo(ZONE)).timestamp()  # type: ignore[arg-type,misc]


def number(*day: int) -> int:
    return (date(*day) - date(1970, 1, 1)).days


def test_nobody_works_at_weekends_and_on_holidays() -> None:
    assert rhythm.load(number(2026, 1, 3)) == rhythm.load(number(2026, 1, 4)) == rhythm.load(number(2026, 5, 1)) == 0


def test_the_end_of_a_month_is_busy_and_summer_is_not() -> None:
    assert rhythm.load(number(2026, 6, 30)) > rhythm.load(number(2026, 6, 16)) > rhythm.load(number(2026, 8, 18)) > 0


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (local(2026, 1, 5, 3), number(2026, 1, 5)),
        (local(2026, 1, 5, 20), number(2026, 1, 6)),
        (local(2026, 1, 9, 20), number(2026, 1, 12)),
        (local(2026, 1, 10, 12), number(2026, 1, 12)),
        (local(2026, 3, 28, 23), number(2026, 3, 30)),
    ],
)
def test_what_falls_out_of_working_time_waits_for_the_next_working_day(at: float, day: int) -> None:
    waited = rhythm.working(Random(1), at)
    assert waited > at
    assert rhythm.day_of(waited) == day
    assert rhythm.working(Random(1), waited) == waited


def test_working_time_stays() -> None:
    assert rhythm.working(Random(1), local(2026, 1, 5, 10)) == local(2026, 1, 5, 10)


def test_the_push_of_the_month_is_at_its_end() -> None:
    pushed = rhythm.month_end(Random(1), local(2026, 1, 5, 10))
    assert number(2026, 1, 28) <= rhythm.day_of(pushed) <= number(2026, 2, 2)
    late = local(2026, 1, 31, 18)
    assert rhythm.month_end(Random(1), late) >= late
