"""How many wait, and for how long, from sums."""

import pytest

from aggregators.values import Context
from aggregators.waiting import OLDEST, Waiting

KPI = Waiting("waiting", "late")
AT_MS = 100_000


def context(stat: str) -> Context:
    return Context(lambda *_: None, lambda *_: None, stat=stat, at_ms=AT_MS)


@pytest.mark.parametrize(("stat", "expected"), [("count", 5), ("", 5), ("late", 2)])
def test_those_that_wait_are_counted_and_those_that_do_for_too_long(stat: str, expected: int) -> None:
    assert KPI.value({"waiting": 5, "late": 2}, context(stat))[0] == expected


def test_the_oldest_is_the_first_that_is_still_held() -> None:
    held = {"waiting/10000": 1, "waiting/40000": 1}
    ended = {"waiting/10000": 0, "waiting/40000": 1}
    assert [(found.value, found.n) for found in (KPI.value(cells, context(OLDEST)) for cells in (held, ended))] == [
        (90, 2),
        (60, 1),
    ]
    assert KPI.value({"waiting/10000": 0}, context(OLDEST)).value is None


def test_a_record_has_a_cell_of_its_own_where_it_waits() -> None:
    assert KPI.apart({"waiting": -1}, 7) == {"waiting/7": -1}
    assert KPI.apart({"late": 1}, 7) == {}
