"""Sessions and links: a token becomes something that reads, and nothing else, for a while."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from api import passes
from api.auth import COOKIE, Scope, make
from api.passes import Pass
from crmpulse.settings import Settings
from tests.api.serving import event, serving
from tests.loading import load

KPIS = "/v1/kpis/calls_made"
NOW_S = 1_800_000_000.0
TOKENS = ["a" * 64, "b" * 64, "a" * 16 + "c" * 48]


class Guarded:
    """A service with tokens."""

    def __init__(self, settings: Settings, path: Path) -> None:
        self.path = path
        path.write_text("")
        self.settings = settings.model_copy(update={"tokens": str(path)})

    def token(self, *scopes: Scope, limit: str = "") -> dict[str, str]:
        """The header of a new token of `acme`."""
        token, line = make("acme", list(scopes), limit)
        self.path.write_text(f"{self.path.read_text()}{line}\n")
        return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def guarded(settings: Settings, tmp_path: Path) -> Guarded:
    return Guarded(settings, tmp_path / "tokens")


async def test_a_token_becomes_a_cookie_that_reads(guarded: Guarded) -> None:
    header = guarded.token("read")
    async with serving(guarded.settings) as client:
        assert (await client.get(KPIS)).status_code == 401
        answer = await client.post("/v1/session", headers=header)
        assert answer.status_code == 200, answer.text
        assert answer.json()["scopes"] == ["read"]
        cookie = answer.headers["set-cookie"]
        assert {"HttpOnly", "SameSite=strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
        assert "Secure" not in cookie
        assert header["Authorization"].removeprefix("Bearer ") not in cookie
        assert (await client.get(KPIS)).status_code == 200
        assert (await client.get("/v1/session")).json()["org"] == "acme"
        assert (await client.delete("/v1/session")).status_code == 204
        assert (await client.get(KPIS)).status_code == 401


async def test_a_body_that_is_too_long_is_refused(guarded: Guarded) -> None:
    async with serving(guarded.settings, **guarded.token("read")) as client:
        assert (await client.post("/v1/session", content=b" " * 5_000)).status_code == 413


async def test_over_https_the_cookie_stays_there(guarded: Guarded) -> None:
    header = guarded.token("read")
    async with serving(guarded.settings, **header) as client:
        client.base_url = httpx.URL("https://localhost")
        assert "Secure" in (await client.post("/v1/session")).headers["set-cookie"]


async def test_a_cookie_does_not_change_anything(guarded: Guarded) -> None:
    header = guarded.token("admin")
    async with serving(guarded.settings) as client:
        await client.post("/v1/session", headers=header)
        assert client.cookies[COOKIE]
        assert (await client.get(KPIS)).status_code == 200
        assert (await client.post("/v1/events", content=event(orgid="acme"))).status_code == 401
        assert (await client.post("/v1/session")).status_code == 401, "nor does it make others"


async def test_a_link_shows_no_more_than_it_is_limited_to(guarded: Guarded) -> None:
    header = guarded.token("admin")
    async with serving(guarded.settings) as client:
        answer = await client.post("/v1/session", headers=header, json={"link": True, "days": 2, "limit": "team:west"})
        assert "set-cookie" not in answer.headers
        link = urlsplit(answer.json()["link"])
        assert (link.path, link.query) == ("/", "view=tv"), "what a server sees of it has no secret"
        [shown] = re.findall(r"pass=(.*)", link.fragment)
        as_link = {"Authorization": f"Bearer {shown}"}
        assert (await client.get(KPIS, headers=as_link)).status_code == 403
        assert (await client.get(f"{KPIS}?scope=team:west", headers=as_link)).status_code == 200
        assert (await client.post("/v1/events", headers=as_link, content=event(orgid="acme"))).status_code == 403
        longer = await client.post("/v1/session", headers=as_link, json={"days": 300})
        assert longer.json()["expires"] == answer.json()["expires"], "what it is made into does not outlive it"
        wider = await client.post("/v1/session", headers=as_link, json={"limit": "team:east"})
        assert wider.status_code == 403


async def test_a_link_ends_with_its_token(guarded: Guarded) -> None:
    header = guarded.token("read")
    async with serving(guarded.settings) as client:
        await client.post("/v1/session", headers=header)
        assert (await client.get(KPIS)).status_code == 200
        guarded.path.write_text("")
        assert (await client.get(KPIS)).status_code == 401


@pytest.mark.parametrize("scopes", [("publish",)])
async def test_who_may_not_read_gets_no_session(guarded: Guarded, scopes: tuple[Scope, ...]) -> None:
    header = guarded.token(*scopes)
    async with serving(guarded.settings, **header) as client:
        assert (await client.post("/v1/session")).status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        b'{"days": 0}',
        b'{"days": 367}',
        b'{"limit": "west"}',
        b'{"dayz": 1}',
        b"[",
        b'"x"',
        b'{"limit": "\xff"}',
        pytest.param(b'{"x": ' + b"[" * 1_500, id="nested"),
    ],
)
async def test_a_wrong_body_is_told(guarded: Guarded, body: bytes) -> None:
    header = guarded.token("read")
    async with serving(guarded.settings, **header) as client:
        answer = await client.post("/v1/session", content=body)
    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (422, "body")


async def test_without_tokens_there_is_nothing_to_sign_in_to(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/session", json={"link": True})
    assert (answer.json()["scopes"], answer.json()["expires"]) == (["admin"], None)
    assert answer.json()["link"] == "http://localhost/?view=tv&org=demo"
    assert "set-cookie" not in answer.headers


async def test_a_session_knows_its_organisation(settings: Settings) -> None:
    data: dict[str, Any] = {"name": "Atlas", "time_zone": "Europe/Rome", "currency": "USD"}
    told = {"type": "crm.org.updated", "subject": "org/demo", "data": data}
    await load(settings, [{**told, **_attributes()}], 10)
    async with serving(settings) as client:
        answer = (await client.get("/v1/session")).json()
    assert {name: answer[name] for name in data} == data


def _attributes() -> dict[str, str]:
    return {"specversion": "1.0", "id": "1", "source": "/x", "time": "2026-01-05T10:00:00Z", "orgid": "demo"}


def test_a_pass_is_read_back() -> None:
    for token in TOKENS:
        one = Pass(token, "team:west", int(NOW_S) + 1)
        assert passes.accept(passes.issue(one, "s"), TOKENS, "s", NOW_S) == one


@pytest.mark.parametrize(
    ("tokens", "secret", "now_s"),
    [(TOKENS, "other", NOW_S), (TOKENS, "s", NOW_S + 1), (TOKENS[1:], "s", NOW_S), ([], "s", NOW_S)],
    ids=["another secret", "expired", "its token is gone", "no tokens"],
)
def test_a_pass_is_refused(tokens: list[str], secret: str, now_s: float) -> None:
    text = passes.issue(Pass(TOKENS[0], "", int(NOW_S) + 1), "s")
    assert passes.accept(text, tokens, secret, now_s) is None


@pytest.mark.parametrize("at", range(0, 60, 5))
def test_an_altered_pass_is_refused(at: int) -> None:
    text = passes.issue(Pass(TOKENS[0], "", int(NOW_S) + 1), "s").removeprefix(passes.PREFIX)
    altered = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
    assert passes.accept(passes.PREFIX + altered, TOKENS, "s", NOW_S) is None


@pytest.mark.parametrize("text", ["", "x", "a.b", "W10.x", "\N{ROCKET}"])
def test_what_is_no_pass_is_refused(text: str) -> None:
    assert passes.accept(passes.PREFIX + text, TOKENS, "s", NOW_S) is None
