"""How to reach Kafka and Redis, and what Redis has to be like to hold the tables."""

from typing import Any, cast

from aiokafka.consumer import fetcher
from aiokafka.helpers import create_ssl_context
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from crmpulse.settings import CannotStartError, Settings, host_port
from streams.cluster import Cluster
from streams.fetched import Fetched

fetcher.MemoryRecords = Fetched  # for all consumers of the process: aiokafka has no setting for it

TIMEOUT_SECONDS = 10.0
RETRIES = 3


def kafka(settings: Settings) -> dict[str, Any]:
    """Return the options that all clients of Kafka have in common."""
    tls = settings.kafka_security_protocol.endswith("SSL")
    return {
        "bootstrap_servers": settings.kafka,
        "security_protocol": settings.kafka_security_protocol,
        "ssl_context": create_ssl_context(cafile=settings.kafka_ca or None) if tls else None,
        "sasl_mechanism": settings.kafka_sasl_mechanism,
        "sasl_plain_username": settings.kafka_user or None,
        "sasl_plain_password": settings.kafka_password or None,
    }


def connect(settings: Settings, *, patient: bool = True) -> Redis:
    """Return a client, of a cluster where the settings name several nodes.

    A command whose connection broke is sent again, which the commit script is made for; by a ``patient`` client also one that was
    not answered within ``TIMEOUT_SECONDS``.
    """
    nodes = [host_port(address) for address in settings.redis.split(",")]
    broken = (RedisConnectionError, RedisTimeoutError) if patient else (RedisConnectionError,)
    retry = Retry(ExponentialWithJitterBackoff(base=0.05, cap=1.0), RETRIES, broken)
    options: dict[str, Any] = {
        "socket_timeout": TIMEOUT_SECONDS, "socket_connect_timeout": 3.0, "retry": retry,
        "username": settings.redis_user or None, "password": settings.redis_password or None,
    }  # fmt: skip
    if settings.redis_tls:
        options |= {"ssl": True, "ssl_ca_certs": settings.redis_ca or None}
    if len(nodes) > 1:
        return cast(Redis, Cluster(nodes, **options))
    [(host, port)] = nodes
    return Redis(host=host, port=port, **options)


async def require_no_eviction(redis: Redis) -> None:
    """Raise CannotStartError where Redis may drop keys by itself when its memory is full."""
    policies = {policy for each in await _configs(redis, "maxmemory-policy") for policy in each.values()}
    for policy in policies - {"noeviction"}:
        raise CannotStartError(
            f"Redis may drop keys (maxmemory-policy is {policy}), and a dropped key is a wrong number: "
            "set maxmemory-policy to noeviction."
        )


async def _configs(redis: Redis | Cluster, name: str) -> list[dict[Any, Any]]:
    """What each node has that keys are in."""
    if not isinstance(redis, Cluster):
        return [await redis.config_get(name)]
    await redis.initialize()
    return [await redis.config_get(name, target_nodes=node) for node in redis.get_nodes()]
