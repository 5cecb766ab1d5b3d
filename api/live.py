"""`GET /v1/live`: numbers as they change, as Server-Sent Events."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from fastapi import APIRouter, Request, Response
from sse_starlette import EventSourceResponse, ServerSentEvent
from sse_starlette.sse import SendTimeoutError
from starlette.types import Receive, Scope, Send

from api import reference
from api.auth import Caller
from api.listening import Listener
from api.messages import Topic, kpi_topic
from api.problems import Problem
from api.query.errors import ImpossibleError, Mistake
from api.service import Params, last, reader, service

PING_SECONDS = 15
SEND_SECONDS = 20.0
CHECK_SECONDS = 5.0
MOST_KPIS = 50

router = APIRouter(tags=["Questions"])


class Stream(EventSourceResponse):
    """Events for one listener, who is dropped when nothing can be sent for a while."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send events until the listener is gone or the service stops."""
        with suppress(SendTimeoutError):
            await super().__call__(scope, receive, send)


@router.get("/v1/live", response_class=Response, **reference.LIVE)
async def live(request: Request) -> Response:
    """Tell KPIs, goals and alerts, and go on telling what changes, as Server-Sent Events.

    Events: `kpi` (what `GET /v1/kpis/{id}` answers to the same selectors), `goal` (as `GET /v1/goals/{id}`), `alert` (as in
    `GET /v1/alerts`) and `tick` (the tables changed: ask again what is not told here, such as a leaderboard). With
    `Last-Event-ID` only what changed since then is told.
    """
    asks, params = await reader(request, known=reference.LISTENED)
    last_id = request.headers.get("last-event-id", "")
    listener = Listener(service(request).live.reader(asks.org), _topics(asks, params), last_id)
    await listener.join()
    events = _events(listener, request, asks)
    return Stream(events, ping=PING_SECONDS, ping_message_factory=_ping, send_timeout=SEND_SECONDS, sep="\n")


def _topics(asks: Caller, params: Params) -> list[Topic]:
    scope = last(params, "scope", "org")
    asks.need_scope(scope)
    kpis = list(dict.fromkeys(params.pop("kpi", [])))
    if len(kpis) > MOST_KPIS:
        raise ImpossibleError(Mistake("kpi", f"may be given {MOST_KPIS} times at most"))
    return [
        *(kpi_topic(kpi, params) for kpi in kpis),
        Topic("goal", scope if "scope" in params else ""),
        Topic("alert", "" if scope == "org" else scope),
        Topic("tick", ""),
    ]


def _ping() -> ServerSentEvent:
    """A comment keeps the connection open; the event tells the page that it is, which no comment does."""
    return ServerSentEvent(comment="still here", event="ping", data="{}", sep="\n")


async def _events(listener: Listener, request: Request, asks: Caller) -> AsyncIterator[dict[str, str]]:
    """What the listener is to know, for as long as its token allows it."""
    try:
        while listener.reader.running and _is_allowed(request, asks):
            changed = listener.reader.changed
            for event in listener.news():
                yield event
            with suppress(TimeoutError):
                async with asyncio.timeout(CHECK_SECONDS):
                    await changed.wait()
    finally:
        listener.leave()


def _is_allowed(request: Request, asks: Caller) -> bool:
    try:
        return service(request).tokens.caller(request) == asks
    except Problem:
        return False
