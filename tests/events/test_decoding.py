"""Decoding: good input, bad input, and that neighbours do not matter."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import events
from events import Change, Invalid
from events.decoding import MAX_DEPTH

CALL: dict[str, Any] = {
    "specversion": "1.0",
    "id": "e1",
    "source": "/crm/test",
    "type": "crm.call.logged",
    "subject": "call/1",
    "time": "2026-01-05T10:00:00Z",
    "orgid": "acme",
    "data": {"owner_id": "u1", "direction": "outbound", "duration_ms": 90_000},
}
EUR = {"amount": "1234.50", "currency": "EUR"}
ABSENT = object()


def event(**attributes: Any) -> bytes:
    merged = {name: value for name, value in {**CALL, **attributes}.items() if value is not ABSENT}
    return json.dumps(merged, ensure_ascii=False).encode()


def deal(type_: str = "crm.deal.won", **data: Any) -> bytes:
    return event(type=type_, subject="deal/1", data=data)


def changed(**fields: Any) -> bytes:
    return deal("crm.deal.updated", changed={name: {"new": new} for name, new in fields.items()})


def decoded(value: bytes) -> Change:
    [answer] = events.decode([value])
    assert isinstance(answer, Change), answer
    return answer


def refused(value: bytes) -> Invalid:
    [answer] = events.decode([value])
    assert isinstance(answer, Invalid), answer
    return answer


def test_an_event_becomes_a_change_of_its_record() -> None:
    change = decoded(event(actorid="u7", sequence=3))
    assert (change.org, change.entity, change.key) == ("acme", "call", "call/1")
    assert change.entry.order == (1_767_607_200 * 10**9, 3, "/crm/test", "e1")
    assert change.entry.actor == "u7"
    assert change.entry.data == events.CallLogged(owner_id="u1", direction="outbound", duration_ms=90_000)


def test_an_entry_is_kept_as_a_short_array_and_comes_back() -> None:
    entry = decoded(event(actorid="u7")).entry
    kept = msgspec.json.encode(entry)
    data = b'{"direction":"outbound","duration_ms":90000,"owner_id":"u1"}'
    assert kept == b'["call.logged",1767607200000000000,0,"/crm/test","e1","u7",' + data + b"]"
    assert msgspec.json.decode(kept, type=events.ENTRIES) == entry


@pytest.mark.parametrize(
    ("later", "earlier"),
    [
        ({"time": "2026-01-05T10:00:00.000000001Z"}, {"sequence": 9}),
        ({"time": "2026-01-05T09:30:00-01:00"}, {"time": "2026-01-05T11:00:00+01:00"}),
        ({"sequence": 1}, {"sequence": 0, "source": "z"}),
        ({"sequence": 0}, {"sequence": -1}),
        ({"source": "b"}, {"source": "a", "id": "z"}),
        ({"id": "\U0001f600"}, {"id": "\uffee"}),
        ({"id": "b"}, {"id": "B"}),
    ],
)
def test_order_is_time_sequence_source_id(later: dict[str, Any], earlier: dict[str, Any]) -> None:
    assert decoded(event(**later)).entry.order > decoded(event(**earlier)).entry.order


GOOD = {
    "ids with colon": event(id="a:b", subject="call/x:y"),
    "ids with braces": event(orgid="{acme}", subject="call/{1}"),
    "ids with slashes": event(id="a/b", subject="call/a/b/c"),
    "ids with spaces": event(id="a b", orgid=" ", subject="call/ "),
    "ids with emoji": event(id="😀", orgid="😀" * 128, subject="call/" + "😀" * 128),
    "escaped slashes and letters": event().replace(b"/", b"\\/").replace(b"u1", b"\\u00fc1"),
    "pounds and umlauts": event(id="£ü\u00a0"),
    "unknown members": event(extension="x", data={"unknown": {"deep": [1, {"x": 2**70}]}}),
    "null optionals": event(actorid=None, sequence=None, data={"owner_id": None, "custom": None, "outcome": None}),
    "no optionals": event(data={}),
    "far future": event(time="2099-12-31T23:59:59.999999999Z"),
    "long ago": event(time="1970-01-01T00:00:00Z"),
    "lower case time": event(time="2026-01-05t10:00:00z"),
    "the widest sequence": event(sequence=-(2**63 - 1)),
    "white space around": b" \n" + event() + b"\t",
    "data before type": json.dumps(dict(reversed(CALL.items()))).encode(),
    "a name with line breaks": event(data={"name": "a\nb\x7f\x85"}),
    "custom scalars": event(data={"custom": {"a": 1, "b": 1.5, "c": "x", "d": True, "e": None}}),
    "money to the limit": deal(value={"amount": "-999999999999.9999", "currency": "JPY"}),
    "lines with bare and full prices": deal(
        lines=[{"product_id": "p", "quantity": 1.5, "unit_price": "9.99", "unit_cost": EUR}, {"product_id": "q"}]
    ),
    "a changed value": changed(value=EUR, probability=1, expected_close="2026-02-28"),
    "a cleared value": changed(value=None, expected_close=None),
    "changed fields of one's own": changed(**{"custom.size": 3, "colour": ["red"], "address": {"city": "Rome"}}),
    "any record's owner": event(type="crm.record.owner_changed", subject="ticket/7", data={"new_owner": "u2"}),
    "any record's field": event(type="crm.record.updated", subject="visit/7", data={"changed": {"x": {"new": 1}}}),
    "the organisation": event(type="crm.org.updated", subject="org/acme", data={"time_zone": "America/Sao_Paulo"}),
    "business hours": event(
        type="crm.team.updated", subject="team/1", data={"business_hours": {"monday": [["09:00", "24:00"]]}}
    ),
    "a rate": event(type="crm.fx_rate.set", subject="fx/USD/2026-01-05", data={"rate": "0.000001"}),
    "a custom field": event(type="crm.field.updated", subject="field/deal.a.b", data={}),
    "a segment's entity": event(type="crm.segment.updated", subject="segment/1", data={"entity": "account"}),
    "a goal of a user": event(
        type="crm.goal.set", subject="goal/1", data={"kpi": "won", "assignee": "user:a:b/c", "target": 5}
    ),
    "a goal in money": event(
        type="crm.goal.set", subject="goal/1", data={"kpi": "won_value", "assignee": "org", "target": EUR}
    ),
}


@pytest.mark.parametrize("value", GOOD.values(), ids=GOOD.keys())
def test_good_input_is_accepted(value: bytes) -> None:
    decoded(value)


BAD = {
    "empty": (b"", "$", "is empty"),
    "blank": (b" \n", "$", "is empty"),
    "null": (b"null", "$", "one JSON object: expected `object`, got `null`"),
    "an array": (b"[" + event() + b"]", "$", "got `array`"),
    "a text": (b'"x"', "$", "got `str`"),
    "not JSON": (b"hello", "$", "is not JSON"),
    "cut off": (event()[:-1], "$", "is not JSON"),
    "two events": (event() + b"," + event(), "$", "is not JSON"),
    "half a surrogate pair": (event().replace(b"e1", b"\\ud800"), "$", "is not JSON"),
    "not UTF-8": (event().replace(b"e1", b"\xff"), "$", "is not UTF-8"),
    "not UTF-8 where nobody looks": (event(x="?").replace(b"?", b"\xff"), "$", "is not UTF-8"),
    "1 MiB of nesting": (b'{"x":' + b"[" * 2**20, "$", "nested deeper than"),
    "too much nesting": (event(x=json.loads("[" * MAX_DEPTH + "]" * MAX_DEPTH)), "$", "nested deeper than"),
    "no id": (event(id=ABSENT), "$.id", "`id` is missing"),
    "no time": (event(time=ABSENT), "$.time", "`time` is missing"),
    "no type": (event(type=ABSENT), "$.type", "`type` is missing"),
    "no data": (event(data=ABSENT), "$.data", "`data` is missing"),
    "null data": (event(data=None), "$.data", "got `null`"),
    "null id": (event(id=None), "$.id", "Expected `str`, got `null`"),
    "an empty id": (event(id=""), "$.id", "length >= 1"),
    "a long id": (event(id="x" * 129), "$.id", "length <= 128"),
    "an old specversion": (event(specversion="0.3"), "$.specversion", "allowed: `1.0`"),
    "an unknown type": (event(type="crm.deal.wonn"), "$.type", "nearest: `crm.deal.won`"),
    "another entity": (event(subject="deal/1"), "$.subject", "must be `call/<id>`, not `deal/1`"),
    "no entity": (event(subject="call-number-1"), "$.subject", "is not `call/<id>`"),
    "no id in the subject": (event(subject="call/"), "$.subject", "expected: the record, `call/<id>`"),
    "a long id in the subject": (event(subject="call/" + "x" * 129), "$.subject", "`call/<id>`"),
    "an unknown entity": (event(type="crm.record.deleted", subject="dael/1"), "$.subject", "nearest: `deal`"),
    "a long id of any record": (event(type="crm.record.deleted", subject="deal/" + "x" * 129), "$.subject", "128"),
    "another organisation": (event(type="crm.org.updated", subject="org/other"), "$.subject", "`org/acme`"),
    "a rate of no currency": (
        event(type="crm.fx_rate.set", subject="fx/EURO/2026-01-05", data={"rate": "1"}),
        "$.subject",
        "ISO 4217",
    ),
    "a rate of no day": (
        event(type="crm.fx_rate.set", subject="fx/USD/2026-02-30", data={"rate": "1"}),
        "$.subject",
        "does not exist",
    ),
    "a rate of nothing": (
        event(type="crm.fx_rate.set", subject="fx/USD/2026-01-05", data={"rate": "0.0"}),
        "$.data.rate",
        "positive",
    ),
    "a field of nothing": (event(type="crm.field.updated", subject="field/deal"), "$.subject", "<entity>.<key>"),
    "control characters in the id": (event(id="a\nb"), "$.id", "no control characters"),
    "control characters in the source": (event(source="a\x85b"), "$.source", "no control characters"),
    "control characters in the subject": (event(subject="call/\x7f"), "$.subject", "no control characters"),
    "control characters in the organisation": (event(orgid="\x00"), "$.orgid", "no control characters"),
    "control characters in an owner": (event(data={"owner_id": "\u0007"}), "$.data.owner_id", "no control"),
    "control characters in a list": (
        event(data={"contact_ids": ["a", "\t"]}),
        "$.data.contact_ids[1]",
        "no control",
    ),
    "control characters in a changed owner": (
        changed(owner_id="\x01"),
        "$.data.changed.owner_id.new",
        "no control",
    ),
    "a time without offset": (event(time="2026-01-05T10:00:00"), "$.time", "RFC 3339"),
    "year 9999": (event(time="9999-01-01T00:00:00Z"), "$.time", "1970 to 2099"),
    "2^63": (event(sequence=2**63), "$.sequence", "<= 9223372036854775807"),
    "a fractional sequence": (event(sequence=1.5), "$.sequence", "got `float`"),
    "an unknown enum member": (
        event(data={"direction": "up"}),
        "$.data.direction",
        "allowed: `inbound`, `outbound`",
    ),
    "a negative duration": (event(data={"duration_ms": -1}), "$.data.duration_ms", ">= 0"),
    "a duration of 2^53": (event(data={"duration_ms": 2**53}), "$.data.duration_ms", "<="),
    "NaN": (event(data={"custom": {"x": float("nan")}}), "$", "is not JSON"),
    "infinity": (event(data={"custom": {"x": "?"}}).replace(b'"?"', b"1e999"), "$.data.custom[...]", "range"),
    "a nested custom field": (event(data={"custom": {"x": {}}}), "$.data.custom[...]", "got `object`"),
    "five decimals": (deal(value={**EUR, "amount": "1.00001"}), "$.data.value.amount", "up to 4 decimals"),
    "an amount of 10^12": (deal(value={**EUR, "amount": "1000000000000"}), "$.data.value.amount", "below 10^12"),
    "an amount with a line break": (deal(value={**EUR, "amount": "1\n"}), "$.data.value.amount", "4 decimals"),
    "a number as amount": (deal(value={**EUR, "amount": 1}), "$.data.value.amount", "got `int`"),
    "an unknown currency": (deal(value={**EUR, "currency": "EURO"}), "$.data.value.currency", "ISO 4217"),
    "a negative quantity": (
        deal(lines=[{"product_id": "p", "quantity": -1}]),
        "$.data.lines[0].quantity",
        ">= 0",
    ),
    "a line beyond all money": (
        deal(lines=[{"product_id": "p", "quantity": 10**6, "unit_price": "10000000"}]),
        "$.data.lines",
        "below 10^12",
    ),
    "a probability of 2": (deal("crm.deal.created", probability=2), "$.data.probability", "<= 1"),
    "a day that is none": (
        deal("crm.deal.created", expected_close="2026-02-30"),
        "$.data.expected_close",
        "does not exist",
    ),
    "a date in 2100": (deal("crm.deal.created", expected_close="2100-01-01"), "$.data.expected_close", "1970"),
    "a due time in 2100": (
        event(type="crm.task.created", subject="task/1", data={"due_at": "2100-01-01T00:00:00Z"}),
        "$.data.due_at",
        "1970 to 2099",
    ),
    "no new status": (
        event(type="crm.task.status_changed", subject="task/1", data={}),
        "$.data.new",
        "`new` is missing",
    ),
    "a changed value that is none": (
        changed(value={"amount": 1, "currency": "EUR"}),
        "$.data.changed.value.new.amount",
        "got `int`",
    ),
    "a changed date that is none": (
        changed(expected_close="soon"),
        "$.data.changed.expected_close.new",
        "not a date",
    ),
    "a record's changed value": (
        event(type="crm.record.updated", subject="deal/1", data={"changed": {"value": {"new": "much"}}}),
        "$.data.changed.value.new",
        "got `str`",
    ),
    "a changed custom object": (changed(**{"custom.x": {}}), "$.data.changed.custom.x.new", "got `object`"),
    "a changed field beyond integers": (changed(x=[2**70]), "$.data.changed.x", "2^63"),
    "a changed field beyond depth": (changed(x=json.loads("[" * 20 + "]" * 20)), "$.data.changed.x", "levels"),
    "an unknown zone": (
        event(type="crm.org.updated", subject="org/acme", data={"time_zone": "../etc"}),
        "$.data.time_zone",
        "IANA",
    ),
    "hours backwards": (
        event(type="crm.org.updated", subject="org/acme", data={"business_hours": {"monday": [["12:00", "09:00"]]}}),
        "$.data.business_hours",
        "end before they begin",
    ),
    "a goal of nobody": (
        event(type="crm.goal.set", subject="goal/1", data={"kpi": "won", "assignee": "bob", "target": 1}),
        "$.data.assignee",
        "`user:<id>`, `team:<id>` or `org`",
    ),
}


@pytest.mark.parametrize(("value", "path", "words"), BAD.values(), ids=BAD.keys())
def test_bad_input_is_refused_with_path_and_reason(value: bytes, path: str, words: str) -> None:
    answer = refused(value)
    assert answer.path == path
    assert words in answer.reason
    assert answer.reason.endswith(".")


def test_the_id_of_a_bad_event_is_told_where_it_can_be_found() -> None:
    assert refused(event(time="soon")).id == "e1"
    assert refused(event()[:-1]).id == ""


def test_a_reason_stays_short() -> None:
    assert len(refused(event(data={"direction": "x" * 10**6})).reason) <= 500


VALID = [event(), event(id="é\n".strip()), deal(value=EUR), event(type="crm.task.created", subject="task/1")]
PIECES = st.sampled_from(VALID).flatmap(
    lambda value: st.integers(0, len(value)).flatmap(lambda at: st.sampled_from([value[:at], value[at:]]))
)
ODD = st.sampled_from(
    [
        b"",
        b" ",
        b"null",
        b"]",
        b",",
        event() + b"," + event(),
        event(x=[])[:-2] + b"{}",
        b'{}],"y":1}',
        event(id="\x01"),
    ]
)


@given(st.lists(st.one_of(st.sampled_from(VALID), PIECES, ODD, st.binary(max_size=20)), max_size=8))
def test_neighbours_do_not_matter(values: list[bytes]) -> None:
    assert events.decode(values) == [answer for value in values for answer in events.decode([value])]


@given(st.binary())
def test_no_bytes_raise(value: bytes) -> None:
    assert isinstance(refused(value), Invalid)


@given(st.sampled_from(VALID), st.data())
def test_no_damage_raises(value: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(value) - 1))
    damaged = value[:at] + data.draw(st.binary(max_size=3)) + value[at + 1 :]
    assert len(events.decode([damaged])) == 1


def test_what_is_decoded_can_be_kept() -> None:
    for value in GOOD.values():
        entry = decoded(value).entry
        assert msgspec.json.decode(msgspec.json.encode(entry), type=events.ENTRIES) == entry


def headers(**attributes: str) -> dict[str, str]:
    return {name: value for name, value in {**CALL, **attributes}.items() if name != "data"}


def test_binary_mode_is_the_same_event() -> None:
    data = json.dumps(CALL["data"]).encode()
    assert events.decode_binary(headers(sequence="-3"), data) == decoded(event(sequence=-3))
    assert events.decode_binary(headers(extension="x", actorid="u7"), data) == decoded(event(actorid="u7"))


BAD_BINARY = {
    "a missing attribute": ({"id": "e1"}, b"{}", "$.type"),
    "no attributes": ({}, b"{}", "$.type"),
    "no data": (headers(), b"", "$.data"),
    "data that is no JSON": (headers(), b"{", "$.data"),
    "data that is no object": (headers(), b"[]", "$.data"),
    "data that goes on": (headers(), b'{},"orgid":"other"', "$.data"),
    "data in a header": (headers(data="{}"), b"", "$.data"),
    "deep data": (headers(), b"[" * 2**20, "$.data"),
    "a sequence that is no number": (headers(sequence="x"), b"{}", "$.sequence"),
    "a sequence of 2^63": (headers(sequence=str(2**63)), b"{}", "$.sequence"),
    "half a surrogate pair": (headers(id="\ud800"), b"{}", "$"),
    "a control character": (headers(orgid="a\x7f"), b"{}", "$.orgid"),
    "a bad member": (headers(), b'{"duration_ms": "x"}', "$.data.duration_ms"),
}


@pytest.mark.parametrize(("attributes", "data", "path"), BAD_BINARY.values(), ids=BAD_BINARY.keys())
def test_bad_binary_mode_is_refused(attributes: dict[str, str], data: bytes, path: str) -> None:
    answer = events.decode_binary(attributes, data)
    assert isinstance(answer, Invalid)
    assert answer.path == path
