"""What the tables weigh: bytes in Redis by kind of key, estimated from a sample of each kind."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from redis import Redis

SAMPLE = 400
AT_ONCE = 10_000
KINDS = {
    "user rows": re.compile(rb"\{[^}]*\}:[^:]+:x?u:[^:]*:[hdma]\b.*"),
    "organisation rows": re.compile(rb"\{[^}]*\}:[^:]+:x?o:[hdma]\b.*"),
    "activities": re.compile(rb"\{[^}]*\}:[^:]+:r:(call|email|message|visit|heartbeat|automation)/.*"),
    "records": re.compile(rb"\{[^}]*\}:[^:]+:r:.*"),
    "drill-down": re.compile(rb"\{[^}]*\}:[^:]+:i:.*"),
    "other": re.compile(rb".*", re.DOTALL),
}
"""Kinds of keys; a key is of the first that it matches."""


class Weight(NamedTuple):
    """How many keys of a kind there are, what they weigh together, and the heaviest of those weighed."""

    keys: int
    size: int
    heaviest: int


def census(redis: Redis) -> Mapping[str, Weight]:
    """Weigh all kinds of keys."""
    found: dict[str, list[bytes]] = {kind: [] for kind in KINDS}
    for key in redis.scan_iter(count=AT_ONCE):
        found[kind_of(key)].append(key)
    return {kind: _weight(redis, keys) for kind, keys in found.items()}


def kind_of(key: bytes) -> str:
    """Return the kind of a key."""
    return next(kind for kind, form in KINDS.items() if form.fullmatch(key))


def _weight(redis: Redis, keys: list[bytes]) -> Weight:
    sample = keys[:: max(1, len(keys) // SAMPLE)]
    with redis.pipeline(transaction=False) as asked:
        for key in sample:
            asked.memory_usage(key)
        sizes = [size or 0 for size in asked.execute()]
    return Weight(len(keys), round(sum(sizes) / max(1, len(sizes)) * len(keys)), max(sizes, default=0))
