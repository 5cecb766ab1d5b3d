"""`/v1/session`: a token becomes a cookie that may read, or a link for a screen that nobody signs in to."""

import time
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

import msgspec
from fastapi import APIRouter, Request, Response

from api import bodies, reference, service_answers
from api.auth import COOKIE, Caller
from api.json_answer import JsonAnswer
from api.service import caller, service

DAY_S = 86_400
UNSAID = {"name": None, "time_zone": "UTC", "currency": "EUR"}

router = APIRouter(tags=["Session"])


class Asked(msgspec.Struct, forbid_unknown_fields=True):
    """The body: ``link`` for a link in place of the cookie, how many days it holds, and to what it is limited further."""

    link: bool = False
    days: Annotated[int, msgspec.Meta(ge=1, le=366)] = 30
    limit: Annotated[str, msgspec.Meta(pattern="^((team|user):.{1,128})?$")] = ""


@router.get("/v1/session", response_model=service_answers.Session, **reference.question("org"))
async def who(request: Request) -> Response:
    """Tell who asks: the organisation, what is allowed, and until when."""
    asks = caller(request, ("org",))
    asks.need("read")
    return await _told(request, asks)


@router.post("/v1/session", response_model=service_answers.Session, **reference.SESSION)
async def begin(request: Request) -> Response:
    """Make a token a cookie for the pages, which may read; or, with `link`, a link that shows them on a screen."""
    asks = caller(request, ("org",))
    asks.need("read")
    asked = await bodies.said(request, Asked, "it may have link, days (1 to 366) and limit")
    if asks.limit and asked.limit not in ("", asks.limit):
        asks.need_scope(asked.limit)
    tokens, expires_s = service(request).tokens, _expiry(asks, asked.days)
    made = tokens.issue(request, asked.limit or asks.limit, expires_s)
    granted = asks._replace(scopes=frozenset({"read"}), limit=asked.limit or asks.limit, expires_s=expires_s)
    if asked.link:
        return await _told(request, granted if made else asks, link=_link(request, asks, made))
    answer = await _told(request, granted if made else asks)
    if made:
        _set_cookie(request, answer, made, expires_s - int(time.time()))
    return answer


@router.delete("/v1/session", status_code=204, response_class=Response, **reference.question("org"))
async def end(request: Request) -> Response:
    """Forget the cookie."""
    answer = Response(status_code=204)
    _set_cookie(request, answer, "", 0)
    return answer


def _expiry(asks: Caller, days: int) -> int:
    """No pass outlives the one that it is made of."""
    wanted_s = int(time.time()) + days * DAY_S
    return min(wanted_s, asks.expires_s) if asks.expires_s else wanted_s


def _set_cookie(request: Request, answer: Response, value: str, seconds: int) -> None:
    secure = request.url.scheme == "https"
    answer.set_cookie(COOKIE, value, max_age=seconds, path="/", secure=secure, httponly=True, samesite="strict")


def _link(request: Request, asks: Caller, made: str) -> str:
    """The pass stands behind `#`, which no browser sends: no log of any server has it."""
    org = "" if made else f"&org={quote(asks.org, safe='')}"
    return f"{request.url.scheme}://{request.url.netloc}/?view=tv{org}" + (f"#pass={made}" if made else "")


async def _told(request: Request, asks: Caller, **more: str) -> Response:
    directory = await service(request).engine.directory(asks.org)
    own: dict[str, Any] = next((entry for subject, entry in directory.items() if subject.startswith("org/")), {})
    known = {name: own.get(name, default) for name, default in UNSAID.items()}
    expires = datetime.fromtimestamp(asks.expires_s, UTC).isoformat() if asks.expires_s else None
    told: dict[str, Any] = {"org": asks.org, **known, "scopes": sorted(asks.scopes), "limit": asks.limit}
    return JsonAnswer({**told, "expires": expires, **more}, headers={"Cache-Control": "no-store"})
