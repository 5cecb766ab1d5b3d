"""Hours, days and months of any zone, on the days when its clocks change above all."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregators.calendar import Bucket, Calendar, calendar, next_month

HOUR, DAY = 3_600_000, 86_400_000
ZONES = (
    "UTC", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia",
    "America/Caracas", "Asia/Pyongyang", "Africa/Cairo", "Antarctica/Troll", "America/Havana", "Asia/Tehran", "Pacific/Chatham",
)  # fmt: skip


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@cache
def changes(zone: str) -> list[int]:
    """The instants (ms) since 2000 at which the clocks of a zone change."""
    local, step = ZoneInfo(zone), 7 * DAY
    found = []
    for start in range(ms("2000-01-01"), ms("2030-01-01"), step):
        low, high = start, start + step
        if _offset(low, local) != _offset(high, local):
            while high - low > 1000:
                middle = (low + high) // 2000 * 1000
                low, high = (middle, high) if _offset(middle, local) == _offset(low, local) else (low, middle)
            found.append(high)
    return found


def _offset(at_ms: int, zone: ZoneInfo) -> timedelta | None:
    return datetime.fromtimestamp(at_ms / 1000, zone).utcoffset()


@st.composite
def instants(draw: st.DrawFn, zone: str) -> int:
    """An instant, most of the time near a change of the clocks."""
    near = draw(st.sampled_from([*changes(zone), ms("2024-02-29"), ms("2026-01-01")]))
    minutes = st.integers(-3 * 24 * 4, 3 * 24 * 4).map(lambda quarters: quarters * 900_000)
    return near + draw(st.one_of(minutes, st.integers(-2 * DAY, 2 * DAY), st.integers(-40 * DAY, 40 * DAY)))


zones = st.sampled_from(ZONES)


@given(st.data(), zones)
def test_buckets_are_those_of_local_time(data: st.DataObject, zone: str) -> None:
    at_ms = data.draw(instants(zone))
    local = datetime.fromtimestamp(at_ms / 1000, ZoneInfo(zone))
    found = calendar(zone).bucket(at_ms)
    assert (found.day, found.month) == (f"{local:%Y%m%d}", f"{local:%Y%m}")
    start = datetime.strptime(found.hour, "%Y%m%d%H%M").replace(tzinfo=UTC).timestamp()
    assert 0 <= at_ms / 1000 - start < 3600


@given(st.data(), zones)
def test_a_bucket_does_not_depend_on_what_was_asked_before(data: st.DataObject, zone: str) -> None:
    asked = data.draw(st.lists(instants(zone), max_size=5))
    known = Calendar(zone)
    assert [known.bucket(at_ms) for at_ms in asked] == [Calendar(zone).bucket(at_ms) for at_ms in asked]


def test_no_quarter_of_an_hour_is_of_two_days_for_who_asks_first() -> None:
    midnight = ms("2010-11-07T02:31")  # in St. John's clocks went from 00:01 back to 23:01 of the day before
    before, after = midnight - 1, midnight + 1
    one, other = Calendar("America/St_Johns"), Calendar("America/St_Johns")
    assert [one.bucket(before), one.bucket(after)] == [other.bucket(after), other.bucket(before)][::-1]


@given(st.data(), zones)
def test_a_window_is_covered_without_gap_or_overlap(data: st.DataObject, zone: str) -> None:
    start, end = sorted((data.draw(instants(zone)), data.draw(instants(zone))))
    spans, edges = calendar(zone).cover(start, end)
    pieces = sorted([(s.start_ms, s.end_ms) for s in spans] + edges)
    assert all(a < b for a, b in pieces)
    assert [start, *(b for _, b in pieces)] == [*(a for a, _ in pieces), end] or start == end


@given(st.data(), zones)
def test_each_piece_of_a_window_is_of_one_bucket(data: st.DataObject, zone: str) -> None:
    start, end = sorted((data.draw(instants(zone)), data.draw(instants(zone))))
    spans, edges = calendar(zone).cover(start, end)
    inside = [start, end - 1, *(at for change in changes(zone) for at in (change - 1, change))]
    for span in spans:
        name = Bucket._fields["hdm".index(span.resolution)]
        for at_ms in [span.start_ms, span.end_ms - 1, *(at for at in inside if span.start_ms <= at < span.end_ms)]:
            assert getattr(calendar(zone).bucket(at_ms), name) == span.label
    for a, b in edges:
        assert len({calendar(zone).bucket(at).hour for at in [a, b - 1, *(at for at in inside if a <= at < b)]}) == 1


@given(st.data(), zones)
def test_whole_days_need_no_edges(data: st.DataObject, zone: str) -> None:
    local, day = calendar(zone), data.draw(st.dates(date(2000, 1, 1), date(2029, 1, 1)))
    spans, edges = local.cover(local.start_of(day), local.start_of(day + timedelta(days=data.draw(st.integers(1, 70)))))
    assert not edges
    assert {span.resolution for span in spans} <= {"d", "m"}


def test_a_year_is_twelve_months() -> None:
    berlin = calendar("Europe/Berlin")
    spans, edges = berlin.cover(berlin.start_of(date(2026, 1, 1)), berlin.start_of(date(2027, 1, 1)))
    assert [span.label for span in spans] == [f"2026{month:02}" for month in range(1, 13)]
    assert not edges
    assert all(one.end_ms == other.start_ms for one, other in pairwise(spans))


@pytest.mark.parametrize(("zone", "day", "hours"), [
    ("Europe/Berlin", "2026-03-29", 23), ("Europe/Berlin", "2026-10-25", 25), ("Australia/Lord_Howe", "2026-04-05", 24.5),
    ("Australia/Lord_Howe", "2026-10-04", 23.5), ("America/Sao_Paulo", "2018-11-04", 23), ("Asia/Kathmandu", "2026-03-29", 24),
    ("Pacific/Apia", "2011-12-30", 0), ("Asia/Pyongyang", "2018-05-04", 23.5), ("UTC", "2026-03-29", 24),
])  # fmt: skip
def test_a_day_has_the_hours_that_it_has(zone: str, day: str, hours: float) -> None:
    local = calendar(zone)
    assert local.day_end(day) - local.start_of(date.fromisoformat(day)) == hours * HOUR


@pytest.mark.parametrize(("zone", "at", "minutes"), [
    ("Australia/Lord_Howe", "2026-04-04T15:00", 30), ("Australia/Lord_Howe", "2026-04-04T14:10", 50),
    ("America/Caracas", "2016-05-01T06:45", 15), ("Asia/Kathmandu", "2026-01-01T00:15", 60), ("UTC", "2026-01-01T00:59", 1),
])  # fmt: skip
def test_an_hour_ends_where_the_next_label_begins(zone: str, at: str, minutes: int) -> None:
    assert calendar(zone).hour_end(ms(at)) - ms(at) == minutes * 60_000


def test_months_follow_each_other_over_the_years() -> None:
    assert next_month(date(2026, 12, 31)) == date(2027, 1, 1)
    assert next_month(date(2026, 1, 31), -2) == date(2025, 11, 1)
    assert calendar("UTC").month("202602") == (ms("2026-02-01"), ms("2026-03-01"))
