"""What the tables have to be: a plain fold of the log, record by record, remembered at every offset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiokafka.structs import ConsumerRecord

from aggregators.catalogue import plan
from aggregators.fold import Arrival
from aggregators.memory import Tables, run
from aggregators.shard import Shard
from aggregators.tables import shard
from crmpulse.settings import Settings
from events import Invalid, partition_for
from streams.mark import Mark, mark
from streams.records import came_from, changes
from streams.verify import is_counted
from tests.simulation.memory import Memory

State = dict[str, Any]
"""Every key with its value: bytes, or a dictionary of a sorted set's scores or a hash's fields."""


class Recount:
    """The fold of one partition; `states[n]` are the tables after the first n records, `refused` names dead letters.

    That is by offset where each was published first, as the letter says it: what was forwarded came from another partition.
    `changed[n]` is how many of the first n records changed anything.
    """

    def __init__(self, settings: Settings, number: int, partitions: int) -> None:
        self.number = number
        self.partitions = partitions
        self.prefix = shard(number)
        self.shard = Shard(self.prefix, plan(), final_days=settings.final_days)
        self.tables = Tables()
        self.highest_ms = 0
        self.states: list[State] = [{}]
        self.changed = [0]
        self.refused = dict[int, tuple[int, int]]()

    def state(self, log: Sequence[ConsumerRecord], end: int) -> State | None:
        """The tables after the first records of the log, None where it has not so many."""
        for record in log[len(self.states) - 1 : end]:
            self._fold(record)
        return self.states[end] if end < len(self.states) else None

    def _fold(self, record: ConsumerRecord) -> None:
        self.highest_ms = max(self.highest_ms, record.timestamp)
        [found] = changes([record])
        changed = self.changed[-1]
        if isinstance(found, Invalid):
            self._refuse(record)
        elif partition_for(found.org, self.partitions) == self.number:
            arrival = Arrival(found, self.highest_ms, record.offset)
            writes = run(self.shard.apply([arrival], record.offset), self.tables)
            self.tables.write(writes)
            if writes.rejected:
                self._refuse(record)
            changed += sum(map(len, writes.applied.values()))
        self.states.append(self._counted())
        self.changed.append(changed)

    def _refuse(self, record: ConsumerRecord) -> None:
        _, partition, offset = came_from(record)
        self.refused[record.offset] = (int(partition), int(offset))

    def _counted(self) -> State:
        tables = self.tables
        whole: State = {**tables.values}
        whole |= {key: dict(members) for key, members in tables.sets.items() if members}
        whole |= {key: dict(fields) for key, fields in tables.hashes.items() if fields}
        return {key: value for key, value in whole.items() if is_counted(key, self.prefix)}


def states(server: Memory, partitions: int) -> list[tuple[Mark | None, State]]:
    """How far each partition was applied, and what Redis has of its tables."""
    return [(mark(server.get(f"{prefix}:mark")), _state(server, prefix)) for prefix in map(shard, range(partitions))]


def _state(server: Memory, prefix: str) -> State:
    named = {key.decode(): server.keys[key] for key in server.starting_with(f"{prefix}:")}
    return {
        name: {part.decode(): one for part, one in value.items()} if isinstance(value, dict) else value
        for name, value in named.items()
        if is_counted(name, prefix)
    }


def ages(server: Memory, prefix: str, resolution: str) -> int:
    """How many events the ledger of freshness has counted in a partition, by its rows of a resolution."""
    hashes = [
        server.hgetall(key.decode())
        for key in server.starting_with(f"{prefix}:")
        if f":fresh:{resolution}:".encode() in key
    ]
    return sum(int(times) for fields in hashes for name, times in fields.items() if name.split(b" ")[-2].isdigit())
