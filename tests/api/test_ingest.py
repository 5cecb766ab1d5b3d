"""Events over HTTP: what came is in the log, byte for byte, or the answer says why nothing is."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from aiokafka.structs import ConsumerRecord

from api import bodies, ingest, publisher
from api.bodies import MAX_BYTES
from api.ingest import MAX_BYTES_IN_FLIGHT, MAX_EVENTS, MAX_IN_FLIGHT
from crmpulse.embedded import Redis, Tansu
from crmpulse.settings import Settings
from events import Change, decode, partition_for
from streams.topics import ensure_topics
from tests.api.serving import event, published, send, service_of, serving

BATCH = "application/cloudevents-batch+json"
EUR = {"amount": "1.50", "currency": "EUR"}


def won(**data: Any) -> bytes:
    return event(type="crm.deal.won", subject="deal/1", data=data)


ODD = b' {"x": [1, 2.50, "\\u00e9"], "x": 2,\n' + event(id="a {b}:/\N{ROCKET}", subject="call/x/y {1}:2")[1:] + b"\n"


async def test_an_event_is_published_as_it_came(client: httpx.AsyncClient, settings: Settings) -> None:
    answer = await send(client, ODD)

    assert (answer.status_code, answer.json()) == (202, {"accepted": 1, "position": f"{partition_for('demo', 4)}:0"})
    [record] = await published(settings, 1)
    assert (record.value, record.key, record.partition) == (ODD, b"demo", partition_for("demo", 4))


@pytest.mark.parametrize("content_type", [BATCH, "application/json", "application/JSON; charset=utf-8"])
async def test_each_event_of_a_batch_is_published_as_it_came(
    client: httpx.AsyncClient, settings: Settings, content_type: str
) -> None:
    values = [ODD.strip(), event(id="2"), event(id="3")]

    answer = await send(client, b" [" + b" ,\n".join(values) + b"] ", content_type)

    partition = partition_for("demo", 4)
    assert (answer.status_code, answer.json()) == (202, {"accepted": 3, "position": f"{partition}:2"})
    assert [record.value for record in await published(settings, 3)] == values


async def test_binary_mode_is_published_in_structured_mode(client: httpx.AsyncClient, settings: Settings) -> None:
    plain = json.loads(event(sequence=7, subject="call/\N{ROCKET} %", actorid='"u"'))
    headers = {f"ce-{name}": str(value) for name, value in plain.items() if name != "data"}
    headers |= {"ce-subject": "call/%F0%9F%9A%80%20%25", "ce-actorid": r'"\"u\""', "ce-traceparent": "00-1"}
    await service_of(client).publisher.connecting

    answer = await client.post("/v1/events", json=plain["data"], headers=headers)

    assert answer.status_code == 202, answer.text
    [record] = await published(settings, 1)
    assert decode([record.value]) == decode([json.dumps(plain).encode()])
    assert json.loads(record.value) == plain | {"traceparent": "00-1", "datacontenttype": "application/json"}


@pytest.mark.parametrize(
    ("subject", "body", "path"),
    [(b"call/\xff", b"{}", "$"), (b"call/%ff", b"{}", "$"), (b"call/1", b'{}, "orgid": "x"', "$.data")],
)
async def test_bad_binary_mode_is_refused(client: httpx.AsyncClient, subject: bytes, body: bytes, path: str) -> None:
    plain = json.loads(event(data=None))
    headers = {f"ce-{name}".encode(): str(value).encode() for name, value in plain.items()} | {b"ce-subject": subject}
    answer = await client.post("/v1/events", content=body, headers=list(headers.items()))
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (400, path)


BAD: dict[str, tuple[bytes, str]] = {
    "not JSON": (b"{'id': 1}", "$"),
    "cut short": (event()[:-1], "$"),
    "nothing": (b"", "$"),
    "null": (b"null", "$"),
    "a text": (b'"hello"', "$"),
    "an empty object": (b"{}", "$.type"),
    "not UTF-8": (event(actorid="A").replace(b'"A"', b'"\xff"'), "$"),
    "an unknown type": (event(type="crm.deal.wonn"), "$.type"),
    "another version": (event(specversion="0.3"), "$.specversion"),
    "no id": (event(id=None), "$.id"),
    "an empty id": (event(id=""), "$.id"),
    "no time": (event(time=None), "$.time"),
    "no subject": (event(subject=None), "$.subject"),
    "no orgid": (event(orgid=None), "$.orgid"),
    "no data": (event(data=None), "$.data"),
    "data of another kind": (event(data=[1]), "$.data"),
    "a number for a text": (event(data={"owner_id": 5}), "$.data.owner_id"),
    "a text for a number": (event(data={"duration_ms": "90"}), "$.data.duration_ms"),
    "a word that is not allowed": (event(data={"direction": "up"}), "$.data.direction"),
    "2^63": (event(data={"duration_ms": 2**63}), "$.data.duration_ms"),
    "2^63 of a field": (event(data={"custom": {"x": 2**63}}), "$.data.custom[...]"),
    "NaN": (event(data={"duration_ms": float("nan")}), "$"),
    "the year 9999": (event(time="9999-01-05T10:00:00Z"), "$.time"),
    "before 1970": (event(time="1969-12-31T23:59:59Z"), "$.time"),
    "no offset": (event(time="2026-01-05T10:00:00"), "$.time"),
    "a day that is none": (event(time="2026-02-30T10:00:00Z"), "$.time"),
    "five decimals": (won(value={"amount": "1.00001", "currency": "EUR"}), "$.data.value.amount"),
    "an amount as a number": (won(value={"amount": 1.5, "currency": "EUR"}), "$.data.value.amount"),
    "an amount of 10^12": (won(value={"amount": "1000000000000", "currency": "EUR"}), "$.data.value.amount"),
    "an unknown currency": (won(value={"amount": "1", "currency": "XQZ"}), "$.data.value.currency"),
    "the subject of another entity": (event(subject="deal/1"), "$.subject"),
    "a subject without an id": (event(subject="call/"), "$.subject"),
    "an id that is too long": (event(id="x" * 129), "$.id"),
    "a control character in the id": (event(id="a\n"), "$.id"),
    "a control character in the subject": (event(subject="call/\u0085"), "$.subject"),
    "a control character in the org": (event(orgid="a\x00"), "$.orgid"),
    "another organisation": (event(orgid="other"), "$.orgid"),
    "nested deeply": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "$"),
    "1 MiB of nesting": (b"{" * MAX_BYTES, "$"),
    "1 MiB of arrays": (b"[" * MAX_BYTES, "$"),
}


@pytest.fixture(scope="module")
def offline(redis_server: Redis) -> Settings:
    """Settings of a service without a broker: what is refused needs none."""
    return Settings(kafka="127.0.0.1:9", redis=redis_server.address)


@pytest.mark.parametrize(("body", "path"), BAD.values(), ids=BAD)
async def test_what_cannot_be_used_is_refused_with_its_path(offline: Settings, body: bytes, path: str) -> None:
    async with serving(offline) as client:
        answer = await client.post("/v1/events", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    [error] = answer.json()["errors"]
    assert (error["index"], error["path"]) == (0, path)
    assert error["reason"].endswith(".")


async def test_one_bad_event_keeps_all_of_its_batch_out_of_the_log(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    values = [event(id="1"), event(id="2", time=None), event(id="3"), event(id="4", orgid="other")]

    answer = await send(client, b"[" + b",".join(values) + b"]", BATCH)

    assert answer.status_code == 400
    assert [(error["index"], error["id"], error["path"]) for error in answer.json()["errors"]] == [
        (1, "2", "$.time"),
        (3, "4", "$.orgid"),
    ]
    assert (await send(client, event(id="5"))).json()["position"].endswith(":0")


@pytest.mark.parametrize(
    ("body", "content_type"), [(b"[]", BATCH), (event(), BATCH), (b"[1", BATCH), (b"[" + event() + b"]", ingest.ONE)]
)
async def test_a_batch_is_an_array_of_events_and_one_event_is_none(
    offline: Settings, body: bytes, content_type: str
) -> None:
    async with serving(offline) as client:
        answer = await client.post("/v1/events", content=body, headers={"content-type": content_type})
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (400, "$")


IDS = ["a:b", "{1.p3}", "a/b//c", "two  words", "%2F%", "\N{ROCKET}", "\\ \"'", "\u202ertl", "x" * 128, "*?[a]"]


@pytest.mark.parametrize("id_", IDS)
async def test_ids_may_hold_anything_but_control_characters(
    client: httpx.AsyncClient, settings: Settings, id_: str
) -> None:
    body = event(id=id_, orgid=id_, subject=f"call/{id_}", data={"owner_id": id_, "custom": {id_: id_}})

    answer = await send(client, body, org=id_)

    assert answer.json() == {"accepted": 1, "position": f"{partition_for(id_, 4)}:0"}
    [record] = await published(settings, 1)
    assert (record.value, record.key) == (body, id_.encode())


async def test_a_repeat_is_accepted_again(client: httpx.AsyncClient) -> None:
    positions = [(await send(client, event())).json()["position"] for _ in range(2)]
    assert [position.partition(":")[2] for position in positions] == ["0", "1"]


async def test_as_many_events_as_are_allowed_are_accepted_together(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    values = [event(id=str(number)) for number in range(MAX_EVENTS)]
    answer = await send(client, b"[" + b",".join(values) + b"]")
    assert answer.json() == {"accepted": 500, "position": f"{partition_for('demo', 4)}:499"}
    assert [record.value for record in await published(settings, 500)] == values


async def test_an_event_may_fill_the_whole_request(client: httpx.AsyncClient, settings: Settings) -> None:
    body = event(data={"name": "x"})
    body = body.replace(b'"x"', b'"' + b"y" * (MAX_BYTES - len(body) + 1) + b'"')
    assert len(body) == MAX_BYTES
    assert (await send(client, body)).status_code == 202
    record: ConsumerRecord
    [record] = await published(settings, 1)
    assert record.value == body


async def in_pieces(count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b" " * 4096


async def test_too_much_is_refused(offline: Settings) -> None:
    async with serving(offline) as client:
        many = b"[" + b",".join([event()] * (MAX_EVENTS + 1)) + b"]"
        announced = await client.post("/v1/events", content=b" " * (MAX_BYTES + 1))
        unannounced = await client.post("/v1/events", content=in_pieces(MAX_BYTES // 4096 + 1))
        answers = [await client.post("/v1/events", content=many), announced, unannounced]
    assert [answer.status_code for answer in answers] == [413, 413, 413]


async def never_all() -> AsyncIterator[bytes]:
    yield b"{"
    await asyncio.Event().wait()


async def test_what_arrives_too_slowly_is_given_up(offline: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "ARRIVE_SECONDS", 0.01)
    async with serving(offline) as client:
        assert (await client.post("/v1/events", content=never_all())).status_code == 408


async def without_end(pieces: list[int]) -> AsyncIterator[bytes]:
    while True:
        pieces.append(1 << 16)
        yield b" " * (1 << 16)
        await asyncio.sleep(0)


async def too_large_and_then_silent() -> AsyncIterator[bytes]:
    yield b" " * (MAX_BYTES + 1)
    await asyncio.Event().wait()


async def test_no_more_than_some_of_what_is_too_much_is_read(
    offline: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "DISCARDED_BYTES", 1 << 20)
    pieces: list[int] = []
    async with serving(offline) as client:
        assert (await client.post("/v1/events", content=without_end(pieces))).status_code == 413
        assert MAX_BYTES + (1 << 20) < sum(pieces) < MAX_BYTES + (2 << 20)
        monkeypatch.setattr(bodies, "DISCARDED_SECONDS", 0.01)
        assert (await client.post("/v1/events", content=too_large_and_then_silent())).status_code == 413


async def test_events_come_as_json(offline: Settings) -> None:
    async with serving(offline) as client:
        answer = await client.post("/v1/events", content=event(), headers={"content-type": "text/plain"})
    assert answer.status_code == 415
    assert "application/cloudevents+json" in answer.json()["detail"]


async def test_too_many_at_once_are_told_to_come_back(client: httpx.AsyncClient) -> None:
    service_of(client).publishing = MAX_IN_FLIGHT
    answer = await send(client, event())
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")

    service_of(client).publishing = MAX_IN_FLIGHT - 1
    assert (await send(client, event())).status_code == 202
    assert service_of(client).publishing == MAX_IN_FLIGHT - 1

    service_of(client).publishing_bytes = MAX_BYTES_IN_FLIGHT - len(event())
    assert (await send(client, event(id="longer"))).status_code == 429
    assert (await send(client, event())).status_code == 202


async def test_what_is_accepted_is_counted(client: httpx.AsyncClient) -> None:
    await send(client, b"[" + event(id="1") + b"," + event(id="2") + b"]")
    await send(client, b"{}")
    assert "crmpulse_events_accepted_total 2.0" in (await client.get("/metrics")).text


async def test_without_the_broker_publishers_are_told_to_come_back(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher, "ACKNOWLEDGE_SECONDS", 0.5)
    with Tansu() as broker:
        own = settings.model_copy(update={"kafka": broker.address})
        await ensure_topics(own)
        async with serving(own) as client:
            assert (await send(client, event())).status_code == 202
            broker.stop()
            away = await send(client, event())
            assert (away.status_code, away.headers["retry-after"]) == (503, "2")
            assert away.json()["type"] == "urn:crmpulse:problem:unavailable"

            broker.start()
            await ensure_topics(own)
            async with asyncio.timeout(30):
                while (await send(client, event())).status_code != 202:
                    pass


async def test_the_api_may_start_before_the_broker(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher, "RETRY_SECONDS", 0.05)
    with Tansu() as broker:
        broker.stop()
        async with serving(settings.model_copy(update={"kafka": broker.address})) as client:
            assert (await client.post("/v1/events", content=event())).status_code == 503
            broker.start()
            await ensure_topics(service_of(client).settings)
            assert (await send(client, event())).status_code == 202


def test_what_is_good_in_binary_mode_stays_good() -> None:
    attributes = {"id": "1", "source": "/", "specversion": "1.0", "type": "crm.call.logged", "subject": "call/1"}
    attributes |= {"time": "2026-01-05T10:00:00Z", "orgid": "demo", "sequence": "-3"}
    [answer] = decode([ingest._structured(attributes, b'{"owner_id": "u1"}')])
    assert isinstance(answer, Change)
    assert answer.entry.sequence == -3
