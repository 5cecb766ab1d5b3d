"""The tables that events make, in memory."""

import json
from collections.abc import Sequence
from typing import Any

from aggregators.catalogue import plan
from aggregators.fold import Arrival
from aggregators.memory import Tables, run
from aggregators.shard import Shard
from events import Change, decode


def folded(events: Sequence[dict[str, Any]], batch: int) -> dict[str, Any]:
    """Return all keys of the tables, but for the offsets at which they changed."""
    found = decode([json.dumps(event).encode() for event in events])
    changes = [change for change in found if isinstance(change, Change)]
    assert len(changes) == len(events)
    tables, shard = Tables(), Shard("{1.p0}", plan())
    for start in range(0, len(changes), batch):
        arrivals = [Arrival(change, 0, start + n) for n, change in enumerate(changes[start : start + batch])]
        tables.write(run(shard.apply(arrivals, start), tables))
    kept = {**tables.values, **tables.sets, **tables.hashes}
    return {key: value for key, value in kept.items() if not key.endswith((":ver", ":touched"))}
