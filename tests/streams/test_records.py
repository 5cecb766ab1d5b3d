from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from aiokafka.structs import ConsumerRecord

from events import Change, Invalid
from streams.records import MAX_BYTES, ORIGIN, came_from, changes
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
        record(CALL, [("x", b"x" * (MAX_BYTES - 1 - len(CALL)))]),
        record(CALL, [("x", b"x" * (MAX_BYTES - len(CALL)))]),
    ]
    assert [isinstance(found, Invalid) for found in changes(records)] == [False, False, True, False, True]


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
