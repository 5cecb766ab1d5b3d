"""Who asks: the organisation, and what is allowed, by a token of the tokens file.

The file has a token a line, as JSON, with its hash and never itself:
`{"sha256": "…", "org": "acme", "scopes": ["publish", "read"], "limit": "", "note": "the CRM"}`. Empty lines and lines that
start with `#` are left out. `python -m api.auth ORG SCOPE… [--limit team:ID|user:ID]` makes a token and its line.
"""

import argparse
import re
import secrets
import sys
import time
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path
from typing import Annotated, Literal, NamedTuple
from urllib.parse import urlsplit

import msgspec
import structlog
from fastapi import Request

from api import passes
from api.passes import Pass
from api.problems import Problem
from api.query.errors import ImpossibleError, Mistake
from crmpulse.settings import CannotStartError, is_loopback

Scope = Literal["publish", "read", "admin"]
DEFAULT_ORG = "demo"
COOKIE = "crmpulse_session"
ASK = {"WWW-Authenticate": "Bearer"}
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")

log = structlog.get_logger("crmpulse.api")


class Token(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A line of the file. ``limit`` is `team:<id>` or `user:<id>`: the one scope that a reader may ask for."""

    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    org: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    scopes: Annotated[list[Scope], msgspec.Meta(min_length=1)]
    limit: Annotated[str, msgspec.Meta(pattern="^((team|user):.{1,128})?$")] = ""
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse a limit that would not hold: it is one on reading."""
        if self.limit and self.scopes != ["read"]:
            raise ValueError("a limit to a team or user goes with the scope read alone")


class Caller(NamedTuple):
    """Who asks, and what is allowed; ``limit`` as in ``Token``, ``expires_s`` a Unix time, 0 for never."""

    org: str
    scopes: frozenset[str]
    limit: str = ""
    expires_s: int = 0

    def may(self, scope: Scope) -> bool:
        """Tell whether a scope is allowed; admin has all of them."""
        return scope in self.scopes or "admin" in self.scopes

    def need(self, scope: Scope) -> None:
        """Refuse who has not the scope."""
        if not self.may(scope):
            has = ", ".join(sorted(self.scopes))
            raise Problem(403, "forbidden", f"This needs a token with the scope {scope}; this one has {has}.")

    def need_all_of_it(self, what: str) -> None:
        """Refuse who is limited to a team or user."""
        if self.limit:
            raise Problem(403, "forbidden", f"This token is limited to {self.limit}, and {what} shows more than that.")

    def need_scope(self, asked: str) -> None:
        """Refuse to who is limited any other scope, `org` or `team:<id>` or `user:<id>`."""
        if self.limit and asked != self.limit:
            raise Problem(
                403,
                "forbidden",
                f"This token is limited to {self.limit} and may not ask {asked}: ask with scope={self.limit}.",
            )


class Tokens:
    """The tokens of a file, read again when it changes. Without a file there are none, and everything is allowed."""

    def __init__(self, path: str, secret: str = "") -> None:
        self.path = Path(path) if path else None
        self.secret = secret
        self.changed_ns = 0
        self.tokens: list[Token] = []
        if self.path:
            self.tokens, self.changed_ns = read(self.path), self.path.stat().st_mtime_ns

    def caller(self, request: Request) -> Caller:
        """Return who asks; a problem where that cannot be told."""
        orgs = request.query_params.getlist("org")
        if self.path is None:
            _same_machine(request)
            return Caller(_org(orgs), frozenset({"admin"}))
        token, passed = self._find(self.path, _sent(request))
        if any(org != token.org for org in orgs):
            raise Problem(403, "forbidden", f"This token is one of the organisation {token.org}: leave `org` away.")
        if passed:
            return Caller(token.org, frozenset({"read"}), token.limit or passed.limit, passed.expires_s)
        return Caller(token.org, frozenset(token.scopes), token.limit)

    def issue(self, request: Request, limit: str, expires_s: int) -> str:
        """Return a pass made of the token of a request, which may read; empty where there are no tokens."""
        if self.path is None:
            return ""
        token, _ = self._find(self.path, _sent(request))
        return passes.issue(Pass(token.sha256, limit, expires_s), self.secret)

    def _find(self, path: Path, text: str) -> tuple[Token, Pass | None]:
        """The token that was sent, or the one of the pass that was, and the pass."""
        self._refresh(path)
        if text.startswith(passes.PREFIX):
            able = {token.sha256: token for token in self.tokens if token.scopes != ["publish"]}
            passed = passes.accept(text, able, self.secret, time.time())
            if passed is None:
                raise Problem(401, "unauthorized", "The session or link is not known, or has expired.", ASK)
            return able[passed.token], passed
        digest = sha256(text.encode()).hexdigest()
        found = [token for token in self.tokens if compare_digest(token.sha256, digest)]
        if not found:
            raise Problem(401, "unauthorized", "The token is not known.", ASK)
        return found[0], None

    def _refresh(self, path: Path) -> None:
        try:
            changed_ns = path.stat().st_mtime_ns
            if changed_ns != self.changed_ns:
                self.changed_ns = changed_ns
                self.tokens = read(path)
        except (OSError, CannotStartError) as error:
            log.error("the tokens file cannot be read, the tokens before hold", error=str(error))


def read(path: Path) -> list[Token]:
    """Return the tokens of a file; CannotStartError names every line that is none."""
    tokens, mistakes = [], []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            try:
                tokens.append(msgspec.json.decode(line, type=Token))
            except msgspec.DecodeError as error:
                mistakes.append(f"  {path}:{number}: {error}")
    if mistakes:
        raise CannotStartError("\n".join(["These lines of the tokens file are wrong:", *mistakes]))
    return tokens


def make(org: str, scopes: list[Scope], limit: str = "", note: str = "") -> tuple[str, str]:
    """Return a new token, and its line for the file."""
    token = f"crm_{secrets.token_urlsafe(32)}"
    made = Token(sha256(token.encode()).hexdigest(), org, scopes, limit, note)
    line = msgspec.json.encode(made)
    msgspec.json.decode(line, type=Token)
    return token, line.decode()


def bearer(request: Request) -> str:
    """Return the token in the head of a request; empty where there is none."""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    return text.strip() if scheme.lower() == "bearer" else ""


def _sent(request: Request) -> str:
    """The token or pass of a request. A cookie comes with whatever a browser is made to send: it is one for reading."""
    if text := bearer(request):
        return text
    if request.method in ("GET", "HEAD") and (cookie := request.cookies.get(COOKIE)):
        return cookie
    raise Problem(401, "unauthorized", "Send a token: `Authorization: Bearer <token>`.", ASK)


def _org(orgs: list[str]) -> str:
    org = orgs[-1] if orgs else DEFAULT_ORG
    if len(set(orgs)) > 1 or not 1 <= len(org) <= 128 or _CONTROL.search(org):
        raise ImpossibleError(Mistake("org", "must be one id of 1 to 128 characters, none a control character"))
    return org


def _same_machine(request: Request) -> None:
    """Refuse what a page from elsewhere makes a browser on this machine send: without tokens nothing else would."""
    host, origin = _host(f"//{request.headers.get('host', '')}"), request.headers.get("origin")
    if ("." in host and not _is_local(host)) or (origin is not None and _host(origin) != host):
        raise Problem(403, "forbidden", "Without tokens only this machine is answered, by the name localhost.")


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return "."


def _is_local(host: str) -> bool:
    return is_loopback(host) or host.endswith(".localhost")


def main(arguments: list[str] | None = None) -> None:
    """Make a token; the line for the file goes to standard output, the token to standard error."""
    parser = argparse.ArgumentParser(prog="python -m api.auth", description="Make a token and its line of the file.")
    parser.add_argument("org")
    parser.add_argument("scopes", nargs="+", choices=["publish", "read", "admin"])
    parser.add_argument("--limit", default="", help="team:ID or user:ID, for a reader")
    parser.add_argument("--note", default="", help="what it is for")
    asked = parser.parse_args(arguments)
    try:
        token, line = make(asked.org, asked.scopes, asked.limit, asked.note)
    except (ValueError, msgspec.DecodeError) as error:
        parser.error(str(error))
    sys.stderr.write(f"The token, shown once: {token}\nIts line for the file of CRMPULSE_TOKENS:\n")
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
