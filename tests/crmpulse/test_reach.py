from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from aiokafka.errors import GroupAuthorizationFailedError, KafkaConnectionError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoPermissionError

from crmpulse import reach
from crmpulse.embedded import free_port
from crmpulse.settings import CannotStartError, Settings


@pytest.fixture
def listening() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def closed() -> str:
    return f"127.0.0.1:{free_port()}"


def test_what_listens_is_there(listening: str) -> None:
    reach.require(Settings(kafka=listening, redis=listening), [reach.kafka, reach.redis])


def test_one_broker_of_several_is_enough(listening: str, closed: str) -> None:
    reach.require(Settings(kafka=f"{closed},{listening}"), [reach.kafka])


def test_all_that_is_away_is_said_at_once_and_what_to_do(closed: str) -> None:
    with pytest.raises(CannotStartError) as caught:
        reach.require(Settings(kafka=closed, redis=closed), [reach.kafka, reach.redis])
    assert str(caught.value).splitlines() == [
        f"Kafka does not answer at {closed} (Connection refused): start it there, or say where with CRMPULSE_KAFKA.",
        f"Redis does not answer at {closed} (Connection refused): start it there, or say where with CRMPULSE_REDIS.",
    ]


def test_a_name_that_nobody_knows_is_said_so() -> None:
    with pytest.raises(CannotStartError, match=r"^Redis does not answer at nowhere\.invalid:1 \("):
        reach.require(Settings(redis="nowhere.invalid:1"), [reach.redis])


@pytest.mark.parametrize(
    ("error", "lost"),
    [
        (KafkaConnectionError("gone"), True),
        (RedisConnectionError("gone"), True),
        (NoPermissionError("CONFIG is not allowed"), True),
        (GroupAuthorizationFailedError("not this group"), True),
        (ValueError("our fault"), False),
    ],
)
def test_a_lost_server_is_told_from_a_fault_of_ours(error: Exception, lost: bool) -> None:
    assert reach.is_lost(error) is lost
