"""All reads of an answer find the tables where they stood, else they are made again."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest

from api.query.engine import Engine
from api.query.errors import UnsettledError
from api.query.tables import BRIEFLY, TRIES, Directory, Read, Tables
from crmpulse.embedded import Redis
from tests.loading import PARTITIONS
from tests.telling import Told, events, telling

FIRST = "01-05 call.logged 1 direction=outbound owner_id=ann\n01-05 task.created 1 assignee_id=ann due_at=01-06"
Commit = Callable[[int], Awaitable[object]]


def commit(tables: Tables) -> Commit:
    """Return what moves the organisation's version, as a commit does."""
    return lambda n: _moved(tables, 1000 + n)


async def _moved(tables: Tables, offset: int) -> None:
    version = await tables.redis.get(tables.keys.version)
    assert isinstance(version, bytes)
    await tables.redis.set(tables.keys.version, version.partition(b" ")[0] + f" {offset}".encode())


async def test_what_was_read_on_both_sides_of_a_commit_is_read_again(redis_server: Redis) -> None:
    async with telling(redis_server, FIRST) as asking:
        tables, asked = await asking.engine.tables("demo"), list[int]()

        async def ask(_: Directory) -> int:
            asked.append(1)
            await tables.records(["call/1"])
            if len(asked) < 3:
                await commit(tables)(len(asked))
            return len(await tables.records([f"task/{len(asked)}", "task/1"]))

        assert await tables.settled(ask) == 1
        assert len(asked) == 3


async def test_an_answer_ends_though_a_commit_comes_after_each_of_its_reads(redis_server: Redis) -> None:
    async with telling(redis_server, FIRST) as asking:
        tables, asked = await asking.engine.tables("demo"), list[int]()
        calls: list[tuple[str, str, int, int]] = [("call.logged", "u:ann", 0, 1 << 60)]

        async def ask(_: Directory) -> tuple[int, int, int]:
            asked.append(1)
            found = len(await tables.records(["call/1", "task/1"]))
            await commit(tables)(10 * len(asked))
            matched = len(await tables.matching(calls))
            await commit(tables)(10 * len(asked) + 1)
            return found, matched, len(await tables.newest([("call.logged", "u:ann", 1 << 60)], 1))

        assert await tables.settled(ask) == (2, 1, 1)
        assert len(asked) == 3


async def test_who_of_those_that_are_even_was_first_may_be_as_of_a_commit_that_came_since(redis_server: Redis) -> None:
    async with telling(redis_server, FIRST) as asking:
        tables, asked = await asking.engine.tables("demo"), list[int]()

        async def ask(_: Directory) -> list[int]:
            asked.append(1)
            await tables.records(["call/1"])
            await commit(tables)(len(asked))
            return await tables.last([("call.logged", "u:ann", 0, 1 << 60)])

        assert len(await tables.settled(ask)) == len(asked) == 1


async def test_what_is_remembered_is_brought_up_to_date_again_where_a_commit_comes_between(redis_server: Redis) -> None:
    async with telling(redis_server, FIRST) as asking:
        tables, asked = await asking.engine.tables("demo"), list[int]()

        async def ask(_: Directory) -> None:
            asked.append(1)
            memo = await tables.remembered()
            memo.put("u:ann", ("all",), {})
            if len(asked) < TRIES:
                await commit(tables)(len(asked))
            await tables.records([f"task/{len(asked)}"])

        await tables.settled(ask)
        assert len(asked) == TRIES
        assert len(tables.known) == 1 + TRIES - BRIEFLY


@pytest.mark.parametrize("reads", ["records", "load", "matching"])
async def test_every_kind_of_read_notices_a_commit_before_it(reads: str, redis_server: Redis) -> None:
    async with telling(redis_server, FIRST) as asking:
        tables = await asking.engine.tables("demo")
        of = {"records": ["task/1"], "load": [tables.keys.months], "matching": [("call.logged", "u:ann", 0, 1)]}
        tried = []

        async def ask(_: Directory) -> None:
            tried.append(1)
            await tables.records(["call/1"])
            if len(tried) == 1:
                await commit(tables)(1)
            await getattr(tables, reads)(of.get(reads, of["matching"]))

        await tables.settled(ask)
        assert len(tried) == 2


async def test_a_question_about_the_present_is_the_same_one_when_it_is_asked_again(
    redis_server: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = count(datetime(2026, 1, 5, 11, 30, tzinfo=UTC).timestamp())
    monkeypatch.setattr("time.time", lambda: next(seconds))
    async with telling(redis_server, "01-05 task.created 1 assignee_id=ann due_at=01-05T11:10Z") as asking:
        read, reads = Tables._read, list[int]()

        async def read_before_a_commit(self: Tables, wanted: Iterable[Read]) -> list[Any]:
            found = await read(self, wanted)
            reads.append(1)
            await commit(self)(len(reads))
            return found

        monkeypatch.setattr(Tables, "_read", read_before_a_commit)
        assert (await asking.engine.kpi("demo", "tasks_overdue", {}))["value"] == 1
        assert len(reads) < TRIES


async def test_tables_that_never_stand_still_are_given_up_on(redis_server: Redis) -> None:
    async with telling(redis_server, FIRST) as asking:
        tables, asked = await asking.engine.tables("demo"), list[int]()

        async def ask(_: Directory) -> None:
            asked.append(1)
            await tables.records(["call/1"])
            await commit(tables)(len(asked))
            await tables.records([f"call/{len(asked)}0"])

        with pytest.raises(UnsettledError):
            await tables.settled(ask)
        assert len(asked) == TRIES


async def test_what_is_new_is_seen_by_who_asked_before(redis_server: Redis) -> None:
    async with telling(redis_server, FIRST) as before:
        engine = Engine(before.engine.redis, before.engine.settings)
        other = Told(engine, events("01-01 lead.created 1", "other" * 3)[0]["orgid"])
        assert await before.value("calls_made") == 1
        assert await other.value("leads_created") == 0
        assert await engine.directory(other.org) == {}
        known = before.engine
        async with telling(redis_server, "03-05 lead.created 1 owner_id=bo", org=other.org):
            assert await other.value("leads_created") == 1
            assert await other.value("leads_created", "scope=user:bo") == 1
            assert (await engine.directory(other.org)).keys() == {"user/bo"}
            assert await Told(known, "demo").value("calls_made") == 0  # those tables were emptied


async def test_organisations_are_read_from_their_own_partition(redis_server: Redis) -> None:
    async with telling(redis_server, FIRST, org="o:{2}") as asking:
        assert await asking.value("calls_made") == 1
        assert await Told(asking.engine, "o:2").value("calls_made") == 0
        assert asking.engine.layout
        assert asking.engine.layout.partitions == PARTITIONS


async def test_what_is_named_is_known_with_what_names_it(redis_server: Redis) -> None:
    text = """
        01-05 call.logged 1 owner_id=ann deal_id=d account_id=none
        01-05 deal.created d contact_ids=a,b
        01-05 contact.created b account_id=x:y
        01-05 account.created x:y
        01-05 account.created z
    """
    async with telling(redis_server, text) as asking:
        tables = await asking.engine.tables("demo")

        async def ask(_: Directory) -> tuple[set[str], set[str]]:
            found = await tables.matching([("call.logged", "u:ann", 0, 1 << 60)], named=True)
            before = {*tables.known}
            named = await tables.records(["deal/d", "account/none", "contact/a", "contact/b", "account/x:y"])
            assert {*tables.known} == before, "nothing more had to be read"
            return {*found}, {*named}

        assert await tables.settled(ask) == ({"call/1"}, {"deal/d", "contact/b", "account/x:y"})
