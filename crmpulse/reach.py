"""Whether the broker and Redis are there, asked before a command starts so that the answer is a sentence."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from contextlib import closing

from crmpulse.settings import PREFIX, CannotStartError, Settings, host_port

Need = Callable[[Settings], str]
TIMEOUT_SECONDS = 3.0


def kafka(settings: Settings) -> str:
    """Empty when one of the brokers takes connections, else what to do about it."""
    return _advice("Kafka", "KAFKA", settings.kafka)


def redis(settings: Settings) -> str:
    """Empty when Redis takes connections, else what to do about it."""
    return _advice("Redis", "REDIS", settings.redis)


def require(settings: Settings, needs: Iterable[Need]) -> None:
    """CannotStartError with a line for each of `needs` that is not there."""
    if missing := [advice for need in needs if (advice := need(settings))]:
        raise CannotStartError("\n".join(missing))


def is_lost(error: Exception) -> bool:
    """Whether `error` is what the broker or Redis says, or that one went away, or was never what the address promised."""
    from aiokafka.errors import KafkaError  # noqa: PLC0415 - both take long to import, and `crmpulse --help` needs neither
    from redis.exceptions import RedisError  # noqa: PLC0415

    return isinstance(error, KafkaError | RedisError)


def _advice(what: str, variable: str, addresses: str) -> str:
    faults = [fault for address in addresses.split(",") if (fault := _fault(address))]
    if len(faults) < addresses.count(",") + 1:
        return ""
    return f"{what} does not answer at {addresses} ({faults[0]}): start it there, or say where with {PREFIX}{variable}."


def _fault(address: str) -> str:
    try:
        with closing(socket.create_connection(host_port(address), TIMEOUT_SECONDS)):
            return ""
    except OSError as error:
        return error.strerror or str(error)
