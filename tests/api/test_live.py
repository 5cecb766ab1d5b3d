"""Listeners hear what changes, and nothing else; however many there are, the tables are read once."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from starlette.types import Message

from aggregators.ledger import Entry
from api import live
from api.auth import make
from crmpulse.embedded import Redis
from crmpulse.settings import Settings
from tests.api.listening import Site, Writer, call, site, until, won

LISTENERS = 200
TWO = "kpi=calls_made&kpi=revenue_won&window=today"


@pytest.fixture
async def writer(settings: Settings) -> AsyncIterator[Writer]:
    async with Writer(settings) as found:
        yield found


@pytest.fixture
async def here(settings: Settings) -> AsyncIterator[Site]:
    async with site(settings) as found:
        yield found


def as_told(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "as_of"}


@pytest.mark.parametrize("selectors", ["window=today", "window=this_month&scope=user:ann&every=day&compare=previous"])
async def test_a_kpi_is_told_as_it_is_answered(here: Site, writer: Writer, selectors: str) -> None:
    await writer.tell(call(1), won(2, "10.50"))
    async with here.listen(f"kpi=calls_made&kpi=revenue_won&{selectors}") as stream:
        heard = await stream.until("tick")
    assert [one.event for one in heard] == ["kpi", "kpi", "tick"]
    for one in heard[:2]:
        assert as_told(one.data) == as_told(await here.get(f"/v1/kpis/{one.data['kpi']}?{selectors}"))


async def test_only_what_changed_is_told(here: Site, writer: Writer) -> None:
    await writer.tell(call(1))
    async with here.listen(TWO) as stream:
        await stream.until("tick")
        position = await writer.tell(call(2))
        heard = await stream.until("tick")
    assert [(one.event, one.data.get("value")) for one in heard] == [("kpi", 2), ("tick", None)]
    assert heard[-1].data == {"position": position}
    assert heard[-1].id.startswith(f"{position}-0-")


async def test_who_comes_back_hears_what_was_missed(here: Site, writer: Writer) -> None:
    await writer.tell(call(1))
    async with here.listen(TWO) as stream:
        *first, last = await stream.until("tick")
    async with here.listen(TWO, **{"Last-Event-ID": last.id}) as stream:
        await writer.tell(call(2))
        heard = await stream.until("tick")
    assert [one.data.get("value") for one in heard] == [2, None], "nothing that was known"
    for missed in (first[0].id, last.id, "nonsense"):
        async with here.listen(TWO, **{"Last-Event-ID": missed}) as stream:
            heard = await stream.until("tick")
        assert [one.data.get("value") for one in heard] == [2, 0, None], missed


async def test_a_window_that_turns_over_is_told(here: Site, writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    await writer.tell(call(1))
    async with here.listen("kpi=calls_made&window=today") as stream:
        await stream.until("kpi", value=1)
        real = time.time
        monkeypatch.setattr(time, "time", lambda: real() + 86_400)
        heard = await stream.until("kpi", value=0)
    assert heard[-1].data["from"] > heard[-1].data["as_of"][:10]


async def test_all_listeners_share_one_reader(here: Site, writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.listening.CLOCK_SECONDS", 1_000_000)
    asked: Counter[str] = Counter()
    engine = here.app.state.service.engine
    answer, looked = engine.kpi, engine.standing

    async def counting(org: str, kpi: str, params: Any) -> Any:
        asked[kpi] += 1
        return await answer(org, kpi, params)

    async def looking(org: str) -> Any:
        asked["look"] += 1
        return await looked(org)

    monkeypatch.setattr(engine, "kpi", counting)
    monkeypatch.setattr(engine, "standing", looking)
    async with AsyncExitStack() as all_of_them:
        streams = [await all_of_them.enter_async_context(here.listen(TWO)) for _ in range(LISTENERS)]
        await asyncio.gather(*(stream.until("tick") for stream in streams))
        assert len(here.readers) == 1
        assert (asked["calls_made"], asked["revenue_won"]) == (1, 1)
        began, asked["look"] = time.monotonic(), 0
        await writer.tell(call(1))
        heard = await asyncio.gather(*(stream.until("tick") for stream in streams))
        assert all([one.data.get("value") for one in each] == [1, None] for each in heard)
        assert (asked["calls_made"], asked["revenue_won"]) == (2, 2)
        assert asked["look"] <= 2 * (time.monotonic() - began) / 0.1 + 3, "as for one: a look, and a tick, in 100 ms"
    await until(lambda: not here.readers)


async def test_who_is_gone_is_forgotten(here: Site, writer: Writer) -> None:
    async with here.listen(TWO) as staying:
        await staying.until("tick")
        async with here.listen("kpi=win_rate") as leaving:
            await leaving.until("tick")
        [reader] = here.readers
        await until(lambda: len(reader.answers) == 5)
        await writer.tell(call(1))
        assert await staying.until("kpi", value=1)


async def test_how_long_somebody_listens_is_no_time_to_answer(here: Site) -> None:
    async with here.listen(TWO) as stream:
        await stream.until("tick")
    await until(lambda: not here.readers)
    told = (await here.client.get("/metrics")).text
    assert 'crmpulse_http_requests_total{method="GET",route="/v1/live",status="200"} 1.0' in told
    assert 'crmpulse_http_request_duration_seconds_count{method="GET",route="/v1/live"}' not in told


async def test_who_does_not_read_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "SEND_SECONDS", 0.01)
    closed = asyncio.Event()

    async def endless() -> AsyncIterator[dict[str, str]]:
        try:
            while True:
                yield {"data": "x"}
        finally:
            closed.set()

    async def send(message: Message) -> None:
        if message.get("body"):
            await asyncio.Event().wait()

    async def receive() -> Message:
        await asyncio.Event().wait()
        return {}

    async with asyncio.timeout(10):
        await live.Stream(endless(), send_timeout=live.SEND_SECONDS)({"type": "http", "method": "GET"}, receive, send)
    assert closed.is_set()


async def test_listeners_are_sent_away_while_redis_is_gone(settings: Settings) -> None:
    with Redis() as short_lived:
        async with site(settings.model_copy(update={"redis": short_lived.address})) as here:
            async with here.listen(TWO) as stream:
                await stream.until("tick")
                short_lived.stop()
                assert await stream.ended()
            assert (await here.client.get(f"/v1/live?{TWO}")).status_code == 503


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("kpi=calls_mad", 404, "calls_made"),
        ("kpi=calls_made&window=to_day", 422, "window"),
        ("kpi=calls_made&where=stage:1", 422, "where"),
        ("kpis=calls_made", 422, "kpi"),
        ("now=2026-01-01", 422, "now"),
        ("&".join(f"kpi=k{n}" for n in range(51)), 422, "50"),
    ],
)
async def test_what_cannot_be_asked_is_told_at_once(here: Site, query: str, status: int, said: str) -> None:
    answer = await here.client.get(f"/v1/live?{query}")
    assert answer.status_code == status
    assert said in answer.text
    assert not here.readers


async def test_a_limited_token_listens_to_its_scope_until_it_is_taken_away(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "CHECK_SECONDS", 0.05)
    token, line = make("demo", ["read"], "team:west")
    (tmp_path / "tokens").write_text(line)
    header = {"Authorization": f"Bearer {token}"}
    async with site(settings.model_copy(update={"tokens": str(tmp_path / "tokens")})) as here:
        assert (await here.client.get(f"/v1/live?{TWO}")).status_code == 401
        assert (await here.client.get(f"/v1/live?{TWO}", headers=header)).status_code == 403
        async with here.listen(f"{TWO}&scope=team:west", **header) as stream:
            assert await stream.until("tick")
            (tmp_path / "tokens").write_text("")
            assert await stream.ended()


def goal(name: str, target: int, **more: Any) -> dict[str, Any]:
    """A goal of a year, so that an hour of the clock says nothing new of it."""
    data = {"name": name, "kpi": "calls_made", "assignee": "org", "target": target, "period": "year", **more}
    return {"type": "crm.goal.set", "subject": f"goal/{name}", "data": data}


async def test_a_goal_is_told_as_it_is_answered_until_it_is_deleted(here: Site, writer: Writer) -> None:
    await writer.tell(call(1), goal("calls", 4), goal("of_ann", 2, assignee="user:ann"))
    async with here.listen("scope=org") as of_all, here.listen("scope=user:ann") as of_ann:
        [first, _] = await of_all.until("tick")
        answer = await here.get("/v1/goals/calls")
        moving = {"as_of", "expected_by_now", "pace", "projection"}
        assert {n: v for n, v in first.data.items() if n not in moving} == {
            n: v for n, v in answer.items() if n not in moving
        }
        assert [one.data.get("goal") for one in await of_ann.until("tick")] == ["of_ann", None]

        await writer.tell(call(2))
        assert [one.data.get("progress") for one in await of_all.until("tick")] == [2, None]
        await writer.tell({"type": "crm.goal.deleted", "subject": "goal/calls", "data": {}})
        heard = await of_all.until("tick")
        assert [one.data for one in heard if one.event == "goal"] == [{"goal": "calls", "deleted": True}]


async def test_a_goal_that_only_the_clock_moves_is_not_news(here: Site, writer: Writer) -> None:
    await writer.tell(call(1), goal("calls", 4))
    async with here.listen("") as stream:
        *_, last = await stream.until("tick")
    async with here.listen("", **{"Last-Event-ID": last.id}) as stream:
        await writer.tell({"type": "crm.user.updated", "subject": "user/bob", "data": {"name": "Bob"}})
        assert [one.event for one in await stream.until("tick")] == ["tick"]


async def test_an_alert_is_told_when_it_fires_and_when_it_resolves(here: Site, writer: Writer) -> None:
    await writer.tell(won(1, "1"), won(2, "1", "bob"))
    fired = Entry("a1", "deal_lost", "deal/1", 1_000, 5_000, "ann")
    await writer.alert(fired, Entry("a2", "deal_lost", "deal/2", 1_000, 5_000, "bob", resolved_ms=6_000))
    async with here.listen("scope=user:ann") as of_ann, here.listen("scope=user:bob") as of_bob:
        [first, last] = await of_ann.until("tick")
        assert first.data == (await here.get("/v1/alerts"))["alerts"][0]
        assert [one.event for one in await of_bob.until("tick")] == ["tick"], "what was over is not news"
        await writer.alert(replace(fired, resolved_ms=7_000))
        [told] = await of_ann.until("alert", state="resolved")
        assert told.data["id"] == "a1"
    async with here.listen("scope=user:ann", **{"Last-Event-ID": last.id}) as back:
        assert [one.data.get("state") for one in await back.until("tick")] == ["resolved", None]
    async with here.listen("scope=user:ann", **{"Last-Event-ID": told.id}) as back:
        await writer.tell(call(1))
        assert [one.event for one in await back.until("tick")] == ["tick"]
