"""How old events are at a commit, and what is amiss with them, without a worker around."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregators.ages import counted, enter
from aggregators.fold import Arrival
from aggregators.freshness import DEAD, NO_RATE, TOOK, UNMAPPED, Freshness, read
from aggregators.histogram import bucket
from aggregators.org import Org
from aggregators.shard import Writes
from aggregators.values import Context
from events import Change, decode
from tests.telling import events, told

AT_MS = 1_767_607_200_000  # 2026-01-05T10:00Z
KNOWN: dict[str, dict[str, Any]] = {
    "user/ann": {"teams": []},
    "team/west": {"name": "West"},
    "user/bo": {},
    "team/east": {},
}
RATED: dict[str, dict[str, Any]] = {
    "fx/USD/2026-01-05": {"rate": "0.9"},
    "fx/USD/2026-03-01": {"rate": "0.8"},
    "fx/GBP/2025-01-01": {"deleted": True},
}


def arrivals(history: str, **more: Any) -> list[Arrival]:
    return [Arrival(change, AT_MS, offset, **more) for offset, change in enumerate(told(history))]


def changing(entity: str, **changed: Any) -> Arrival:
    """A record whose members become anything."""
    event = events(f"01-05T10:00 record.updated {entity}/1 owner_id=ann")[0]
    event["data"]["changed"] = {name: {"new": value} for name, value in changed.items()}
    [change] = decode([json.dumps(event).encode()])
    assert isinstance(change, Change), change
    return Arrival(change, AT_MS, 0)


@given(st.lists(st.tuples(st.integers(-(10**6), 10**12), st.sampled_from("ab")), max_size=20))
def test_each_event_counts_once_with_its_age(ages: list[tuple[int, str]]) -> None:
    took = [(max(0, ms), source) for ms, source in ages]
    expected = Counter[tuple[str | int, str]]((bucket(ms), source) for ms, source in took)
    for ms, source in took:
        expected[TOOK, source] += ms
    assert counted([aged(*each) for each in ages], Org(), AT_MS) == expected


def aged(ms: int, source: str) -> Arrival:
    [change] = told("01-05T10:00 call.logged 1")
    change.entry.time_ns = (AT_MS - ms) * 1_000_000 + 999_999
    change.entry.source = source
    return Arrival(change, AT_MS, 0)


def test_history_counts_for_nothing() -> None:
    told = "01-05T10:00 deal.won 1 owner_id=cy value=5USD"
    assert counted(arrivals(told, news_ms=AT_MS), Org(), AT_MS) == {}
    assert counted(arrivals(told, news_ms=AT_MS - 1), Org(), AT_MS) != {}


@pytest.mark.parametrize(
    ("history", "unmapped"),
    [
        ("01-05T10:00 call.logged 1", 0),
        ("01-05T10:00 call.logged 1 actor=ann owner_id=ann team_id=west", 0),
        ("01-05T10:00 call.logged 1 actor=bo owner_id=ann", 1),
        ("01-05T10:00 call.logged 1 actor=bo owner_id=bo team_id=east", 1),
        ("01-05T10:00 call.logged 1 actor=ann team_id=east", 1),
        ("01-05T10:00 call.logged 1 actor=bo\n01-05T10:00 call.logged 2 owner_id=bo", 2),
    ],
)
def test_who_is_only_mentioned_is_unmapped(history: str, unmapped: int) -> None:
    assert counted(arrivals(history), Org(KNOWN), AT_MS).get((UNMAPPED, "/tests"), 0) == unmapped


@pytest.mark.parametrize(
    ("history", "currencies"),
    [
        ("01-05T10:00 deal.won 1 value=5EUR", ""),
        ("01-05T10:00 deal.won 1 value=5USD", ""),
        ("01-04T23:59 deal.won 1 value=5USD", "USD"),
        ("01-05T10:00 deal.won 1 value=5GBP", "GBP"),
        ("01-05T10:00 deal.won 1 value=5EUR lines=a@1GBP,b@1GBP@2GBP,c@7", "GBP"),
        ("01-05T10:00 order.status_changed 1 new=refunded refund=1CHF", "CHF"),
        ("01-05T10:00 invoice.issued 1 net=1CHF tax=1GBP", "CHF GBP"),
        ("01-05T10:00 org.updated org/demo hourly_cost=5CHF", "CHF"),
        ("01-05T10:00 call.logged 1", ""),
    ],
)
def test_amounts_without_a_rate_of_their_day_are_told_by_currency(history: str, currencies: str) -> None:
    assert unrated(arrivals(history)) == currencies.split()


@pytest.mark.parametrize(
    ("value", "currencies"),
    [
        ({"amount": "1", "currency": "CHF"}, "CHF"),
        ({"amount": "1", "currency": "EUR"}, ""),
        ({"amount": "1", "currency": ["CHF"]}, ""),
        ({"currency": "no such currency"}, ""),
        ([{"unit_price": {"amount": "1", "currency": "CHF"}, "unit_cost": None}, {"unit_price": "3"}, 7], "CHF"),
        (None, ""),
        ("CHF", ""),
    ],
)
def test_what_changed_may_be_anything(value: Any, currencies: str) -> None:
    assert unrated([changing("quote", what=value)]) == currencies.split()


def unrated(found: list[Arrival]) -> list[str]:
    counts = counted(found, Org(RATED), AT_MS)
    return sorted(str(what).partition("@")[2] for what, _ in counts if str(what).startswith(f"{NO_RATE}@"))


def test_what_is_written_is_read_as_it_was() -> None:
    told = "01-05T09:59:57 deal.won 1 owner_id=cy value=5GBP source_id='/a b:c'\n01-05T09:59:59 call.logged 2"
    writes = Writes(applied={"demo": arrivals(told)})
    enter(writes, "{1.p0}", {"demo": Org({"user/cy": {}})}, {"demo": 2}, AT_MS)
    assert writes.zadd == {"{1.p0}:demo:fresh": {"202601": 0}}
    [(rows, fields)] = writes.added
    assert rows == {
        "{1.p0}:demo:fresh:h:20260105": "1000 ", "{1.p0}:demo:fresh:d:20260105": "", "{1.p0}:demo:fresh:m:202601": "",
    }  # fmt: skip
    for before, hour in (("1000 ", "1000"), ("", "")):
        kept = {f"{before}{name}".encode(): str(times).encode() for name, times in fields.items()}
        found = read(kept, hourly=bool(hour))[hour]
        assert found.keys() == {"/a b:c", "/tests", ""}
        value = Freshness().value(found["/a b:c"], Context(lambda *_: None, lambda *_: None, "mean"))
        assert (value.value, value.n, value.caveats) == (3, 1, {"unmapped": 1, "fx_missing": {"GBP": 1}})
        assert found[""] == {DEAD: 2}


def test_nothing_is_written_of_nothing() -> None:
    writes = Writes(applied={"demo": []})
    enter(writes, "{1.p0}", {"demo": Org()}, {}, AT_MS)
    assert writes == Writes(applied={"demo": []})
