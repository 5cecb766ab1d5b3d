"""What the writer of a partition counts of how old events are: not what tells nothing new, and nothing that is not committed."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from aggregators.catalogue import BY_ID
from api.query.engine import Engine
from api.query.errors import UnknownError
from crmpulse.embedded import Redis
from crmpulse.settings import Settings
from streams.commit import MovedError, Store
from tests.committing import PAST, Committing, committing
from tests.telling import Told

KPI = "event_freshness"
CALL = "01-05T10:00 call.logged 1 actor=ann"
LATER = "01-05T10:00 call.logged 2 actor=ann"


@pytest.fixture
async def tables(redis_server: Redis) -> AsyncIterator[Committing]:
    async with committing(Settings(redis=redis_server.address)) as found:
        yield found


@pytest.fixture
def asking(tables: Committing) -> Told:
    return Told(Engine(tables.redis, tables.settings), tables.org)


async def test_history_tells_nothing(tables: Committing) -> None:
    await tables.commit("01-05", CALL, headers=PAST)
    await tables.commit("01-05", [b"poison"], headers=PAST)
    assert await tables.ledger() == set()


async def test_what_the_log_had_before_the_tables_were_begun_tells_nothing(tables: Committing, asking: Told) -> None:
    tables.writer.begun_ms = 1_000
    await tables.commit("01-05T10:00:01", CALL, appended_ms=999)
    await tables.commit("01-05T10:00:01", [b"poison"], appended_ms=999)
    assert await tables.ledger() == set()
    await tables.commit("01-05T10:00:05", f"{LATER} id=2", appended_ms=1_000)
    assert await asking.value(KPI, "stat=mean") == 5


async def test_dead_letters_are_told_of_the_organisation_that_their_key_names(tables: Committing, asking: Told) -> None:
    await tables.commit("01-05T10:00:01", [b"poison"])
    assert await tables.ledger() == set(), "nothing is known of the organisation yet"
    await tables.commit("01-05T10:00:01", CALL)
    await tables.commit("01-05T10:00:01", [b"poison", b"{}"])
    await tables.commit("01-05T10:00:01", [b"poison"], key=b"another")
    await tables.commit("01-05T10:00:01", [b"poison"], key=None)
    await tables.commit("01-05T10:00:01", [b"poison"], key=b"\xff")
    found = await asking.answer(KPI, "stat=count&by=source")
    assert (found["value"], found["dead_letters"]) == (1, 2)
    assert {group["key"]["source"]: group.get("dead_letters") for group in found["groups"]} == {
        "/tests": None,
        "(none)": 2,
    }


async def test_a_worker_that_begins_anew_knows_whose_dead_letters_are(tables: Committing, asking: Told) -> None:
    await tables.commit("01-05T10:00:01", CALL)
    tables.writer.shard = tables.writer._empty()
    await tables.commit("01-05T10:00:01", [b"poison"])
    assert (await asking.answer(KPI))["dead_letters"] == 1


async def test_a_correction_that_comes_too_late_is_a_dead_letter_and_no_event(tables: Committing, asking: Told) -> None:
    await tables.commit("01-05T10:00", CALL)
    await tables.commit("06-05T10:00", f"{CALL} id=2 duration_ms=7")
    found = await asking.answer(KPI, "stat=count")
    assert (found["value"], found["dead_letters"]) == (1, 1)


async def test_what_is_not_enabled_has_no_key(redis_server: Redis) -> None:
    names = ",".join(name for name in BY_ID if name != KPI)
    async with committing(Settings(redis=redis_server.address, enable=names)) as tables:
        await tables.commit("01-05T10:00:01", CALL)
        await tables.commit("01-05T10:00:01", [b"poison"])
        assert await tables.ledger() == set()
        with pytest.raises(UnknownError, match="CRMPULSE_ENABLE"):
            await Engine(tables.redis, tables.settings).kpi(tables.org, KPI, {})


async def test_a_commit_that_is_refused_counts_nothing(tables: Committing, asking: Told) -> None:
    await tables.commit("01-05T10:00:01", CALL)
    heir = Store(tables.redis, "heir")
    await heir.claim(tables.writer.prefix, None)
    with pytest.raises(MovedError):
        await tables.commit("01-05T10:00:05", f"{LATER} id=2")
    await tables.writer.claim(0)
    assert await asking.value(KPI, "stat=count") == 1
    tables.log.pop()
    await tables.commit("01-05T10:00:09", f"{LATER} id=2")
    assert await asking.value(KPI, "stat=mean") == 5
