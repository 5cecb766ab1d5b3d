from __future__ import annotations

from typing import Literal

import pytest
from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth
from redis.asyncio import Redis as Client

from crmpulse.settings import CannotStartError, Settings
from streams.connection import kafka, require_no_eviction
from streams.transport import credentials


def test_clients_of_kafka_and_faust_log_in_alike() -> None:
    settings = Settings(
        kafka_security_protocol="SASL_PLAINTEXT",
        kafka_sasl_mechanism="SCRAM-SHA-256",
        kafka_user="me",
        kafka_password="it",
    )
    told = credentials_to_aiokafka_auth(credentials(settings))
    assert told == {name: kafka(settings)[name] for name in told}
    assert {"security_protocol", "sasl_plain_password"} <= told.keys()


@pytest.mark.parametrize("protocol", ["PLAINTEXT", "SSL"])
def test_without_a_login_they_speak_as_they_are_told(protocol: Literal["PLAINTEXT", "SSL"]) -> None:
    settings = Settings(kafka_security_protocol=protocol)
    told = credentials_to_aiokafka_auth(credentials(settings))
    assert told["security_protocol"] == kafka(settings)["security_protocol"] == protocol
    assert ("ssl_context" in told) == (kafka(settings)["ssl_context"] is not None)


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl"])
async def test_a_redis_that_may_drop_keys_is_refused(redis: Client, policy: str) -> None:
    await require_no_eviction(redis)
    await redis.config_set("maxmemory-policy", policy)
    try:
        with pytest.raises(CannotStartError, match=f"maxmemory-policy is {policy}.*set maxmemory-policy to noeviction"):
            await require_no_eviction(redis)
    finally:
        await redis.config_set("maxmemory-policy", "noeviction")
