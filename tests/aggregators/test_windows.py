"""Windows: named ones, series, and what they are compared with."""

from datetime import UTC, date, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregators.calendar import calendar
from aggregators.windows import NAMES, UNITS, Periods, Window, instant, named, text, utc_text

BERLIN = calendar("Europe/Berlin")
UTC_DAYS = Periods(calendar("UTC"))
NOW = "2026-05-13T10:30"  # a Wednesday
any_instant = st.integers(0, 4_000_000_000_000)
periods = st.builds(
    Periods,
    st.sampled_from(("UTC", "Europe/Berlin", "Pacific/Apia", "Australia/Lord_Howe", "Asia/Kathmandu")).map(calendar),
    st.sampled_from(("monday", "sunday", "saturday")),
    st.integers(1, 12),
)


def ms(at: str) -> int:
    return round(datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp() * 1000)


def days(window: Window, of: Periods = UTC_DAYS) -> tuple[str, str]:
    return text(window.from_ms, of.calendar)[:10], text(window.to_ms, of.calendar)[:10]


@pytest.mark.parametrize(("name", "first", "end"), [
    ("today", "2026-05-13", "2026-05-14"), ("yesterday", "2026-05-12", "2026-05-13"),
    ("this_week", "2026-05-11", "2026-05-18"), ("last_week", "2026-05-04", "2026-05-11"),
    ("this_month", "2026-05-01", "2026-06-01"), ("last_month", "2026-04-01", "2026-05-01"),
    ("this_quarter", "2026-04-01", "2026-07-01"), ("last_quarter", "2026-01-01", "2026-04-01"),
    ("this_year", "2026-01-01", "2027-01-01"), ("last_year", "2025-01-01", "2026-01-01"),
    ("last_7_days", "2026-05-07", "2026-05-14"), ("last_30_days", "2026-04-14", "2026-05-14"),
    ("last_90_days", "2026-02-13", "2026-05-14"), ("all", "1970-01-01", "2101-01-01"),
])  # fmt: skip
def test_a_named_window_is_of_whole_local_days(name: str, first: str, end: str) -> None:
    assert days(named(name, UTC_DAYS, ms(NOW))) == (first, end)


def test_there_is_no_window_without_a_case_above() -> None:
    assert len(NAMES) == 14


@pytest.mark.parametrize(
    ("week_start", "first"), [("monday", "2026-05-11"), ("sunday", "2026-05-10"), ("saturday", "2026-05-09")]
)
def test_a_week_begins_where_the_organisation_says(week_start: str, first: str) -> None:
    assert days(named("this_week", UTC_DAYS._replace(week_start=week_start), ms(NOW)))[0] == first


@pytest.mark.parametrize(("month", "year", "quarter"), [
    (1, "2026-01-01", "2026-04-01"), (4, "2026-04-01", "2026-04-01"), (6, "2025-06-01", "2026-03-01"), (12, "2025-12-01", "2026-03-01"),
])  # fmt: skip
def test_years_and_quarters_are_fiscal(month: int, year: str, quarter: str) -> None:
    fiscal = UTC_DAYS._replace(fiscal_year_start_month=month)
    assert days(named("this_year", fiscal, ms(NOW)))[0] == year
    assert days(named("this_quarter", fiscal, ms(NOW)))[0] == quarter
    assert days(named("this_month", fiscal, ms(NOW)))[0] == "2026-05-01"


@given(periods, any_instant, st.sampled_from(UNITS[1:]))
def test_a_unit_holds_its_instant_and_touches_its_neighbours(of: Periods, at_ms: int, unit: str) -> None:
    this, before = of.unit(unit, at_ms), of.unit(unit, at_ms, 1)
    assert this.from_ms <= at_ms < this.to_ms
    assert before.to_ms == this.from_ms
    assert of.previous(this) == before


@given(periods, any_instant, st.integers(0, 40 * 86_400_000), st.sampled_from(UNITS))
def test_a_series_is_its_window_cut_at_the_beginnings_of_units(
    of: Periods, from_ms: int, length: int, every: str
) -> None:
    window = Window(from_ms, from_ms + (length if every != "hour" else length // 20))
    series = of.series(every, window)
    assert [window.from_ms, *(w.to_ms for w in series)] == [*(w.from_ms for w in series), window.to_ms]
    if every != "hour":
        assert all(of.unit(every, b.from_ms).from_ms == b.from_ms == a.to_ms for a, b in pairwise(series))


@pytest.mark.parametrize("every", ["day", "week", "month", "quarter", "year"])
def test_a_whole_bucket_is_compared_with_the_unit_before_and_a_cut_one_with_as_many_days(every: str) -> None:
    cut, *whole, last = UTC_DAYS.series(every, Window(ms("2023-08-16T12:00"), ms("2026-03-18T12:00")))
    assert [UTC_DAYS.previous(window) for window in whole] == [UTC_DAYS.unit(every, w.from_ms, 1) for w in whole]
    assert (cut.unit, last.unit) == ("", "")
    assert UTC_DAYS.previous(cut).to_ms == cut.from_ms


def test_hours_are_cut_where_clocks_change() -> None:
    lord_howe = Periods(calendar("Australia/Lord_Howe"))
    series = lord_howe.series("hour", Window(ms("2026-04-04T14:00"), ms("2026-04-04T16:30")))
    assert [(w.to_ms - w.from_ms) // 60_000 for w in series] == [60, 30, 60]


@pytest.mark.parametrize(
    ("month", "now", "name", "expected"),
    [
        (4, "2026-03-31T23:59", "this_year", ("2025-04-01", "2026-04-01")),
        (4, "2026-04-01T00:00", "this_year", ("2026-04-01", "2027-04-01")),
        (4, "2026-04-01T00:00", "last_year", ("2025-04-01", "2026-04-01")),
        (11, "2026-01-15T00:00", "this_quarter", ("2025-11-01", "2026-02-01")),
        (11, "2026-01-15T00:00", "last_quarter", ("2025-08-01", "2025-11-01")),
        (12, "2024-02-29T12:00", "this_quarter", ("2023-12-01", "2024-03-01")),
        (2, "2026-01-31T12:00", "this_year", ("2025-02-01", "2026-02-01")),
    ],
)
def test_a_fiscal_unit_may_lie_in_two_years(month: int, now: str, name: str, expected: tuple[str, str]) -> None:
    assert days(named(name, UTC_DAYS._replace(fiscal_year_start_month=month), ms(now))) == expected


@pytest.mark.parametrize(
    ("every", "expected"),
    [
        ("year", ["2025-04-01", "2026-04-01"]),
        ("quarter", ["2025-10-01", "2026-01-01", "2026-04-01", "2026-07-01"]),
    ],
)
def test_a_series_is_cut_at_fiscal_units(every: str, expected: list[str]) -> None:
    fiscal = UTC_DAYS._replace(fiscal_year_start_month=4)
    cut = fiscal.series(every, Window(ms("2025-11-15T00:00"), ms("2026-08-01T00:00")))
    assert [days(fiscal.unit(every, window.from_ms))[0] for window in cut] == expected


@pytest.mark.parametrize("week_start", ["monday", "sunday", "saturday"])
@pytest.mark.parametrize(("around", "hours"), [("2026-03-29", 167), ("2026-10-25", 169), ("2026-07-15", 168)])
def test_a_week_in_which_clocks_change_is_as_long_as_it_is(week_start: str, around: str, hours: int) -> None:
    berlin = Periods(BERLIN, week_start)
    week = berlin.unit("week", instant(f"{around}T12:00", BERLIN))
    assert (week.to_ms - week.from_ms) / 3_600_000 == hours
    assert sum(w.to_ms - w.from_ms for w in berlin.series("day", week)) == week.to_ms - week.from_ms
    assert len(berlin.series("day", week)) == 7 and berlin.series("week", week) == [week]


def test_the_window_before_is_as_many_days_else_as_long() -> None:
    span = Window(BERLIN.start_of(date(2026, 3, 29)), BERLIN.start_of(date(2026, 3, 30)))
    assert days(Periods(BERLIN).previous(span), Periods(BERLIN)) == ("2026-03-28", "2026-03-29")
    hours = [ms(f"2026-01-01T{hour:02}:00") for hour in (8, 10, 12)]
    assert UTC_DAYS.previous(Window(hours[1], hours[2])) == Window(hours[0], hours[1])


def test_a_year_before_is_the_same_local_date_and_the_28th_for_the_29th() -> None:
    leap = Window(ms("2024-02-29"), ms("2024-03-01"))
    assert days(UTC_DAYS.year_before(leap)) == ("2023-02-28", "2023-03-01")
    july = Periods(BERLIN).year_before(Window(ms("2026-03-29T00:00"), ms("2026-03-29T01:00")))
    assert text(july.from_ms, BERLIN) == "2025-03-29T01:00:00+01:00"


@given(any_instant, st.sampled_from(("UTC", "Asia/Kathmandu", "Europe/Berlin")).map(calendar))
def test_an_instant_is_read_as_it_is_written(at_ms: int, of: object) -> None:
    assert instant(utc_text(at_ms), BERLIN) == at_ms
    assert instant(text(at_ms, BERLIN), calendar("UTC")) == at_ms


def test_dates_and_local_times_are_in_the_zone() -> None:
    assert instant("2026-07-01", BERLIN) == ms("2026-06-30T22:00")
    assert instant("2026-07-01T12:00", BERLIN) == ms("2026-07-01T10:00")
    assert instant("2026-07-01T12:00:00.250", BERLIN) == ms("2026-07-01T10:00") + 250


@pytest.mark.parametrize("wrong", ["", "tomorrow", "2026-02-30", "2026-13-01T00:00", "2026-01-01 10:00", "1767225600"])
def test_what_is_no_instant_is_refused_with_a_sentence(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        instant(wrong, BERLIN)
