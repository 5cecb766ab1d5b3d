"""Following live tables until what is left takes but a moment: what every rebuild does before it closes them."""

from collections.abc import Awaitable, Callable, Sequence
from time import monotonic

from redis.asyncio import Redis

from crmpulse.settings import CannotStartError
from streams.commit import Store
from streams.layout import Layout
from streams.mark import Mark

NEARLY_SECONDS = 5.0
"""Where following takes no longer, what came meanwhile takes no longer either, and tables may be closed for it."""

ROUNDS = 20
"""After so many, the new tables are nearly as far as the live ones, or never will be."""


async def marks(redis: Redis, live: Layout) -> list[Mark]:
    """Return how far the live tables are; those that are gone are made by the workers, after the switch."""
    store = Store(redis, "")
    return [await store.mark(prefix) or Mark(0) for prefix in live.shards()]


async def close(redis: Redis, live: Layout, name: str) -> list[Mark]:
    """Have nobody write the live tables any more but who ``name`` lets; return how far they are."""
    store = Store(redis, "")
    return [await store.close(prefix, name) or Mark(0) for prefix in live.shards()]


async def follow(
    live: Callable[[], Awaitable[list[Mark]]], upto: Callable[[Sequence[Mark]], Awaitable[object]]
) -> list[Mark]:
    """Go up to where the live tables are, at least once, until that is done at once; return how far that is.

    Raises CannotStartError where they are faster.
    """
    for _ in range(ROUNDS):
        began, found = monotonic(), await live()
        await upto(found)
        if monotonic() - began < NEARLY_SECONDS:
            return found
    raise CannotStartError("More comes in than can be folded beside it: rebuild when less does. Nothing is changed.")
