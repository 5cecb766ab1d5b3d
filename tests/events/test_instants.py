"""Instants of RFC 3339 texts."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import instant_ns

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
HOUR_NS = 3600 * 10**9


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:30:00+00:30", 0),
        ("1969-12-31T23:00:00-01:00", 0),
        ("1970-01-01t01:00:00z", HOUR_NS),
        ("1970-01-01T00:00:00.5Z", 500_000_000),
        ("1970-01-01T00:00:00.000000001Z", 1),
        ("1970-01-01T00:00:00.0000000019999Z", 1),
        ("1970-01-01T00:00:01.250+00:00", 1_250_000_000),
        ("1972-06-30T23:59:60Z", 78_796_800 * 10**9),
        ("2100-01-01T00:59:59+01:00", 4_102_444_799 * 10**9),
        ("2000-02-29T12:00:00-00:00", 951_825_600 * 10**9),
    ],
)
def test_known_instants(text: str, ns: int) -> None:
    assert instant_ns(text) == ns
    assert instant_ns(text) == ns, "remembered"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Z",
        "2026-01-05",
        "2026-01-05T10:00Z",
        "2026-01-05T10:00:00",
        "2026-01-05 10:00:00Z",
        "2026-01-05T10:00:00 Z",
        "2026-01-05T10:00:00Z ",
        "2026-01-05T10:00:00Z\n",
        "2026-01-05T10:00:00.Z",
        "2026-01-05T10:00:00,5Z",
        "2026-01-05T10:00:00+0100",
        "2026-01-05T10:00:00+01",
        "2026-01-05T10:00:00+24:00",
        "2026-01-05T10:00:00+01:60",
        "2026-01-05T24:00:00Z",
        "2026-01-05T10:60:00Z",
        "2026-01-05T10:00:61Z",
        "2026-02-29T10:00:00Z",
        "2026-13-01T10:00:00Z",
        "2026-00-01T10:00:00Z",
        "2026-01-00T10:00:00Z",
        "0000-01-01T10:00:00Z",
        "\u0662\u0660\u0662\u0666-01-05T10:00:00Z",
        "2026-01-05T10:00:0\u0665Z",
        "20260105T100000Z",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+00:01",
        "2100-01-01T00:00:00Z",
        "2099-12-31T23:59:59-00:01",
        "2099-12-31T23:59:60Z",
        "9999-01-01T00:00:00Z",
    ],
)
def test_other_texts_are_refused_even_when_parts_are_known(text: str) -> None:
    instant_ns("2026-01-05T10:00:00Z")
    for _ in range(2):
        with pytest.raises(ValueError, match=r"(?s)^`.*\.$"):
            instant_ns(text)


@given(
    st.integers(86_400 * 10**6, 4_102_358_400 * 10**6),
    st.integers(-1439, 1439),
    st.sampled_from([("seconds", 10**6), ("milliseconds", 10**3), ("microseconds", 1)]),
)
def test_the_calendar_agrees(microseconds: int, offset: int, precision: tuple[str, int]) -> None:
    zone = datetime.timezone(datetime.timedelta(minutes=offset))
    moment = EPOCH + datetime.timedelta(microseconds=microseconds)
    text = moment.astimezone(zone).isoformat(timespec=precision[0])
    assert instant_ns(text) == microseconds // precision[1] * precision[1] * 1000
