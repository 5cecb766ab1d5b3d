"""Events over HTTP: all of a request are in the log, or the answer says why none is."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote

import msgspec
from fastapi import APIRouter, Request, Response

from api import bodies, reference
from api.auth import Caller
from api.bodies import MAX_BYTES
from api.problems import RETRY, Problem
from api.service import Service, caller, service
from events import EVENTS, Change, Invalid, decode, decode_binary, directory

MAX_EVENTS = 500
MAX_IN_FLIGHT = 2000
MAX_BYTES_IN_FLIGHT = 64 << 20
TOO_LARGE = f"A request has at most {MAX_BYTES} bytes and {MAX_EVENTS} events; send several."

ONE, BATCH, JSON = "application/cloudevents+json", "application/cloudevents-batch+json", "application/json"
ADMIN_ONLY = frozenset(kind.entity for kind in EVENTS.values() if kind.__module__ == directory.__name__)
"""Entities of the directory, the calendar and the goals."""

_ATTRIBUTE = re.compile(r"[a-z0-9]{1,64}")
_elements = msgspec.json.Decoder(list[msgspec.Raw]).decode

router = APIRouter()


@router.post("/v1/events", status_code=202, **reference.EVENTS)
async def publish(request: Request) -> Response:
    """Publish one event, a batch of up to 500, or one in binary mode.

    The answer comes once the broker has acknowledged all of them; its `position` can be given as `after` to any
    question, which then waits until it is counted. If an event cannot be used, nothing is published.
    """
    at, asks = service(request), caller(request, known=("org",))
    asks.need("publish")
    with _slot(at, await bodies.announced(request, MAX_BYTES, TOO_LARGE)):
        values, answers = _decoded(request, await bodies.read(request, MAX_BYTES, TOO_LARGE))
        _check(asks, answers)
        return await at.published(asks.org, values)


@contextmanager
def _slot(at: Service, size: int) -> Iterator[None]:
    if at.publishing >= MAX_IN_FLIGHT or at.publishing_bytes + size > MAX_BYTES_IN_FLIGHT:
        raise Problem(429, "too-many", "Too many requests are being published; send it again later.", RETRY)
    at.publishing += 1
    at.publishing_bytes += size
    try:
        yield
    finally:
        at.publishing -= 1
        at.publishing_bytes -= size


def _decoded(request: Request, body: bytes) -> tuple[Sequence[bytes], Sequence[Change | Invalid]]:
    """The events of a request in structured form, and what each is."""
    media_type = request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
    if media_type not in (ONE, BATCH, JSON):
        detail = f"Events come as {ONE}, {BATCH} or {JSON}, not as {media_type[:64]}."
        raise Problem(415, "media-type", detail, {"Accept": f"{ONE}, {BATCH}, {JSON}"})
    attributes = _attributes(request)
    if media_type == JSON and attributes:
        answer = decode_binary(attributes, body)
        return [_structured(attributes, body) if isinstance(answer, Change) else b""], [answer]
    if media_type == BATCH or (media_type == JSON and body.lstrip()[:1] == b"["):
        values = _split(body)
        return values, decode(values)
    return [body], decode([body])


def _split(body: bytes) -> list[bytes]:
    """The elements of an array, each as it came."""
    try:
        values = [bytes(value) for value in _elements(body)]
    except (ValueError, RecursionError) as error:
        raise _refused([_error(0, Invalid(f"The body is not a JSON array of events: {error}.", "$"))]) from None
    if len(values) > MAX_EVENTS:
        raise bodies.too_large(MAX_BYTES, TOO_LARGE)
    if not values:
        raise _refused([_error(0, Invalid("The array has no events.", "$"))])
    return values


def _attributes(request: Request) -> dict[str, str]:
    """The attributes of a CloudEvent in binary mode, by their names without `ce-`."""
    found = {}
    for raw_name, raw in request.headers.raw:
        name = raw_name.decode("latin-1").removeprefix("ce-")
        if raw_name.startswith(b"ce-") and _ATTRIBUTE.fullmatch(name) and name != "data":
            found[name] = _unescaped(raw.decode(errors="surrogateescape"))
    return found


def _unescaped(value: str) -> str:
    """A header's text: quoted strings without quotes, percent-encoded UTF-8 decoded; bad UTF-8 stays what decoding refuses."""
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = re.sub(r"\\(.)", r"\1", value[1:-1])
    return unquote(value, errors="surrogateescape")


def _structured(attributes: Mapping[str, str], data: bytes) -> bytes:
    """An event that was found good in binary mode, in structured mode."""
    event: dict[str, Any] = {**attributes, "datacontenttype": JSON}
    if "sequence" in event:
        event["sequence"] = int(event["sequence"])
    return msgspec.json.encode({**event, "data": msgspec.Raw(data)})


def _check(asks: Caller, answers: Sequence[Change | Invalid]) -> None:
    """Refuse all of a request for what is wrong with any event, or beyond what the token may."""
    errors = []
    for index, answer in enumerate(answers):
        if isinstance(answer, Invalid):
            errors.append(_error(index, answer))
        elif answer.org != asks.org:
            reason = f"The event belongs to {answer.org!r}; these are events of {asks.org!r}."
            errors.append(_error(index, Invalid(reason, "$.orgid", answer.entry.id)))
    if errors:
        raise _refused(errors)
    if not asks.may("admin"):
        _need_admin([(i, answer) for i, answer in enumerate(answers) if isinstance(answer, Change)])


def _need_admin(changes: Sequence[tuple[int, Change]]) -> None:
    reason = "Events of the directory, the calendar and the goals need a token with the scope admin."
    errors = [
        _error(index, Invalid(reason, "$.subject", change.entry.id))
        for index, change in changes
        if change.entity in ADMIN_ONLY
    ]
    if errors:
        raise Problem(403, "forbidden", f"{reason} Nothing was published.", errors=errors)


def _error(index: int, invalid: Invalid) -> dict[str, Any]:
    return {"index": index, "id": invalid.id, "path": invalid.path, "reason": invalid.reason}


def _refused(errors: list[dict[str, Any]]) -> Problem:
    detail = f"{len(errors)} of the events cannot be used; nothing was published."
    return Problem(400, "invalid-event", detail, errors=errors)
