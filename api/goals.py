"""Goals over HTTP: how they stand."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from api import answers, reference
from api.query.encoding import encode
from api.service import reader, service

GoalId = Annotated[str, Path(description="the goal's id, percent-encoded", examples=["q3-revenue"])]

router = APIRouter(tags=["Goals"])


@router.get("/v1/goals", response_model=answers.Goals, **reference.GOALS)
async def goals(request: Request) -> Response:
    """List all goals, or those of one assignee (`scope`): how far each is, what is expected by now, and its state."""
    asks, params = await reader(request)
    asks.need_scope(params.get("scope", ["org"])[-1])
    return Response(encode(await service(request).engine.goals(asks.org, params)), media_type="application/json")


@router.get("/v1/goals/{id:path}", response_model=answers.Goal, **reference.GOAL)
async def goal(id: GoalId, request: Request) -> Response:
    """Tell how one goal stands; of one with a period, in the period that holds `now`."""
    asks, params = await reader(request)
    asks.need_scope(params.get("scope", ["org"])[-1])
    return Response(encode(await service(request).engine.goal(asks.org, id, params)), media_type="application/json")
