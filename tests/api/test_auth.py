"""Tokens: who may publish, read and change the directory, and whose numbers they see."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from api import auth
from api.app import create_app
from crmpulse.embedded import Redis
from crmpulse.settings import CannotStartError, Settings
from tests.api.serving import event, send, serving

DEAL_DELETED = {"type": "crm.record.deleted", "subject": "deal/1", "data": {}}
ADMINS_ONLY: list[dict[str, Any]] = [
    {"type": "crm.user.updated", "subject": "user/u1", "data": {"name": "Ann"}},
    {"type": "crm.org.updated", "subject": "org/acme", "data": {"time_zone": "Europe/Rome"}},
    {"type": "crm.fx_rate.set", "subject": "fx/USD/2026-01-01", "data": {"rate": "0.9"}},
    {"type": "crm.goal.deleted", "subject": "goal/1", "data": {}},
    {"type": "crm.record.deleted", "subject": "user/u1", "data": {}},
]


class Tokens:
    """A tokens file that grows."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.write_text("# the tokens\n\n")

    def add(self, org: str, *scopes: auth.Scope, limit: str = "") -> dict[str, str]:
        """The header of a new token."""
        token, line = auth.make(org, list(scopes), limit)
        changed_ns = self.path.stat().st_mtime_ns
        with self.path.open("a") as file:
            file.write(f"{line}\n")
        os.utime(self.path, ns=(changed_ns, changed_ns + 1))
        return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def tokens(tmp_path: Path) -> Tokens:
    return Tokens(tmp_path / "tokens")


@pytest.fixture
def guarded(settings: Settings, tokens: Tokens) -> Settings:
    """Settings of a service with tokens."""
    return settings.model_copy(update={"tokens": str(tokens.path)})


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer "}, {"Authorization": "Basic YTpi"}])
async def test_who_has_no_token_is_asked_for_one(guarded: Settings, headers: dict[str, str]) -> None:
    async with serving(guarded, **headers) as client:
        answers = [await client.get("/v1/kpis"), await client.post("/v1/events", content=event())]
    for answer in answers:
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_token_that_is_not_known_is_refused(guarded: Settings, tokens: Tokens) -> None:
    tokens.add("acme", "read")
    async with serving(guarded, Authorization="Bearer crm_guess") as client:
        assert (await client.get("/v1/kpis")).status_code == 401


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/openapi.json", "/docs", "/", "/assets/scoreboard.js"])
async def test_probes_and_pages_need_no_token(guarded: Settings, path: str) -> None:
    async with serving(guarded) as client:
        assert (await client.get(path)).status_code == 200


@pytest.mark.parametrize(
    ("scopes", "published", "read"),
    [(("publish",), 202, 403), (("read",), 403, 200), (("publish", "read"), 202, 200), (("admin",), 202, 200)],
)
async def test_a_token_allows_what_its_scopes_say(
    guarded: Settings, tokens: Tokens, scopes: tuple[auth.Scope, ...], published: int, read: int
) -> None:
    async with serving(guarded, **tokens.add("acme", *scopes)) as client:
        assert (await send(client, event(orgid="acme"))).status_code == published
        assert (await client.get("/v1/kpis")).status_code == read


async def test_a_token_speaks_for_its_organisation_alone(guarded: Settings, tokens: Tokens) -> None:
    async with serving(guarded, **tokens.add("acme", "admin")) as client:
        [error] = (await send(client, event(orgid="other"))).json()["errors"]
        assert error["path"] == "$.orgid"
        assert (await send(client, event(orgid="other"), org="other")).status_code == 403
        assert (await client.get("/v1/kpis", params={"org": "other"})).status_code == 403
        assert (await client.get("/v1/kpis", params={"org": "acme"})).status_code == 200


@pytest.mark.parametrize(
    "attributes", ADMINS_ONLY, ids=lambda attributes: f"{attributes['type']} {attributes['subject']}"
)
async def test_the_directory_is_for_admins(guarded: Settings, tokens: Tokens, attributes: dict[str, Any]) -> None:
    body = b"[" + event(orgid="acme") + b"," + event(orgid="acme", id="e2", **attributes) + b"]"
    async with serving(guarded) as client:
        client.headers.update(tokens.add("acme", "publish"))
        refused = await send(client, body)
        assert refused.status_code == 403
        assert [(error["index"], error["id"]) for error in refused.json()["errors"]] == [(1, "e2")]
        assert (await send(client, event(orgid="acme", **DEAL_DELETED))).json()["position"].endswith(":0")

        client.headers.update(tokens.add("acme", "admin"))
        assert (await send(client, body)).status_code == 202


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/kpis/calls_made?scope=team:west", 200),
        ("/v1/kpis/calls_made?scope=team:west&by=user", 200),
        ("/v1/kpis/calls_made", 403),
        ("/v1/kpis/calls_made?scope=org", 403),
        ("/v1/kpis/calls_made?scope=team:east", 403),
        ("/v1/kpis/calls_made?scope=user:u1", 403),
        ("/v1/leaderboard?kpi=calls_made&team=west", 200),
        ("/v1/leaderboard?kpi=calls_made", 403),
        ("/v1/leaderboard?kpi=calls_made&team=east&scope=team:west", 403),
        ("/v1/records?kpi=calls_made&scope=team:west", 200),
        ("/v1/records?kpi=calls_made", 403),
        ("/v1/funnel?scope=team:west", 200),
        ("/v1/funnel", 403),
        ("/v1/export?kpi=calls_made&scope=team:west", 200),
        ("/v1/export?kpi=calls_made", 403),
        ("/v1/records/call/1", 403),
        ("/v1/kpis", 200),
    ],
)
async def test_a_limited_reader_asks_for_one_scope(guarded: Settings, tokens: Tokens, path: str, status: int) -> None:
    async with serving(guarded, **tokens.add("acme", "read", limit="team:west")) as client:
        answer = await client.get(path)
    assert answer.status_code == status, answer.text
    assert status == 200 or "team:west" in answer.json()["detail"]


async def test_a_change_of_the_file_holds_at_once(guarded: Settings, tokens: Tokens) -> None:
    async with serving(guarded, **tokens.add("acme", "read")) as client:
        assert (await client.get("/v1/kpis")).status_code == 200
        before = tokens.path.read_text()
        tokens.path.write_text("nonsense")
        assert (await client.get("/v1/kpis")).status_code == 200, "a mistake does not lock everybody out"
        tokens.path.write_text(before.replace('"org":"acme"', '"org":"other"'))
        assert (await client.get("/v1/kpis", params={"org": "acme"})).status_code == 403
        tokens.path.write_text("")
        assert (await client.get("/v1/kpis")).status_code == 401


WRONG = [
    "nonsense",
    '{"sha256": "abc", "org": "acme", "scopes": ["read"]}',
    '{"sha256": "%s", "org": "acme", "scopes": ["write"]}' % ("0" * 64),
    '{"sha256": "%s", "org": "", "scopes": ["read"]}' % ("0" * 64),
    '{"sha256": "%s", "org": "acme", "scopes": []}' % ("0" * 64),
    '{"sha256": "%s", "org": "acme", "scopes": ["read"], "limit": "west"}' % ("0" * 64),
    '{"sha256": "%s", "org": "acme", "scopes": ["admin"], "limit": "team:west"}' % ("0" * 64),
    '{"sha256": "%s", "org": "acme", "scopes": ["read"], "team": "west"}' % ("0" * 64),
]


def test_a_wrong_file_stops_the_start_with_every_mistake(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    path.write_text("\n".join(WRONG))
    with pytest.raises(CannotStartError) as stopped:
        create_app(Settings(tokens=str(path)))
    for number in range(1, len(WRONG) + 1):
        assert f"{path}:{number}: " in str(stopped.value)


def test_a_token_is_made_by_a_command_and_never_written_to_the_file() -> None:
    command = [sys.executable, "-m", "api.auth", "acme", "publish", "read", "--note", "the CRM"]
    made = subprocess.run(command, capture_output=True, text=True, check=True)
    line = json.loads(made.stdout)
    assert {name: line[name] for name in ("org", "scopes", "note")} == {
        "org": "acme",
        "scopes": ["publish", "read"],
        "note": "the CRM",
    }
    token = next(word for word in made.stderr.split() if word.startswith("crm_"))
    assert sha256(token.encode()).hexdigest() == line["sha256"]


def test_a_limit_that_would_not_hold_is_not_made(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        auth.main(["acme", "publish", "--limit", "team:west"])
    assert "read alone" in capsys.readouterr().err


@pytest.fixture(scope="module")
def offline(redis_server: Redis) -> Settings:
    return Settings(kafka="127.0.0.1:9", redis=redis_server.address)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "localhost:8080"}, 200),
        ({"Host": "127.0.0.1:8080"}, 200),
        ({"Host": "[::1]:8080"}, 200),
        ({"Host": "tv.localhost"}, 200),
        ({"Host": "localhost:8080", "Origin": "http://localhost:8080"}, 200),
        ({"Host": "attacker.example.com:8080"}, 403),
        ({"Host": "10.1.2.3:8080"}, 403),
        ({"Host": "[::1"}, 403),
        ({"Host": "localhost:8080", "Origin": "https://attacker.example.com"}, 403),
        ({"Host": "localhost:8080", "Origin": "null"}, 403),
    ],
)
async def test_without_tokens_pages_from_elsewhere_are_refused(
    offline: Settings, headers: dict[str, str], status: int
) -> None:
    async with serving(offline) as client:
        assert (await client.get("/v1/kpis", headers=headers)).status_code == status


@pytest.mark.parametrize("org", ["", "x" * 129, "a\nb", "a&org=b"])
async def test_an_organisation_is_one_id(offline: Settings, org: str) -> None:
    async with serving(offline) as client:
        query = str(httpx.QueryParams({"org": org})) if org != "a&org=b" else f"org={org}"
        answer = await client.get(f"/v1/kpis?{query}")
    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (422, "org")
