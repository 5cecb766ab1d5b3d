"""Bodies of requests: read no further than they may be long, and no longer than they may take."""

import asyncio
import re
from contextlib import suppress
from typing import TypeVar

import msgspec
from fastapi import Request
from starlette.requests import ClientDisconnect

from api.problems import Problem
from api.query.errors import ImpossibleError, Mistake

T = TypeVar("T")
MAX_BYTES = 1 << 20
SMALL_BYTES = 4096
ARRIVE_SECONDS = 10.0
DISCARDED_BYTES = 16 << 20
DISCARDED_SECONDS = 5.0
"""So much of a body that is too long is read all the same: many clients look for an answer only when all is written, and never
see one that closes the connection before."""


async def read(request: Request, most: int = SMALL_BYTES, detail: str = "") -> bytes:
    """Return the body, of at most so many bytes. Raises Problem: 413, with a ``detail`` of one's own, or 408."""
    found = bytearray()
    try:
        async with asyncio.timeout(ARRIVE_SECONDS):
            async for chunk in request.stream():
                found += chunk
                if len(found) > most:
                    break
    except TimeoutError:
        raise Problem(408, "too-slow", f"The body did not arrive within {ARRIVE_SECONDS:g} s.") from None
    if len(found) > most:
        await _discard(request)
        raise too_large(most, detail)
    return bytes(found)


async def said(request: Request, kind: type[T], hint: str) -> T:
    """Return what a small body of JSON says, all by default where it is empty; ImpossibleError with a ``hint`` at what it may be."""
    body = await read(request)
    try:
        return msgspec.json.decode(body, type=kind) if body.strip() else kind()
    except (ValueError, RecursionError) as error:  # text that is no UTF-8 is a ValueError of its own
        raise ImpossibleError(Mistake("body", f"{error}; {hint}")) from None


async def announced(request: Request, most: int, detail: str = "") -> int:
    """Return how many bytes the body can have. Raises Problem where it says that it has more."""
    length = request.headers.get("content-length", "")
    size = int(length) if re.fullmatch("[0-9]{1,18}", length) else most
    if size > most:
        if request.headers.get("expect", "").lower() != "100-continue":  # who asks first has sent nothing
            await _discard(request)
        raise too_large(most, detail)
    return size


async def _discard(request: Request) -> None:
    """Read what is left of a body, up to a limit and for some time."""
    left = DISCARDED_BYTES
    with suppress(TimeoutError, ClientDisconnect):
        async with asyncio.timeout(DISCARDED_SECONDS):
            async for chunk in request.stream():
                left -= len(chunk)
                if left < 0:
                    break


def too_large(most: int, detail: str = "") -> Problem:
    """Return the answer to a body of more bytes, or of more than a ``detail`` says."""
    return Problem(413, "too-large", detail or f"The body has at most {most} bytes.", {"Connection": "close"})
