"""Alerts over HTTP: what fires, what resolved, and who has seen to it."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Request, Response

from aggregators.alerts import BY_NAME
from api import answers, bodies, reference
from api.auth import Caller
from api.json_answer import JsonAnswer
from api.query import alerts as ledger
from api.query.errors import ImpossibleError, Mistake
from api.query.question import LARGEST, Reading, scope_of
from api.service import caller, reader, service

ASKED = ("state", "rule", "scope", "limit", "cursor")

AlertId = Annotated[str, Path(description="the alert's id", examples=["5d41402abc4b2a76b9719d911017c592"])]
By = Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern="^[^\x00-\x1f\x7f-\x9f]*$")]

router = APIRouter(tags=["Alerts"])


class Asked(msgspec.Struct, forbid_unknown_fields=True):
    """The body: who acknowledges."""

    by: By | None = None


@router.get("/v1/alerts", response_model=answers.Alerts, **reference.ALERTS)
async def alerts(request: Request) -> Response:
    """List the alerts that fire, and those that resolved in the last days: the latest cause first."""
    asks, params = await reader(request, known=ASKED)
    reading = Reading(params, ASKED)
    state, rule = reading.choice("state", ledger.STATES), reading.choice("rule", [*BY_NAME])
    scope, (limit, cursor) = scope_of(reading, ""), reading.page(LARGEST)
    reading.done()
    asks.need_scope(scope or "org")
    tables = await service(request).engine.tables(asks.org)
    found, end = await ledger.alerts(tables, state, rule=rule, scope=scope), cursor + limit
    more = {"cursor": str(end)} if end < len(found) else {}
    return JsonAnswer({"total": len(found), "alerts": found[cursor:end], **more})


@router.post("/v1/alerts/{id}/ack", response_model=answers.Alert, **reference.ACKNOWLEDGED)
async def acknowledge(id: AlertId, request: Request) -> Response:
    """Note that somebody has seen to an alert: the user that the token is limited to, else `by`. The first one is kept."""
    asks = caller(request, ("org",))
    asks.need("read")
    by = _by(asks, await bodies.said(request, Asked, 'it is {"by": "<who>"}'))
    tables = await service(request).engine.tables(asks.org)
    return JsonAnswer(await ledger.acknowledge(tables, id, by, asks.limit))


def _by(asks: Caller, asked: Asked) -> str:
    kind, _, user = asks.limit.partition(":")
    if kind == "user":
        return user
    if asked.by is None:
        raise ImpossibleError(Mistake("by", 'the token is of no user: say who acknowledges, {"by": "<who>"}'))
    return asked.by
