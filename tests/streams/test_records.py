from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.structs import ConsumerRecord

from events import Change, Invalid
from events.published import TRUNCATED
from streams.records import MAX_BYTES, ORIGIN, came_from, changes, headers_of_copy, publishable
from tests.feed import event

Headers = Sequence[tuple[str, bytes | None]]
CALL = event("acme", 1)
ATTRIBUTES = {name: value for name, value in json.loads(CALL).items() if name != "data"}
BINARY: Headers = [("ce_" + name, value.encode()) for name, value in ATTRIBUTES.items()]
DATA = b'{"direction": "outbound"}'


def record(value: bytes | None, headers: Headers = ()) -> ConsumerRecord:
    """A record as it is fetched."""
    return ConsumerRecord("t", 0, 0, 0, 1, None, value, 0, 0, 0, headers)


def test_binary_mode_says_the_same_as_structured_mode() -> None:
    structured, binary = changes([record(CALL), record(DATA, [("x", b"\xff"), *BINARY])])
    assert isinstance(structured, Change)
    assert binary == structured


def test_answers_come_in_the_order_of_the_records() -> None:
    two = event("acme", 2)
    found = changes([record(two), record(DATA, BINARY), record(b"{"), record(None), record(DATA, BINARY), record(CALL)])
    ids = [one.entry.id if isinstance(one, Change) else "bad" for one in found]
    assert ids == ["2", "1", "bad", "bad", "1", "1"]


@pytest.mark.parametrize(
    ("value", "headers"),
    [
        (None, ()),
        (b"", ()),
        (b"null", ()),
        (b"\xff\xfe", ()),
        (b"[" * 100_000, ()),
        (CALL[:-1], ()),
        (CALL, [("ce_type", b"crm.call.logged")]),
        (DATA, [*BINARY[:-1], (BINARY[-1][0], b"\xff")]),
        (DATA, [*BINARY[:-1], (BINARY[-1][0], None)]),
        (DATA, [("ce_", b"")]),
        (None, BINARY),
        (b"[1]", BINARY),
    ],
)
def test_a_record_that_cannot_be_used_is_a_reason_and_no_error(value: bytes | None, headers: Headers) -> None:
    [found] = changes([record(value, headers)])
    assert isinstance(found, Invalid)
    assert found.reason
    assert found.path.startswith("$")


def test_a_record_too_large_to_be_sent_on_is_refused() -> None:
    def padded(size: int) -> bytes:
        return event(
            "acme", 1, direction="outbound", name="x" * (size - len(event("acme", 1, direction="outbound", name="")))
        )

    records = [
        record(padded(MAX_BYTES)),
        record(padded(MAX_BYTES), [(ORIGIN, b"events/0/0")]),
        record(padded(MAX_BYTES + 1)),
        record(CALL, [("x", b"x" * (MAX_BYTES - 11 - len(CALL)))]),
        record(CALL, [("x", b"x" * (MAX_BYTES - 10 - len(CALL)))]),
        record(CALL, [("€" * 300_000, b"")]),
        record(CALL, [("€" * 400_000, None)]),
        record(CALL, [("", b"")] * 110_000),
    ]
    refused = {number: found.reason for number, found in enumerate(changes(records)) if isinstance(found, Invalid)}
    assert [*refused] == [2, 4, 6, 7]
    assert {*refused.values()} == {
        "A record has at most 1100000 bytes, with its headers, each of which counts 10 more."
    }


@pytest.mark.parametrize("value", [CALL, b"x" * (MAX_BYTES + 1)])
def test_a_record_that_was_cut_is_refused_as_such(value: bytes) -> None:
    [found] = changes([record(value, [("x", b"1"), (TRUNCATED, b"5")])])
    assert isinstance(found, Invalid)
    assert found.reason == (
        "The header crmpulse_truncated marks a record that was cut: send the whole one, without it."
    )


def test_a_repeated_header_counts_as_it_came_last() -> None:
    [found] = changes([record(DATA, [("ce_id", b"first"), *BINARY, ("ce_id", b"last")])])
    assert isinstance(found, Change)
    assert found.entry.id == "last"


@pytest.mark.parametrize(
    ("headers", "place"),
    [
        ([], ("events", "3", "7")),
        ([("other", b"a/1/2")], ("events", "3", "7")),
        ([(ORIGIN, b"crm.events/1/2")], ("crm.events", "1", "2")),
        ([(ORIGIN, b"first/1/2"), (ORIGIN, b"second/3/4")], ("first", "1", "2")),
        ([(ORIGIN, b"\xff/1/2")], ("events", "3", "7")),
        ([(ORIGIN, None), (ORIGIN, b"crm.events/1/2")], ("crm.events", "1", "2")),
    ],
)
def test_a_record_came_from_where_it_was_published_first(
    headers: list[tuple[str, bytes | None]], place: tuple[str, str, str]
) -> None:
    found = ConsumerRecord("events", 3, 7, 0, 0, None, b"", None, 0, 0, headers)
    assert came_from(found) == place
    copy = replace(found, topic="copies", headers=headers_of_copy(found))
    assert came_from(copy) == came_from(replace(copy, topic="again", headers=headers_of_copy(copy))) == place


def test_a_copy_says_where_it_was_first_and_where_last_and_what_else_it_said() -> None:
    found = replace(record(CALL, [(ORIGIN, b"first/1/2"), ("x", b"1"), (ORIGIN, b"y" * 9_999), ("x", None)]), topic="t")
    assert headers_of_copy(found) == [("x", b"1"), ("x", None), (ORIGIN, b"first/1/2"), (ORIGIN, b"t/0/0")]
    assert headers_of_copy(record(CALL)) == [(ORIGIN, b"t/0/0")]


@pytest.mark.parametrize("value", [b"v", b"", None])
@pytest.mark.parametrize("key", [b"k", b"", None])
def test_what_a_topic_takes_is_published_as_it_is(key: bytes | None, value: bytes | None) -> None:
    found = replace(record(value, [("x", None), ("x", b"1")]), key=key)
    kept = replace(found, value=b"") if key is value is None else found  # a producer sends one of them
    assert publishable(found, MOST) == kept


MOST = 100_000
ROOM = MOST - 10_000
BIG = b"b" * 200_000
FIT = [(f"{n}", b"h" * 30_000) for n in range(2)]


@pytest.mark.parametrize(
    ("key", "value", "headers", "kept"),
    [
        (b"acme", BIG, [("x", b"1")], (b"acme", BIG[: ROOM - 4 - 12], [("x", b"1")])),
        (None, BIG, [], (None, BIG[:ROOM], [])),
        (BIG, CALL, [], (BIG[:1000], CALL, [])),
        (BIG, None, [], (BIG[:1000], None, [])),
        (b"", CALL, [("x", BIG), ("y", b"1")], (b"", CALL, [("y", b"1")])),
        (b"", CALL, [(BIG.decode(), None)], (b"", CALL, [])),
        (b"", CALL, [("", b"")] * 10_000, (b"", b"", [("", b"")] * 9_000)),
        (b"", BIG, [*FIT, ("2", b"h" * 30_000), ("3", None)], (b"", BIG[: 30_000 - 22 - 11], [*FIT, ("3", None)])),
    ],
)  # fmt: skip
def test_a_record_that_no_topic_takes_is_cut_to_what_fits_and_says_what_its_value_had(
    key: bytes | None, value: bytes | None, headers: Headers, kept: tuple[bytes | None, bytes | None, Headers]
) -> None:
    cut = publishable(replace(record(value, headers), key=key), MOST)
    assert (cut.key, cut.value, cut.headers[:-1]) == (*kept[:2], tuple(kept[2]))
    assert cut.headers[-1] == (TRUNCATED, str(len(value or b"")).encode())
    assert DefaultRecordBatchBuilder.estimate_size_in_bytes(cut.key, cut.value, list(cut.headers)) < MOST
    [found] = changes([cut])
    assert isinstance(found, Invalid)


def test_a_record_that_is_cut_again_says_what_its_value_had_at_first_and_where_it_was() -> None:
    headers = [*[("", b"")] * 10_000, (ORIGIN, b"first/1/2")]
    cut = publishable(record(BIG, headers), MOST)
    again = publishable(replace(cut, topic="copies", headers=headers_of_copy(cut)), MOST // 2)
    assert came_from(again) == came_from(cut) == ("first", "1", "2")
    assert [value for name, value in again.headers if name == TRUNCATED] == [b"200000"]


def test_a_header_that_is_itself_too_large_does_not_stand_for_what_the_value_had() -> None:
    [told] = publishable(record(CALL, [(TRUNCATED, BIG)]), MOST).headers
    assert told == (TRUNCATED, str(len(CALL)).encode())
