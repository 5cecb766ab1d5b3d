from __future__ import annotations

import pytest
from redis.asyncio import Redis as Client

from crmpulse.settings import CannotStartError
from streams import layout
from streams.layout import Layout


async def test_the_first_worker_begins_every_partition_at_offset_0(redis: Client) -> None:
    assert await layout.read(redis) is None
    assert await layout.agree(redis, 3) == Layout(1, 3)
    assert await redis.mget([f"{{1.p{n}}}:mark" for n in range(4)]) == [b"0 0 0 0"] * 3 + [None]
    assert await layout.read(redis) == Layout(1, 3)


async def test_later_workers_leave_the_marks_alone(redis: Client) -> None:
    await layout.agree(redis, 3)
    await redis.set("{1.p0}:mark", "7 0 0 0")
    await redis.delete("{1.p1}:mark")
    assert await layout.agree(redis, 3) == Layout(1, 3)
    assert await redis.mget("{1.p0}:mark", "{1.p1}:mark") == [b"7 0 0 0", None]


async def test_when_the_tables_were_begun_is_noted_once(redis: Client) -> None:
    await layout.agree(redis, 2)
    begun = await redis.mget("{1.p0}:begun", "{1.p1}:begun")
    assert all(int(at_ms or 0) > 0 for at_ms in begun)
    await redis.delete(layout.KEY)
    await layout.agree(redis, 2)
    assert await redis.mget("{1.p0}:begun", "{1.p1}:begun") == begun


async def test_a_topic_of_another_number_of_partitions_is_refused(redis: Client) -> None:
    await layout.agree(redis, 3)
    with pytest.raises(CannotStartError, match="for 3 partitions, and the events topic has 4"):
        await layout.agree(redis, 4)
