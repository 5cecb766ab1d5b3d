"""Tables in memory: what drives a shard without Redis, for a recount."""

from collections import defaultdict
from collections.abc import Generator, Sequence
from typing import Any

from aggregators.linking import Stretch
from aggregators.shard import Load, LoadHashes, LoadSets, Request, Scan, Writes


class Tables:
    """Tables in memory: what Redis would hold."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}
        self.sets: dict[str, dict[str, int]] = defaultdict(dict)
        self.hashes: dict[str, dict[str, bytes]] = defaultdict(dict)

    def answer(self, request: Request) -> Sequence[Any]:
        """Answer what a shard asks for."""
        match request:
            case Load(keys):
                return [self.values.get(key) for key in keys]
            case LoadHashes(keys):
                return [dict(self.hashes.get(key, {})) for key in keys]
            case LoadSets(stretches):
                return [_members(self.sets.get(key, {}), stretch) for key, stretch in stretches]
            case Scan(prefix):
                return [key for key in self.values if key.startswith(prefix)]

    def write(self, writes: Writes) -> None:
        """Apply a batch's writes."""
        self.values.update(writes.put)
        for key in writes.delete:
            self.values.pop(key, None)
        for key, members in writes.zadd.items():
            self.sets[key].update(members)
        for key, gone in writes.zrem.items():
            for member in gone:
                self.sets[key].pop(member, None)
        for key, fields in writes.hset.items():
            self.hashes[key].update(fields)
        self.sets = defaultdict(dict, {key: members for key, members in self.sets.items() if members})


def _members(scores: dict[str, int], stretch: Stretch) -> list[str]:
    found = sorted(m for m, score in scores.items() if stretch.from_ms <= score < stretch.to_ms)
    return found[: stretch.first or None]


def run(asking: Generator[Request, Any, Writes], tables: Tables) -> Writes:
    """Drive ``Shard.apply`` with tables in memory."""
    answer: Any = None
    while True:
        try:
            request = asking.send(answer)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]
        answer = tables.answer(request)
