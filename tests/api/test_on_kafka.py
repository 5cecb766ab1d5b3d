"""What differs between brokers, on Apache Kafka: acknowledgement, the ends of the log, the largest event."""

from __future__ import annotations

import base64
import os

import pytest

from api import log
from api.bodies import MAX_BYTES
from crmpulse.embedded import Redis
from crmpulse.settings import Settings
from events import partition_for
from streams.topics import ensure_topics
from tests.api.serving import event, published, send, serving
from tests.services import Kafka

pytestmark = pytest.mark.kafka


async def test_events_of_any_size_reach_the_log_and_its_end_is_known(
    kafka_server: Kafka, redis_server: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "FRESH_SECONDS", 0)
    settings = Settings(kafka=kafka_server.address, redis=redis_server.address, partitions=4, events_topic="api.events")
    await ensure_topics(settings)
    large = event(data={"name": base64.b64encode(os.urandom(MAX_BYTES)).decode()[: MAX_BYTES - len(event())]})
    own = partition_for("demo", 4)

    async with serving(settings) as client:
        ends = []
        for body in (event(), b"[" + event(id="2") + b"," + event(id="3") + b"]", large):
            answer = await send(client, body)
            assert answer.status_code == 202, answer.text
            ends.append((await client.get("/v1/status")).json()["partitions"][own]["log_end"])
        assert (await client.get("/readyz")).status_code == 200

    assert ends == [1, 3, 4]
    assert (await published(settings, 4))[3].value == large
