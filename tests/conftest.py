"""Servers that tests share: each is started once, when a test first asks for it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from crmpulse.embedded import Redis, Tansu
from tests.services import Kafka

settings.register_profile("crmpulse", deadline=None)  # how long an example takes tells of the machine
settings.load_profile("crmpulse")
LONGEST = "test_kills.py"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Half as many again as there are cores: a fifth of the time tests wait for servers."""
    return (os.cpu_count() or 1) * 3 // 2


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the file that takes longest, so that no process is left with it alone at the end."""
    items.sort(key=lambda item: item.path.name != LONGEST)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    """Redis in memory; the test that writes flushes or uses keys of its own."""
    with Redis() as server:
        yield server


@pytest.fixture(scope="session")
def tansu_broker() -> Iterator[Tansu]:
    """The embedded broker; topics and groups are each test's own."""
    with Tansu() as server:
        yield server


@pytest.fixture(scope="session")
def kafka_server() -> Iterator[Kafka]:
    """Apache Kafka; only for tests marked `kafka`."""
    with Kafka() as server:
        yield server
