"""How goals stand, for a worker: the query engine's own answer, so that an alert and a page never disagree."""

from collections.abc import Sequence

from redis.asyncio import Redis

from api.query.engine import Engine
from api.query.errors import UnsettledError
from crmpulse.settings import Settings
from streams.alerts_goals import Standing, Standings


def standings(redis: Redis, settings: Settings) -> Standings:
    """Return what tells how an organisation's goals stand now, as `GET /v1/goals` does."""
    engine = Engine(redis, settings)

    async def ask(org: str) -> Sequence[Standing]:
        try:
            found: Sequence[Standing] = (await engine.goals(org, {}))["goals"]
        except UnsettledError as error:
            raise TimeoutError("the numbers change faster than goals can be asked for") from error
        return found

    return ask
