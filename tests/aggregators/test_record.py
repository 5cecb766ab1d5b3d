"""Records: the merge of their events, whatever their order of arrival."""

import json
from itertools import permutations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregators.record import Record, decode_record, encode_record, is_deleted, merge
from events import Change, decode
from tests.histories import history
from tests.telling import merged, told


def ids(record: Record) -> list[str]:
    return [entry.id for entry in record.entries]


def test_events_are_kept_in_the_order_of_the_contract() -> None:
    found = told("""
        01-02 deal.won 1 id=c
        01-02 deal.won 1 id=b
        01-02 deal.won 1 id=a source_id=/z
        01-02 deal.won 1 id=d sequence=-1
        01-02T01:00+02:00 deal.won 1 id=e sequence=9
    """)
    assert ids(merged(found)) == ["e", "d", "b", "c", "a"]


def test_a_repeated_event_changes_nothing() -> None:
    [change] = told("01-02 deal.won 1")
    assert merge(merged([change]), change.entry) is None


def test_of_two_announcements_the_later_is_kept_and_an_earlier_one_changes_nothing() -> None:
    late, early = told("01-03 deal.created 1 id=late\n01-02 deal.created 1 id=early")
    assert ids(merged([early, late])) == ids(merged([late, early])) == ["late"]
    assert merge(merged([late]), early.entry) is None


def test_one_id_with_two_contents_ends_the_same_whatever_came_first() -> None:
    found = told("01-02 deal.won 1 id=a value=1EUR\n01-02 deal.won 1 id=a value=2EUR")
    assert merged(found) == merged(found[::-1])


@pytest.mark.parametrize(("text", "deleted"), [
    ("01-02 record.deleted deal/1", True),
    ("01-02 record.deleted deal/1\n01-03 deal.won 1", True),
    ("01-02 record.deleted deal/1\n01-03 record.deleted deal/1 restored=true", False),
    ("01-03 record.deleted deal/1\n01-02 record.deleted deal/1 restored=true", True),
    ("01-03 deal.won 1", False),
])  # fmt: skip
def test_the_latest_word_on_its_existence_holds(text: str, deleted: bool) -> None:
    assert is_deleted(merged(told(text))) == deleted


def test_privacy_erases_names_said_before_and_after() -> None:
    found = told("""
        01-01 deal.created 1 name=Secret value=5EUR
        01-02 record.deleted deal/1 reason=privacy
        01-03 deal.won 1 name="Secret again"
        01-04 record.updated deal/1 changed.name="Secret still"<Secret changed.value=5EUR
        01-04 deal.updated 1 changed.name=Secret
    """)
    for order in permutations(found):
        record = merged(list(order))
        assert b"Secret" not in encode_record(record)
        assert b'"5"' in encode_record(record)


@given(st.integers(0, 2**32))
def test_a_record_is_the_same_in_any_order_and_round_trips(seed: int) -> None:
    rng = Random(seed)
    found = decode([json.dumps(event).encode() for event in history(rng, ("demo",), 30)])
    changes = [change for change in found if isinstance(change, Change)]
    for subject in {change.key for change in changes}:
        mine = [change for change in changes if change.key == subject]
        record = merged(mine)
        assert merged(rng.sample(mine * 2, len(mine) * 2)) == record
        assert decode_record(encode_record(record)) == record
