"""Passes: what a token lets others read until some time, without the token itself.

A pass names its token by the hash in the tokens file, may be limited further, and is signed with the server's secret and that
hash: it ends with its token.
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import Any, NamedTuple

from itsdangerous import BadData, URLSafeSerializer

PREFIX = "crmpass_"
NAMED = 16
"""How many digits of a token's hash name it in a pass."""


class Pass(NamedTuple):
    """``token`` is the hash of the token that it was made of, ``limit`` as in ``auth.Token``, ``expires_s`` a Unix time."""

    token: str
    limit: str
    expires_s: int


def issue(one: Pass, secret: str) -> str:
    """Return a pass as text."""
    return PREFIX + _serializer(one.token, secret).dumps([one.token[:NAMED], one.limit, one.expires_s])


def accept(text: str, tokens: Iterable[str], secret: str, now_s: float) -> Pass | None:
    """Return a pass of any of these tokens (their hashes); None where it is none, was altered, or has expired."""
    text = text.removeprefix(PREFIX)
    name, *_ = _claimed(text) or [""]
    for token in (each for each in tokens if each[:NAMED] == name):
        try:
            _, limit, expires_s = _serializer(token, secret).loads(text)
        except BadData:
            continue
        if now_s < expires_s:
            return Pass(token, limit, expires_s)
    return None


def _claimed(text: str) -> Any:
    """What a text says, whoever wrote it."""
    try:
        return URLSafeSerializer("").loads_unsafe(text)[1]
    except (BadData, ValueError):
        return None


def _serializer(token: str, secret: str) -> URLSafeSerializer:
    options = {"digest_method": sha256, "key_derivation": "hmac"}
    return URLSafeSerializer(f"{secret}\n{token}", salt="crmpulse.pass", signer_kwargs=options)
