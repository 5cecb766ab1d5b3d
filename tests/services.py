"""Apache Kafka for tests and benchmarks, run from its jars; the embedded Redis and Tansu are in crmpulse.embedded."""

from __future__ import annotations

import os
import shutil
import subprocess
import uuid
from collections.abc import Mapping
from pathlib import Path

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from crmpulse.embedded import HOST, Server, free_port
from crmpulse.settings import CannotStartError

LIBS = Path(__file__).parent / "kafka" / "target" / "dependency"
HEAP = ("-Xms256m", "-Xmx768m", "-XX:+UseSerialGC")
CLUSTER_ID = "Y3JtcHVsc2UtdGVzdHMtMQ"
PROPERTIES = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "num.partitions": "1",
    "offsets.topic.num.partitions": "4",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "auto.create.topics.enable": "false",
    "broker.session.timeout.ms": "3000",  # a broker that was killed may come back after this
    "broker.heartbeat.interval.ms": "500",
}


class Kafka(Server):
    """Apache Kafka, one KRaft node; jars from CRMPULSE_TEST_KAFKA_LIBS, else from where the pom puts them."""

    name = "Kafka"
    start_seconds = 60.0
    stop_seconds = 20.0

    client: Mapping[str, str] = {}
    """What a client of librdkafka has to say, beside the address."""

    def __init__(self) -> None:
        super().__init__()
        self.controller_port = free_port()

    def command(self) -> list[str]:
        """As in `Server`; formats the storage at the first start."""
        properties = self.folder / "server.properties"
        if not properties.exists():
            properties.write_text("".join(f"{name}={value}\n" for name, value in self._properties().items()))
            formatting = ["kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(properties)]
            subprocess.run(_java(*formatting), check=True, capture_output=True, cwd=self.folder)
        return _java("kafka.Kafka", str(properties))

    def answers(self) -> bool:
        """As in `Server`: the broker is in its own metadata, so it may lead partitions."""
        admin = AdminClient({"bootstrap.servers": self.address, "log_level": 0, **self.client})
        try:
            return bool(admin.list_topics(timeout=1).brokers)
        except KafkaException:
            return False

    def _properties(self) -> dict[str, str]:
        controller = f"{HOST}:{self.controller_port}"
        return PROPERTIES | {
            "listeners": f"PLAINTEXT://{self.address},CONTROLLER://{controller}",
            "advertised.listeners": f"PLAINTEXT://{self.address}",
            "controller.quorum.voters": f"1@{controller}",
            "log.dirs": str(self.folder / "data"),
        }


async def publish_and_read_back(kafka: str, topic: str = "") -> list[bytes]:
    """Three records through a new topic, of one partition, on the broker at `kafka`."""
    topic = topic or uuid.uuid4().hex
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, 1)])
    await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
        for value in (b"a", b"b", b"c"):
            await producer.send_and_wait(topic, value, partition=0)
    async with AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False) as consumer:
        consumer.assign([TopicPartition(topic, 0)])
        await consumer.seek_to_beginning()
        return [(await consumer.getone()).value for _ in range(3)]


def _java(*arguments: str) -> list[str]:
    libs = Path(os.environ.get("CRMPULSE_TEST_KAFKA_LIBS", LIBS))
    java = shutil.which("java")
    if java is None or not any(libs.glob("kafka_*.jar")):
        raise CannotStartError(f"Apache Kafka needs Java 17 and its jars in {libs}: make kafka-jars")
    return [java, *HEAP, "-cp", f"{libs}/*", *arguments]
