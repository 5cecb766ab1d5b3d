"""Kafka and Redis that want a login and speak TLS only, and what is said where one is not let in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiokafka.errors import KafkaConnectionError
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from redis import Redis as Client
from redis.exceptions import AuthenticationError, RedisError

from crmpulse.embedded import HOST, Redis
from crmpulse.settings import Settings
from streams.connection import connect
from streams.verify import differences
from tests.api.serving import event, send, serving
from tests.feed import new_topics
from tests.kafka.tables import everything
from tests.services import Kafka
from tests.workers import Worker, until

pytestmark = pytest.mark.kafka

USER, PASSWORD = "crmpulse", "what-nobody-guesses"
LOGIN = "org.apache.kafka.common.security.plain.PlainLoginModule required"


class Authority:
    """Signs certificates for this machine; ``file`` is what clients need of it."""

    def __init__(self, folder: Path) -> None:
        authority, self.file = trustme.CA(), folder / "ca.pem"
        authority.cert_pem.write_to_path(str(self.file))
        self.chain, self.key = folder / "chain.pem", folder / "key.pem"
        issued = authority.issue_cert(HOST)
        key = load_pem_private_key(issued.private_key_pem.bytes(), None)
        # Kafka reads keys in no other form.
        packed = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self.key.write_bytes(packed)
        self.chain.write_bytes(packed + b"".join(part.bytes() for part in issued.cert_chain_pems))


class SecuredKafka(Kafka):
    """A broker that speaks TLS, to those who log in."""

    def __init__(self, authority: Authority) -> None:
        super().__init__()
        self.authority = authority
        self.client = {
            "security.protocol": "SASL_SSL", "sasl.mechanism": "PLAIN", "sasl.username": USER, "sasl.password": PASSWORD,
            "ssl.ca.location": str(authority.file),
        }  # fmt: skip

    def _properties(self) -> dict[str, str]:
        mine, own = f"SASL_SSL://{self.address}", super()._properties()
        return own | {
            "listeners": own["listeners"].replace(f"PLAINTEXT://{self.address}", mine),
            "advertised.listeners": mine,
            "listener.security.protocol.map": "SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "SASL_SSL",
            "sasl.enabled.mechanisms": "PLAIN",
            "sasl.mechanism.inter.broker.protocol": "PLAIN",
            "listener.name.sasl_ssl.plain.sasl.jaas.config":
                f'{LOGIN} username="{USER}" password="{PASSWORD}" user_{USER}="{PASSWORD}";',
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(self.authority.chain),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.authority.file),
        }  # fmt: skip


class SecuredRedis(Redis):
    """A Redis that speaks TLS, to those who log in."""

    def __init__(self, authority: Authority) -> None:
        super().__init__()
        self.authority = authority

    def command(self) -> list[str]:
        """As in `Server`."""
        ours, (program, *rest) = self.authority, super().command()
        plain = [value.replace(str(self.port), "0") if value == str(self.port) else value for value in rest]
        files = [
            "--tls-ca-cert-file",
            str(ours.file),
            "--tls-cert-file",
            str(ours.chain),
            "--tls-key-file",
            str(ours.key),
        ]
        tls = ["--tls-port", str(self.port), "--tls-auth-clients", "no", *files]
        return [
            program,
            *plain,
            *tls,
            "--requirepass",
            PASSWORD,
            "--user",
            USER,
            "on",
            f">{PASSWORD}",
            "~*",
            "&*",
            "+@all",
        ]

    def answers(self) -> bool:
        """As in `Server`."""
        with (
            suppress(RedisError),
            Client(
                host=HOST,
                port=self.port,
                username=USER,
                password=PASSWORD,
                ssl=True,
                ssl_ca_certs=str(self.authority.file),
            ) as client,
        ):
            return bool(client.ping())
        return False


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The settings that reach a Kafka and a Redis of this kind."""
    authority = Authority(tmp_path_factory.mktemp("authority"))
    with SecuredKafka(authority) as kafka, SecuredRedis(authority) as redis:
        yield {
            "kafka": kafka.address, "kafka_security_protocol": "SASL_SSL", "kafka_ca": str(authority.file),
            "kafka_user": USER, "kafka_password": PASSWORD,
            "redis": redis.address, "redis_tls": True, "redis_ca": str(authority.file), "redis_user": USER,
            "redis_password": PASSWORD, "partitions": 2,
        }  # fmt: skip


async def test_topics_worker_api_and_verify_are_let_in(secured: dict[str, Any], tmp_path: Path) -> None:
    settings = await new_topics(**secured)
    redis = connect(settings)
    async with serving(settings) as client, redis:
        with Worker(settings, tmp_path / "log"):
            answer = await send(client, event())
            assert answer.status_code == 202, answer.text
            await until(lambda: everything(redis, settings), 60, "apply everything")
            told = (await client.get("/v1/kpis/calls_made?org=demo")).json()
        assert told["value"] == 1
        assert (await client.get("/readyz")).status_code == 200
    assert await differences(settings) == []


async def test_who_is_not_let_in_is_told_why(secured: dict[str, Any]) -> None:
    with pytest.raises(KafkaConnectionError):
        await new_topics(**{**secured, "kafka_password": "a guess"})
    redis = connect(Settings.model_validate({**secured, "redis_password": "a guess"}))
    async with redis:
        with pytest.raises(AuthenticationError):
            await redis.ping()


async def test_a_certificate_that_nobody_known_signed_is_not_trusted(secured: dict[str, Any], tmp_path: Path) -> None:
    other = Authority(tmp_path)
    with pytest.raises(KafkaConnectionError):
        await new_topics(**{**secured, "kafka_ca": str(other.file)})
    redis = connect(Settings.model_validate({**secured, "redis_ca": str(other.file)}))
    async with redis:
        with pytest.raises(RedisError, match="certificate"):
            await redis.ping()
