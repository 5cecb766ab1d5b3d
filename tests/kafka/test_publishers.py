"""Publishers as they are: other partitioners, no keys, any compression, transactions, records at the broker's limit."""

from __future__ import annotations

import asyncio
import base64
import os
from collections import Counter
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from confluent_kafka import Producer
from redis.asyncio import Redis as Client

from crmpulse.settings import Settings
from events import partition_for
from streams.rebuild import rebuilt
from streams.records import MAX_BYTES
from streams.topics import ensure_topics
from streams.verify import differences
from tests.feed import Named, event, publish_named
from tests.kafka.tables import calls, dead_letters, everything
from tests.load import Item, publish, publish_huge
from tests.workers import Worker, until

pytestmark = pytest.mark.kafka

ORGS = [f"org {n}" for n in range(30)]
COUNT = 600


def items(first: int = 0, partition: int = -1) -> list[Item]:
    """Outbound calls, the same number for each organisation."""
    return [Item(ORGS[n % len(ORGS)], event(ORGS[n % len(ORGS)], n), partition) for n in range(first, first + COUNT)]


def each(count: int) -> Counter[str]:
    """So many calls for every organisation."""
    return Counter(dict.fromkeys(ORGS, count))


async def counted(settings: Settings, redis: Client, log: Path) -> Counter[str]:
    """The calls by organisation once a worker has applied everything, which equals the recount."""
    with Worker(settings, log):
        await until(lambda: everything(redis, settings), 60, "apply everything")
    assert await differences(settings) == []
    return await calls(redis)


async def test_librdkafkas_partitioner_and_records_without_a_key_and_on_any_partition_count_once(
    settings: Settings, redis: Client, tmp_path: Path
) -> None:
    by_default = {"partitioner": "consistent_random"}
    publish(settings.kafka, settings.events_topic, items(0), **by_default)
    publish(settings.kafka, settings.events_topic, [item._replace(org="") for item in items(COUNT)], **by_default)
    publish(settings.kafka, settings.events_topic, items(2 * COUNT, partition=5))
    publish(settings.kafka, settings.events_topic, items(0, partition=7))  # the first ones again, elsewhere
    assert await counted(settings, redis, tmp_path / "log") == each(3 * COUNT // len(ORGS))


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
async def test_any_compression_is_read(settings: Settings, redis: Client, tmp_path: Path, codec: str) -> None:
    publish(settings.kafka, settings.events_topic, items(), **{"compression.type": codec})
    assert await counted(settings, redis, tmp_path / "log") == each(COUNT // len(ORGS))


async def test_transactions_leave_gaps_between_offsets_and_count_once(
    settings: Settings, redis: Client, tmp_path: Path
) -> None:
    await asyncio.to_thread(publish_in_transactions, settings)
    with Worker(settings, tmp_path / "log"):

        async def all_counted() -> bool:
            return await calls(redis) == each(COUNT // len(ORGS))

        await until(all_counted, 60, "count every call")
    assert await differences(settings) == []


def publish_in_transactions(settings: Settings) -> None:
    """Each organisation's events in a transaction of their own, whose end takes an offset."""
    producer = Producer({"bootstrap.servers": settings.kafka, "transactional.id": settings.group})
    producer.init_transactions()
    for org in ORGS:
        producer.begin_transaction()
        for item in items():
            if item.org == org:
                producer.produce(settings.events_topic, item.value, org, partition_for(org, settings.partitions))
        producer.commit_transaction()


async def test_the_largest_records_that_the_broker_takes_hold_nothing_up(
    settings: Settings, redis: Client, tmp_path: Path
) -> None:
    org = ORGS[0]
    home = partition_for(org, settings.partitions)
    bytes_left = MAX_BYTES - len(event(org, 1, direction="outbound", name=""))
    name = base64.b64encode(os.urandom(bytes_left))[:bytes_left].decode()
    large = event(org, 1, direction="outbound", name=name)
    refused = [Item(org, os.urandom(1_048_450), home), Item(org, event(org, 1, name=name + "x" * 1_400), home)]
    publish(
        settings.kafka,
        settings.events_topic,
        [*refused, Item(org, large, home + 1)],
        **{"message.max.bytes": "2000000"},
    )
    publish(settings.kafka, settings.events_topic, items(COUNT))
    assert await counted(settings, redis, tmp_path / "log") == each(COUNT // len(ORGS)) + Counter([org])
    assert len(await dead_letters(settings)) == len(refused)


async def test_what_no_client_of_ours_takes_as_it_came_is_a_dead_letter_and_stops_nothing(
    settings: Settings, redis: Client, tmp_path: Path
) -> None:
    org, topic = ORGS[0], settings.events_topic
    home = partition_for(org, settings.partitions)
    named = [Named(event(org, n), (b"caf\xe9",) * (n % 2)) for n in range(COUNT, COUNT + 8)]
    async with AIOKafkaProducer(bootstrap_servers=settings.kafka) as producer:
        for codec in range(5):
            await publish_named(
                producer, topic, home, codec, [*named, Named(None, (b"\xff",)), Named(b"{", (b"\xff",))]
            )
    unusable = [(home, 10 * codec + at) for codec in range(5) for at in (8, 9)]
    with Worker(settings, tmp_path / "log") as worker:
        await until(lambda: everything(redis, settings), 60, "apply names that are no text")
        huge = Item(org, event(org, COUNT + 9) + b" " * (20 << 20), home)
        await asyncio.to_thread(publish_huge, settings, [huge, huge._replace(partition=home + 1)])
        unusable += [(home, 50), (home + 1, 0)]
        publish(settings.kafka, topic, items())
        await until(lambda: everything(redis, settings), 60, "apply everything")
        assert (worker.process.poll(), worker.said("cannot apply")) == (None, 0)
    assert await calls(redis) == each(COUNT // len(ORGS)) + Counter({org: len(named)})
    assert await differences(settings) == []
    expected = {(topic.encode(), str(number).encode(), str(at).encode()) for number, at in unusable}
    assert await dead_letters(settings) == expected
    assert await rebuilt(settings) == []


async def test_a_topic_that_was_made_anew_halts_its_partitions_and_the_tables_stay(
    settings: Settings, redis: Client, tmp_path: Path
) -> None:
    publish(settings.kafka, settings.events_topic, items())
    before = await counted(settings, redis, tmp_path / "log")
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka)
    await admin.start()
    await admin.delete_topics([settings.events_topic])
    await admin.close()
    await until(lambda: created_again(settings), 20, "make the topic anew")
    publish(settings.kafka, settings.events_topic, items(COUNT)[:300])
    publish(settings.kafka, settings.events_topic, items(COUNT)[300:])
    used = {partition_for(org, settings.partitions) for org in ORGS}
    with Worker(settings, tmp_path / "log") as worker:

        async def halted() -> bool:
            return worker.said("partition halted") == len(used)

        await until(halted, 40, "halt")
    assert await calls(redis) == before
    lines = await differences(settings)
    assert {line.partition(":")[0] for line in lines} == {f"{{1.p{number}}}" for number in used}


async def created_again(settings: Settings) -> bool:
    return not await ensure_topics(settings)
