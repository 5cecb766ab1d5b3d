"""Working time between instants, compared with a walk over the minutes that a clock shows."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregators.business_hours import BusinessHours
from aggregators.calendar import calendar
from aggregators.org import Org
from aggregators.windows import instant

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
ZONES = ("UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Cairo")
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ALL_DAY = {day: [["00:00", "24:00"]] for day in DAYS}


def hours(zone: str = "UTC", said: Any = None, holidays: Any = (), entries: Any = ()) -> BusinessHours:
    own = {"business_hours": [[0, said]] if said is not None else [], "holidays": [[0, list(holidays)]]}
    return BusinessHours({"org/demo": own, **dict(entries)}, calendar(zone))


def between(found: BusinessHours, start: str, end: str, whose: str = "org") -> float:
    """Return the hours of work between two local times."""
    return found.between(whose, instant(start, found.calendar), instant(end, found.calendar)) / HOUR_MS


def test_where_nothing_was_said_people_work_from_nine_to_five_from_monday_to_friday() -> None:
    assert between(hours(), "2026-01-05", "2026-01-12") == 40
    assert between(hours(), "2026-01-10", "2026-01-12") == 0
    assert between(hours(), "2026-01-05T08:59", "2026-01-05T09:01") == 1 / 60


def test_nothing_passes_backwards_or_at_once() -> None:
    assert between(hours(), "2026-01-06", "2026-01-05") == between(hours(), "2026-01-05T12:00", "2026-01-05T12:00") == 0


@pytest.mark.parametrize(
    ("zone", "day", "whole"),
    [
        ("Europe/Berlin", "2026-03-29", 23), ("Europe/Berlin", "2026-10-25", 25), ("Europe/Berlin", "2026-06-01", 24),
        ("America/New_York", "2026-03-08", 23), ("America/New_York", "2026-11-01", 25),
        ("America/Sao_Paulo", "2018-11-04", 23), ("America/Sao_Paulo", "2018-02-17", 25),
        ("Australia/Lord_Howe", "2026-04-05", 24.5), ("Pacific/Apia", "2011-12-30", 0),
    ],
)  # fmt: skip
def test_a_day_on_which_clocks_change_is_as_long_as_it_is(zone: str, day: str, whole: float) -> None:
    found = hours(zone, ALL_DAY)
    first = date.fromisoformat(day)
    start, end = (found.calendar.start_of(first + timedelta(days=n)) for n in (0, 1))
    assert found.between("org", start, end) / HOUR_MS == whole


@pytest.mark.parametrize(
    ("span", "day", "expected"),
    [
        (["02:30", "10:00"], "2026-03-29", 7),
        (["01:30", "02:30"], "2026-03-29", 0.5),
        (["02:15", "02:45"], "2026-03-29", 0),
        (["01:30", "02:30"], "2026-10-25", 1),
        (["02:30", "03:30"], "2026-10-25", 2),
        (["01:00", "04:00"], "2026-10-25", 4),
    ],
)
def test_a_time_that_is_left_out_is_when_clocks_go_past_it_and_one_that_comes_twice_is_the_first(
    span: list[str], day: str, expected: float
) -> None:
    assert between(hours("Europe/Berlin", {"sunday": [span]}), day, f"{day}T23:59") == expected


def test_hours_that_overlap_count_once_in_any_order() -> None:
    assert (
        between(
            hours(said={"monday": [["12:00", "14:00"], ["09:00", "13:00"], ["10:00", "11:00"]]}),
            "2026-01-05",
            "2026-01-06",
        )
        == 5
    )


def test_a_team_has_its_own_hours_and_the_organisations_holidays() -> None:
    team = {"business_hours": [[0, {"monday": [["10:00", "11:00"]]}]]}
    entries = {"team/west": team, "user/ann": {"teams": [[0, "west"]]}, "user/bo": {"teams": []}}
    found = hours(holidays=["2026-01-12"], entries=entries)
    theirs = [between(found, "2026-01-05", "2026-01-13", w) for w in ("team:west", "t:west", "user:ann", "u:ann")]
    others = [between(found, "2026-01-05", "2026-01-13", w) for w in ("org", "team:x", "u:bo", "u:cy", "u:", "t:")]
    assert (theirs, others) == ([1] * 4, [40] * 6)


def test_what_a_team_took_back_is_the_organisations_then() -> None:
    at_ms = instant("2026-01-06", calendar("UTC"))
    team = {"business_hours": [[0, {"monday": [["10:00", "11:00"]]}], [at_ms, None]]}
    found = hours(said={"tuesday": [["08:00", "10:00"]]}, entries={"team/west": team})
    assert between(found, "2026-01-05", "2026-01-12", "team:west") == 1 + 2


def test_who_never_works_is_never_done() -> None:
    assert hours(said={}).after("org", 0, 1) is None
    assert hours(said={}).after("org", 5, 0) == 5


def test_the_time_of_somebody_who_changes_teams_passes_in_both() -> None:
    teams = [[0, "west"], [instant("2026-01-06", calendar("UTC")), "none"]]
    west = {"business_hours": [[0, {"monday": [["10:00", "11:00"]]}]]}
    found = hours(entries={"team/west": west, "user/ann": {"teams": teams}})
    start, end = (instant(day, found.calendar) for day in ("2026-01-05", "2026-01-07"))
    assert found.between("u:ann", start, end) == 9 * HOUR_MS
    assert found.after("u:ann", start, 2 * HOUR_MS) == instant("2026-01-06T10:00", found.calendar)
    assert found.after("u:ann", start, HOUR_MS) == instant("2026-01-05T11:00", found.calendar)


def test_tickets_count_anew_where_what_working_time_depends_on_changes() -> None:
    def moving(before: dict[str, Any], **more: Any) -> list[str]:
        was, now = (Org({"org/demo": {}, **before, **each}).places for each in ({}, dict(more.get("now", {}))))
        return [start for start in now if now[start] != was[start]]

    west, own = [[0, "west"]], {"business_hours": [[0, ALL_DAY]]}
    assert moving({}, now={"user/bo": {"teams": west}}) == []
    assert (
        moving({}, now={"org/demo": own})
        == moving({}, now={"org/demo": {"holidays": [[0, ["2026-01-01"]]]}})
        == ["ticket/"]
    )
    assert moving({}, now={"team/west": own}) == ["ticket/"]
    assert moving({"team/west": own}, now={"user/bo": {"teams": west}}) == ["ticket/"]


clocks = st.integers(0, 24 * 12).map(lambda n: f"{n // 12:02}:{n % 12 * 5:02}")
spans = st.tuples(clocks, clocks).filter(lambda span: span[0] < span[1]).map(list)
weeks = st.dictionaries(st.sampled_from(DAYS), st.lists(spans, max_size=3), max_size=7)
AROUND = [
    int(datetime(*day, tzinfo=UTC).timestamp()) * 1000
    for day in ((2026, 3, 27), (2026, 10, 23), (2026, 4, 3), (2018, 11, 2), (2026, 4, 22))
]


@given(
    zone=st.sampled_from(ZONES), said=weeks, around=st.sampled_from(AROUND), first=st.integers(0, 3 * 288),
    length=st.integers(0, 3 * 288), off=st.integers(0, 6),
)  # fmt: skip
def test_any_stretch_is_the_minutes_in_which_the_clock_shows_working_time(
    zone: str, said: Any, around: int, first: int, length: int, off: int
) -> None:
    """In steps of five minutes; what a clock shows for the second time is left out, being the hard part of its own test."""
    holiday = (datetime.fromtimestamp(around / 1000, UTC) + timedelta(days=off)).date().isoformat()
    found, step = hours(zone, said, [holiday]), 5 * MINUTE_MS
    start, end = around + first * step, around + (first + length) * step
    shown = [datetime.fromtimestamp(at / 1000, ZoneInfo(zone)) for at in range(start, end, step)]
    expected = sum(step for local in shown if works(local, said, holiday))
    if not any(local.fold for local in shown):
        assert found.between("org", start, end) == expected
    worked = found.between("org", start, end)
    due = found.after("org", start, worked)
    assert due is not None and due <= max(start, end) and found.between("org", start, due) == worked
    assert not worked or found.between("org", start, due - 1) == worked - 1


def works(local: datetime, said: Any, holiday: str) -> bool:
    clock = f"{local:%H:%M}"
    open_now = any(start <= clock < end for start, end in said.get(DAYS[local.weekday()], ()))
    return open_now and local.date().isoformat() != holiday


def test_a_new_list_of_holidays_leaves_those_that_are_over_and_may_take_back_those_to_come() -> None:
    lists = [("2026-01-01", ["2026-01-06", "2026-06-08"]), ("2026-06-01", ["2026-12-25", "2026-02-02"])]
    said = [[instant(at, calendar("UTC")), days] for at, days in lists]
    found = BusinessHours({"org/demo": {"holidays": said}}, calendar("UTC"))
    days = [date(2026, 1, 6), date(2026, 6, 8), date(2026, 12, 25), date(2026, 2, 2), date(2026, 2, 3)]
    assert [found.of("org", day).works(day) for day in days] == [False, True, False, False, True]
