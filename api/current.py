"""What the tables are made of now, for those who publish: it changes when a rebuild changes the number of partitions."""

import asyncio
import time

from redis.asyncio import Redis
from redis.exceptions import RedisError

from aggregators.tables import LAYOUT
from crmpulse.settings import Settings
from streams import layout
from streams.layout import Layout

FRESH_SECONDS = 1.0
ANSWER_SECONDS = 0.5


class Current:
    """The layout as it was a second ago, or when Redis last answered: what goes to a former topic is forwarded."""

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self.redis = redis
        self.known = Layout(LAYOUT, settings.partitions)
        self.asked_at = -FRESH_SECONDS

    async def layout(self) -> Layout:
        """Return it. Never raises."""
        if time.monotonic() - self.asked_at >= FRESH_SECONDS:
            self.asked_at = time.monotonic()
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    self.known = await layout.read(self.redis) or self.known
            except (RedisError, OSError):  # a TimeoutError is an OSError
                pass
        return self.known
