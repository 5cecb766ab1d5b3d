"""Goals over HTTP: how they stand, set and deleted."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from api import answers, bodies, goal_events, reference
from api.bodies import MAX_BYTES
from api.json_answer import JsonAnswer
from api.service import caller, last, reader, service

GoalId = Annotated[str, Path(description="the goal's id, percent-encoded", examples=["q3-revenue"])]

router = APIRouter(tags=["Goals"])


@router.get("/v1/goals", response_model=answers.Goals, **reference.GOALS)
async def goals(request: Request) -> Response:
    """List all goals, or those of one assignee (`scope`): how far each is, what is expected by now, and its state."""
    asks, params = await reader(request)
    asks.need_scope(last(params, "scope", "org"))
    return JsonAnswer(await service(request).engine.goals(asks.org, params))


@router.get("/v1/goals/{id:path}", response_model=answers.Goal, **reference.GOAL)
async def goal(id: GoalId, request: Request) -> Response:
    """Tell how one goal stands; of one with a period, in the period that holds `now`."""
    asks, params = await reader(request)
    asks.need_scope(last(params, "scope", "org"))
    return JsonAnswer(await service(request).engine.goal(asks.org, id, params))


@router.put("/v1/goals/{id:path}", status_code=202, **reference.SET_GOAL)
async def set_goal(id: GoalId, request: Request) -> Response:
    """Set a goal, whole: the body is the data of `crm.goal.set`, and what it leaves out is as if never said.

    The answer comes once the broker has acknowledged the event; all that is wrong with it is told at once.
    """
    asks = caller(request, ("org",))
    asks.need("admin")
    event = await goal_events.setting(service(request).engine, asks.org, id, await bodies.read(request, MAX_BYTES))
    return await service(request).published(asks.org, [event])


@router.delete("/v1/goals/{id:path}", status_code=202, **reference.DELETE_GOAL)
async def delete_goal(id: GoalId, request: Request) -> Response:
    """Delete a goal, from the past too."""
    asks = caller(request, ("org",))
    asks.need("admin")
    return await service(request).published(asks.org, [goal_events.deleting(asks.org, id)])
