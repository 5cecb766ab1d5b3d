import json
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from crmpulse import replay
from crmpulse.cloudevent import Event, Publisher
from crmpulse.embedded import Tansu
from crmpulse.formats import FORMATS, maven_crm
from crmpulse.publish import play, producer, publish
from crmpulse.replay import InvalidFileError, check
from crmpulse.settings import CannotStartError, Settings
from events.instants import instant_ns
from events.partition import partition_for
from streams.records import is_history
from tests.crmpulse.formats import DATASETS

PARTITIONS = 3


@pytest.fixture(scope="module")
def settings() -> Iterator[Settings]:
    with Tansu() as broker:
        yield Settings(kafka=broker.address)


@pytest.fixture
async def topic(settings: Settings, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka)
    await admin.start()
    name = request.node.name
    await admin.create_topics([NewTopic(name, PARTITIONS, 1)])
    await admin.close()
    yield name


async def published(settings: Settings, topic: str, count: int) -> dict[int, list[tuple[bytes, Event]]]:
    found: dict[int, list[tuple[bytes, Event]]] = defaultdict(list)
    async with AIOKafkaConsumer(bootstrap_servers=settings.kafka, auto_offset_reset="earliest") as consumer:
        consumer.assign([TopicPartition(topic, partition) for partition in range(PARTITIONS)])
        while sum(map(len, found.values())) < count:
            record = await consumer.getone()
            found[record.partition].append((record.key, json.loads(record.value)))
    return found


def deals(count: int) -> list[Event]:
    orgs = [Publisher(f"org {number}", "/crm/x") for number in range(5)]
    times = [f"2026-01-05T09:{number // 60:02}:{number % 60:02}Z" for number in range(count)]
    return [orgs[n % 5].event("deal.created", f"deal/{n}", time, {"name": "é" * 200}) for n, time in enumerate(times)]


def lines(tmp_path: Path, events: list[Any]) -> Path:
    path = tmp_path / "events.jsonl"
    path.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
    return path


async def test_publishes_each_event_on_the_partition_of_its_organisation_in_order(
    settings: Settings, topic: str
) -> None:
    events = deals(2500)
    async with producer(settings) as sender:
        acknowledged = [count async for count in publish(sender, topic, events)]
    assert acknowledged == [1000, 1000, 500]
    for partition, records in (await published(settings, topic, 2500)).items():
        own = [event for event in events if partition_for(event["orgid"], PARTITIONS) == partition]
        assert records == [(event["orgid"].encode(), event) for event in own]


async def test_keeps_to_a_rate(settings: Settings, topic: str) -> None:
    async with producer(settings) as sender:
        acknowledged = [count async for count in publish(sender, topic, deals(30), rate=100)]
    assert acknowledged == [10, 10, 10]


async def test_plays_events_one_by_one(settings: Settings, topic: str) -> None:
    events = deals(3)
    async with producer(settings) as sender:
        await play(sender, topic, [(0.0, event) for event in events])
    found = await published(settings, topic, 3)
    assert sorted(event["subject"] for records in found.values() for _, event in records) == [
        "deal/0",
        "deal/1",
        "deal/2",
    ]


async def test_what_is_replayed_is_told_apart_from_what_happens(settings: Settings, topic: str) -> None:
    async with producer(settings) as sender:
        async for _ in publish(sender, topic, deals(1)):
            pass
        await play(sender, topic, [(0.0, event) for event in deals(1)])
    async with AIOKafkaConsumer(bootstrap_servers=settings.kafka, auto_offset_reset="earliest") as consumer:
        consumer.assign([TopicPartition(topic, partition_for("org 0", PARTITIONS))])
        records = [await consumer.getone() for _ in range(2)]
    assert [is_history(record) for record in records] == [True, False]


def test_reads_the_checked_events_again(tmp_path: Path) -> None:
    events = deals(3)
    checked = check([lines(tmp_path, events), lines(tmp_path, events)])
    assert checked.count == 6
    assert list(checked.events()) == events * 2
    assert list(checked.events()) == events * 2


def test_moves_all_times_so_that_the_last_event_is_now(tmp_path: Path) -> None:
    now = instant_ns("2026-06-01T00:00:00Z")
    moved = list(check([lines(tmp_path, deals(61))], now_ns=now).events())
    assert moved[0]["time"] == "2026-05-31T23:59:00Z"
    assert moved[-1]["time"] == "2026-06-01T00:00:00Z"


def test_every_event_of_the_known_exports_is_valid() -> None:
    assert check([DATASETS / "maven-crm"], "maven-crm").count == 15_639
    assert check([DATASETS / "helpdesk" / "helpdesk_full.csv"], "helpdesk").count == 18_567


def test_lists_what_is_wrong_with_file_line_path_and_reason(tmp_path: Path) -> None:
    valid, wrong = deals(2)
    wrong["data"] = {"value": {"amount": "much", "currency": "EUR"}}
    with pytest.raises(InvalidFileError) as error:
        check([lines(tmp_path, [valid, wrong, valid, {}])])
    first, second = error.value.faults
    assert first.startswith(f"{tmp_path}/events.jsonl, line 2, $.data.value.amount: ")
    assert second.startswith(f"{tmp_path}/events.jsonl, line 4, $")


def test_stops_at_the_first_faults(tmp_path: Path) -> None:
    with pytest.raises(InvalidFileError) as error:
        check([lines(tmp_path, [{}] * 30)])
    assert len(error.value.faults) == replay.MOST_FAULTS


def test_lists_what_cannot_be_read_after_what_is_invalid(tmp_path: Path) -> None:
    with pytest.raises(InvalidFileError) as error:
        check([lines(tmp_path, [{}, []])])
    assert [fault.split(": ")[0] for fault in error.value.faults][-1].endswith("line 2")


def test_names_the_formats_where_one_is_unknown(tmp_path: Path) -> None:
    with pytest.raises(
        CannotStartError, match=r"There is no format 'xml', but\n  jsonl: .* a line\n  maven-crm: "
    ) as told:
        check([tmp_path], "xml")
    assert len(str(told.value).splitlines()) == 1 + len(FORMATS)


async def test_replays_an_export_with_its_progress(
    settings: Settings, topic: str, capsys: pytest.CaptureFixture[str]
) -> None:
    into = settings.model_copy(update={"events_topic": topic})
    await replay.show(into, check([DATASETS / "maven-crm"], "maven-crm"))
    (records,) = (await published(settings, topic, 15_639)).values()
    assert [event for _, event in records] == list(maven_crm.events(DATASETS / "maven-crm"))
    assert "15639/15639" in capsys.readouterr().out
