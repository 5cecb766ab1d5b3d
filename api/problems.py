"""Everything that goes wrong is answered as `application/problem+json` (RFC 9457), and says nothing of the insides."""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from redis.exceptions import RedisError
from starlette.exceptions import HTTPException

from api.json_answer import JsonAnswer
from api.query.errors import ImpossibleError, UnknownError, UnsettledError
from streams.layout import OtherTablesError

MEDIA_TYPE = "application/problem+json"
RETRY = {"Retry-After": "1"}

KINDS = {
    "invalid-event": "An event cannot be used",
    "invalid-parameter": "A parameter is unknown or cannot be what it is",
    "unauthorized": "A token is needed",
    "forbidden": "The token does not allow it",
    "not-found": "There is nothing of that name",
    "too-large": "The request is too large",
    "too-slow": "The request took too long to arrive",
    "media-type": "The content type is not one of events",
    "too-many": "Too many requests at once",
    "unavailable": "Something that is needed is away",
    "not-yet": "The tables do not include the position yet",
}
"""What `type` can be, less `urn:crmpulse:problem:`, with its title; `about:blank` where the status says it all."""

log = structlog.get_logger("crmpulse.api")


class Problem(Exception):  # noqa: N818 - the name that RFC 9457 gives it
    """An answer other than the one asked for. ``more`` are extension members, such as ``errors``."""

    def __init__(
        self, status: int, kind: str, detail: str, headers: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(detail)
        self.status, self.kind, self.detail, self.headers, self.more = status, kind, detail, headers, more


def install(app: FastAPI) -> None:
    """Answer every error of the application as a problem."""
    for error, translate in _TRANSLATED.items():
        app.add_exception_handler(error, _handler(translate))


def _handler(translate: Callable[[Any], Problem]) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def handle(request: Request, error: Exception) -> Response:
        return response(request, translate(error))

    return handle


def response(request: Request, problem: Problem) -> Response:
    """Return a problem as the answer to a request."""
    body = {
        "type": f"urn:crmpulse:problem:{problem.kind}" if problem.kind else "about:blank",
        "title": KINDS.get(problem.kind) or HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        "instance": request.url.path,
        **problem.more,
    }
    return JsonAnswer(body, problem.status, problem.headers, MEDIA_TYPE)


def _unknown(error: UnknownError) -> Problem:
    return Problem(404, "not-found", str(error), nearest=error.nearest)


def _impossible(error: ImpossibleError) -> Problem:
    return Problem(422, "invalid-parameter", str(error), errors=[each._asdict() for each in error.mistakes])


def _unsettled(_: UnsettledError) -> Problem:
    return Problem(503, "unavailable", "The tables change faster than they can be read; ask again.", RETRY)


def _other_tables(error: OtherTablesError) -> Problem:
    return Problem(503, "unavailable", f"{error}", RETRY)


def _redis_away(error: RedisError) -> Problem:
    log.warning("Redis does not answer", error=f"{type(error).__name__}: {error}")
    return Problem(503, "unavailable", "The tables cannot be read now; ask again.", RETRY)


def _http(error: HTTPException) -> Problem:
    details = {404: "There is no such route; /docs has all of them.", 405: "The route does not take this method."}
    return Problem(error.status_code, "", details.get(error.status_code, error.detail), error.headers)


def _unexpected(_: Exception) -> Problem:
    return Problem(500, "", "Something went wrong here, not with the request; the log of the service has it.")


_TRANSLATED: dict[type[Exception], Callable[[Any], Problem]] = {
    Problem: lambda problem: problem,
    UnknownError: _unknown,
    ImpossibleError: _impossible,
    UnsettledError: _unsettled,
    OtherTablesError: _other_tables,
    RedisError: _redis_away,
    HTTPException: _http,
    Exception: _unexpected,
}
