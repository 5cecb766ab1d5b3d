"""How goals stand, for a worker: the query engine's own answer, so that an alert and a page never disagree."""

from collections.abc import Sequence

from api.aside import Aside
from api.query.errors import UnsettledError
from crmpulse.settings import Settings
from streams.alerts_goals import Standing


class Standings:
    """Asks on a thread of its own: a goal may be of a KPI that is told from all records, and batches are applied meanwhile."""

    def __init__(self, settings: Settings) -> None:
        self.aside = Aside(settings)

    async def __call__(self, org: str) -> Sequence[Standing]:
        """Return how an organisation's goals stand now, as `GET /v1/goals` does."""
        try:
            found: Sequence[Standing] = (await self.aside.told(lambda engine: engine.goals(org, {})))["goals"]
        except UnsettledError as error:
            raise TimeoutError("the numbers change faster than goals can be asked for") from error
        return found

    async def close(self) -> None:
        """Let go of the thread."""
        await self.aside.close()
