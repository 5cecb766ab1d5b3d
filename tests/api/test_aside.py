"""Long answers keep nobody waiting but who asked for them."""

import asyncio
import threading

import httpx
import pytest

from api.aside import Aside
from api.query.engine import Engine
from api.query.errors import UnsettledError
from tests.api.serving import service_of


async def test_others_are_answered_while_a_long_answer_is_worked_out(client: httpx.AsyncClient) -> None:
    aside, asked, go_on = service_of(client).aside, threading.Event(), threading.Event()

    async def long(_: Engine) -> str:
        asked.set()
        assert go_on.wait(30)
        return threading.current_thread().name

    waiting = asyncio.create_task(aside.told(long))
    await asyncio.to_thread(asked.wait, 30)
    assert (await client.get("/healthz")).status_code == 200
    assert not waiting.done()
    go_on.set()
    assert await waiting == "long answers"


async def test_what_goes_wrong_aside_is_told_to_who_asked(client: httpx.AsyncClient) -> None:
    async def fails(_: Engine) -> None:
        raise UnsettledError

    with pytest.raises(UnsettledError):
        await service_of(client).aside.told(fails)


async def test_a_question_that_comes_as_it_ends_is_refused_and_one_that_waits_ends(client: httpx.AsyncClient) -> None:
    aside = Aside(service_of(client).settings)
    waiting = asyncio.create_task(aside.told(lambda _: asyncio.Event().wait()))
    assert await aside.told(lambda _: asyncio.sleep(0, "told")) == "told"
    await aside.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    with pytest.raises(ConnectionAbortedError):
        await aside.told(lambda _: asyncio.sleep(0))


async def test_a_long_answer_is_that_of_the_tables(client: httpx.AsyncClient) -> None:
    for kpi in ("engagement_level", "calls_made"):
        answer = await client.get(f"/v1/kpis/{kpi}")
        assert answer.status_code == 200, answer.text
