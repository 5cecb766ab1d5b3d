"""The connection to Redis, and what it has to be like to hold the tables."""

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff

from crmpulse.settings import CannotStartError, Settings, host_port

TIMEOUT_SECONDS = 10.0
RETRIES = 3


def connect(settings: Settings) -> Redis:
    """Return a client; a command whose connection broke is sent again, which the commit script is made for."""
    host, port = host_port(settings.redis)
    retry = Retry(ExponentialWithJitterBackoff(base=0.05, cap=1.0), RETRIES)
    return Redis(host=host, port=port, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=3.0, retry=retry)


async def require_no_eviction(redis: Redis) -> None:
    """Raise CannotStartError where Redis may drop keys by itself when its memory is full."""
    policy = (await redis.config_get("maxmemory-policy")).get("maxmemory-policy", "noeviction")
    if policy != "noeviction":
        raise CannotStartError(
            f"Redis may drop keys (maxmemory-policy is {policy}), and a dropped key is a wrong number: "
            "set maxmemory-policy to noeviction."
        )
