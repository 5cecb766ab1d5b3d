from __future__ import annotations

import asyncio

import pytest
import redis
from confluent_kafka import Producer

from crmpulse.embedded import Redis
from tests.services import Kafka, publish_and_read_back

pytestmark = pytest.mark.kafka


async def test_apache_kafka_keeps_what_is_published(kafka_server: Kafka) -> None:
    assert await asyncio.wait_for(publish_and_read_back(kafka_server.address), 60) == [b"a", b"b", b"c"]


def test_apache_kafka_takes_an_idempotent_producer(kafka_server: Kafka) -> None:
    asyncio.run(publish_and_read_back(kafka_server.address, topic := "idempotent"))
    delivered: list[object] = []
    producer = Producer({"bootstrap.servers": kafka_server.address, "enable.idempotence": True})
    producer.produce(topic, b"d", on_delivery=lambda error, message: delivered.append(error or message.offset()))
    assert producer.flush(30) == 0
    assert delivered == [3]


def test_redis_is_7_or_newer(redis_server: Redis) -> None:
    with redis.Redis(port=redis_server.port) as client:
        assert int(client.info("server")["redis_version"].split(".")[0]) >= 7
