from __future__ import annotations

import uuid

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from crmpulse.embedded import Tansu
from crmpulse.settings import CannotStartError, Settings
from streams import topics
from tests.services import Kafka

ADVICE = ": set that to what it has, or use crmpulse rebuild --partitions"


def wanted(kafka: str, **more: int) -> Settings:
    """Settings that name topics nobody has made."""
    name = uuid.uuid4().hex
    named = {"events_topic": f"e-{name}", "dead_letters_topic": f"d-{name}", "alerts_topic": f"a-{name}"}
    return Settings(kafka=kafka, partitions=4, **named, **more)  # type: ignore[arg-type]


async def test_missing_topics_are_created_on_the_embedded_broker(tansu_broker: Tansu) -> None:
    settings = wanted(tansu_broker.address)
    assert await topics.ensure_topics(settings) == []
    assert await topics.partitions(settings) == 4
    assert await topics.ensure_topics(settings) == []


async def test_another_number_of_partitions_is_told(tansu_broker: Tansu) -> None:
    settings = wanted(tansu_broker.address)
    await topics.ensure_topics(settings)
    other = settings.model_copy(update={"partitions": 5})
    assert await topics.ensure_topics(other) == [
        f"{settings.events_topic} has 4 partitions, not the 5 of CRMPULSE_PARTITIONS{ADVICE}"
    ]


@pytest.mark.kafka
async def test_apache_kafka_keeps_events_for_ever_and_stamps_them(kafka_server: Kafka) -> None:
    settings = wanted(kafka_server.address)
    assert await topics.partitions(settings) == 0
    assert await topics.ensure_topics(settings) == []
    assert await topics.partitions(settings) == 4
    assert await topics.ensure_topics(settings) == []


@pytest.mark.kafka
async def test_a_topic_made_by_somebody_else_is_compared(kafka_server: Kafka) -> None:
    settings = wanted(kafka_server.address)
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka)
    await admin.start()
    await admin.create_topics([NewTopic(settings.events_topic, 2, 1, topic_configs={"retention.ms": "1000"})])
    await admin.close()
    name = settings.events_topic
    assert await topics.ensure_topics(settings) == [
        f"{name} has 2 partitions, not the 4 of CRMPULSE_PARTITIONS{ADVICE}",
        *(
            f"{name} has {what}: change it with kafka-configs --alter"
            for what in (
                "retention.ms=1000, not -1",
                "message.timestamp.type=CreateTime, not LogAppendTime",
                "max.message.bytes=1048588, not 2097152",
            )
        ),
    ]


@pytest.mark.kafka
async def test_a_refusal_is_told_with_its_reason(kafka_server: Kafka) -> None:
    with pytest.raises(CannotStartError, match=r"refuses to create the topic .*: InvalidReplicationFactor"):
        await topics.ensure_topics(wanted(kafka_server.address, replication=3))
