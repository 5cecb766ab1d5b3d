"""The topics: created where they are missing, and compared with what the settings say where they are there."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import IncompatibleBrokerVersion, KafkaError, TopicAlreadyExistsError, for_code

from crmpulse.settings import CannotStartError, Settings
from streams.connection import kafka

LARGEST_EVENT_BYTES = 2 << 20
FOR_EVER = {"retention.ms": "-1", "retention.bytes": "-1", "cleanup.policy": "delete"}
STAMPED = {**FOR_EVER, "message.timestamp.type": "LogAppendTime", "max.message.bytes": str(LARGEST_EVENT_BYTES)}
"""Events are kept for ever and stamped by the broker."""
LARGEST_LETTER_BYTES = 16 << 20
"""Room for what cannot be used, with what is said about it: only a record that came compressed can be larger, and is cut."""


class Topic(NamedTuple):
    """A topic as it should be."""

    name: str
    partitions: int
    config: dict[str, str]


def wanted(settings: Settings) -> tuple[Topic, ...]:
    """Return the topics as the settings want them."""
    return (
        Topic(settings.events_topic, settings.partitions, STAMPED),
        Topic(settings.dead_letters_topic, 1, {**FOR_EVER, "max.message.bytes": str(LARGEST_LETTER_BYTES)}),
        Topic(settings.alerts_topic, 1, {}),
    )


def ensure(settings: Settings) -> list[str]:
    """Create the topics that are missing; return a sentence for each difference of the others."""
    return asyncio.run(ensure_topics(settings))


async def partitions(settings: Settings, topic: str = "") -> int:
    """Return how many partitions a topic has, that of the settings' events where none is named; 0 where it does not exist."""
    async with _admin(settings) as admin:
        # Of all topics: a broker that is asked for one by its name may create it.
        sizes = {topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics()}
        return sizes.get(topic or settings.events_topic, 0)


async def required(client: AIOKafkaClient, *names: str) -> list[int]:
    """Return how many partitions topics have, without having the broker create them; CannotStartError where one is not there."""
    known = await client.fetch_all_metadata()
    sizes = [len(known.partitions_for_topic(name) or ()) for name in names]
    if missing := [name for name, size in zip(names, sizes, strict=True) if not size]:
        raise CannotStartError(
            f"There is no topic {' and no topic '.join(missing)} in Kafka: run crmpulse topics first."
        )
    return sizes


async def create_copy(settings: Settings, topic: str, partitions: int) -> None:
    """Create a topic for the events as they are, whose records tell when they were appended first.

    Raises CannotStartError where it is refused, or there already: what was published to it is none of the events as they are.
    """
    config = {**STAMPED, "message.timestamp.type": "CreateTime"}
    async with _admin(settings) as admin:
        if topic in await admin.list_topics():
            raise CannotStartError(
                f"There is a topic {topic} in Kafka, of tables that Redis does not know. Where `crmpulse:layout` was lost, what was "
                "published to that topic is not counted: see docs/operating.md. Else delete it, and start the rebuild again."
            )
        await _create(admin, [Topic(topic, partitions, config)], settings.replication)


async def stamp(settings: Settings, topic: str) -> None:
    """Have the broker stamp what is appended to a topic from now on; the embedded one cannot be told so and is left alone."""
    async with _admin(settings) as admin:
        try:
            answers = await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, dict(STAMPED))])
        except IncompatibleBrokerVersion:
            return
        for code, message, *_ in (found for answer in answers for found in answer.resources):
            if code:
                why = message or for_code(code).__name__
                raise CannotStartError(f"Kafka refuses to change the configuration of the topic {topic}: {why}")


async def remove(settings: Settings, topic: str) -> None:
    """Delete a topic."""
    async with _admin(settings) as admin:
        await admin.delete_topics([topic])


async def ensure_topics(settings: Settings) -> list[str]:
    """As ``ensure``, inside an event loop. Raises CannotStartError where the broker refuses a topic."""
    async with _admin(settings) as admin:
        existing = set(await admin.list_topics())
        topics = wanted(settings)
        await _create(admin, [t for t in topics if t.name not in existing], settings.replication)
        return [line for topic in topics if topic.name in existing for line in await _differences(admin, topic)]


@asynccontextmanager
async def _admin(settings: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(**kafka(settings))
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def _create(admin: AIOKafkaAdminClient, missing: list[Topic], replication: int) -> None:
    new = [NewTopic(t.name, t.partitions, replication, topic_configs=t.config) for t in missing]
    if not new:
        return
    answer = await admin.create_topics(new)
    for name, code, *_ in answer.topic_errors:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:
            raise CannotStartError(f"Kafka refuses to create the topic {name}: {error.__name__} ({error.description})")


async def _differences(admin: AIOKafkaAdminClient, topic: Topic) -> list[str]:
    found = next(iter(await admin.describe_topics([topic.name])))
    lines = []
    if (partitions := len(found["partitions"])) != topic.partitions:
        lines.append(
            f"{topic.name} has {partitions} partitions, not the {topic.partitions} of CRMPULSE_PARTITIONS: "
            "set that to what it has, or use crmpulse rebuild --partitions"
        )
    try:
        config = await _config(admin, topic.name)
    except KafkaError as error:
        return [*lines, f"{topic.name}: the broker does not tell its configuration ({type(error).__name__})"]
    for name, value in topic.config.items():
        if name in config and config[name] != value:
            lines.append(f"{topic.name} has {name}={config[name]}, not {value}: change it with kafka-configs --alter")
    return lines


async def _config(admin: AIOKafkaAdminClient, name: str) -> dict[str, str]:
    answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
    return {entry[0]: entry[1] for answer in answers for resource in answer.resources for entry in resource[4]}
