"""People over HTTP: the card of one."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from api import answers, reference
from api.json_answer import JsonAnswer
from api.service import reader, service

UserId = Annotated[str, Path(description="the user's id, percent-encoded", examples=["ann"])]

router = APIRouter(tags=["People"])


@router.get(
    "/v1/users/{id:path}/card", response_model=answers.Card, **reference.question(*reference.CARD, missing=True)
)
async def card(id: UserId, request: Request) -> Response:
    """Show a person: goals, KPIs, rank, last calls and tasks, open leads and clients."""
    asks, params = await reader(request)
    asks.need_scope(f"user:{id}")
    return JsonAnswer(await service(request).engine.card(asks.org, id, params))
