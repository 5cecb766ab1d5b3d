"""Which days are working days, and how much of them is over."""

from datetime import date
from fractions import Fraction
from typing import Any

import msgspec
import pytest

from aggregators.org import Org, described
from aggregators.windows import Periods, instant
from aggregators.workdays import Workdays
from tests.telling import merged, told

MONDAY, TUESDAY, SATURDAY = date(2026, 10, 19), date(2026, 10, 20), date(2026, 10, 24)
HOURS = [["09:00", "17:00"]]
ENTRIES: dict[str, dict[str, Any]] = {
    "org/demo": {"time_zone": "Europe/Berlin", "holidays": [[0, ["2026-10-20"]]]},
    "user/ann": {"teams": [[0, "west"], [1792533600000, "east"]]},  # from the 20th of October 2026 on
    "team/west": {"business_hours": [[0, {"saturday": HOURS, "monday": []}]]},
    "team/east": {},
}


def workdays(whose: str, **own: Any) -> Workdays:
    org = Org({**ENTRIES, "org/demo": {**ENTRIES["org/demo"], **own}})
    return Workdays(org, whose)


def works(whose: str, *days: date, **own: Any) -> list[bool]:
    found = workdays(whose, **own)
    return [found.works(day) for day in days]


def test_a_working_day_has_hours_and_is_no_holiday() -> None:
    assert works("org", MONDAY, TUESDAY, SATURDAY) == [True, False, False]
    assert works("org", MONDAY, TUESDAY, holidays=[]) == [True, True]


def test_a_team_has_its_own_hours_for_who_is_in_it_that_day_and_the_organisations_holidays() -> None:
    assert works("team:west", MONDAY, SATURDAY) == [False, True]
    assert works("team:east", MONDAY, SATURDAY) == [True, False]
    assert works("user:ann", MONDAY, SATURDAY) == [False, False]
    assert works("user:bo", MONDAY, SATURDAY) == [True, False]


@pytest.mark.parametrize(
    ("since", "expected"), [("2026-10-19T09:01", True), ("2026-10-19T09:00", False), ("2026-10-19T00:00", False)]
)
def test_a_day_on_which_other_hours_were_said_is_a_working_day_where_there_were_some_before(
    since: str, expected: bool
) -> None:
    at_ms = instant(since, workdays("org").calendar)
    assert works("org", MONDAY, business_hours=[[at_ms, {"friday": HOURS}]]) == [expected]


def test_hours_that_were_taken_back_are_the_usual_ones() -> None:
    assert works("org", MONDAY, business_hours=[[0, {"friday": HOURS}], [1, None]]) == [True]


def test_the_entries_have_hours_and_holidays_over_time() -> None:
    changes = told("01-01 org.updated org/demo name=A\n01-03 org.updated org/demo name=B")
    for change, day in zip(changes, ("2026-01-01", "2026-12-25"), strict=True):
        said = {"holidays": [day], "business_hours": {"monday": [("09:00", "17:00")]}}
        change.entry.data = msgspec.structs.replace(change.entry.data, **said)
    entry = described("org", merged(changes))
    assert [days for _, days in entry["holidays"]] == [["2026-01-01"], ["2026-12-25"]]
    assert [hours["monday"] for _, hours in entry["business_hours"]] == [[("09:00", "17:00")]] * 2


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-10-19T00:00", Fraction(0)),
        ("2026-10-19T12:00", Fraction(1, 8)),
        ("2026-10-20T12:00", Fraction(1, 4)),
        ("2026-10-23T18:00", Fraction(15, 16)),
        ("2026-10-25T12:00", Fraction(1)),
        ("2026-12-01T12:00", Fraction(1)),
    ],
)
def test_todays_share_is_that_of_its_hours_and_days_off_do_not_count(now: str, expected: Fraction) -> None:
    found = workdays("org")
    week = Periods(found.calendar).unit("week", instant("2026-10-21", found.calendar))
    assert found.elapsed(week, instant(now, found.calendar)) == expected


def test_a_day_on_which_clocks_change_is_as_long_as_it_is() -> None:
    found = workdays("org", business_hours=[[0, {"sunday": HOURS}]])
    week = Periods(found.calendar).unit("week", instant("2026-10-21", found.calendar))
    assert found.elapsed(week, instant("2026-10-25T10:00", found.calendar)) == Fraction(11, 25)


def test_a_period_without_working_days_has_no_share() -> None:
    found = workdays("org", business_hours=[[0, {}]])
    week = Periods(found.calendar).unit("week", instant("2026-10-21", found.calendar))
    assert found.elapsed(week, week.to_ms) is None
