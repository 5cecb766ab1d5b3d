from __future__ import annotations

import asyncio
from typing import Literal

import pytest
from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth
from redis.asyncio import Redis as Client
from redis.exceptions import TimeoutError as RedisTimeoutError

from crmpulse.settings import CannotStartError, Settings
from streams import connection
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


@pytest.mark.parametrize(("patient", "asked"), [(True, 1 + connection.RETRIES), (False, 1)])
async def test_only_who_is_patient_asks_a_redis_again_that_does_not_answer(
    monkeypatch: pytest.MonkeyPatch, *, patient: bool, asked: int
) -> None:
    commands: list[bytes] = []

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := await reader.read(1000):
            commands.append(request)
            if b"GET" not in request:
                writer.write(b"+OK\r\n" * request.count(b"\r\n*") + b"+OK\r\n")  # how a client introduces itself
        writer.close()

    monkeypatch.setattr(connection, "TIMEOUT_SECONDS", 0.05)
    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with connection.connect(Settings(redis=f"127.0.0.1:{port}"), patient=patient) as redis:
            with pytest.raises(RedisTimeoutError):
                await redis.get("a key")
    assert sum(b"a key" in each for each in commands) == asked
