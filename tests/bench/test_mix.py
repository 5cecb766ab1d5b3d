"""What is measured: events that can all be used, of which the tables count the calls that happened."""

import msgspec
import pytest

from aggregators.catalogue import plan
from aggregators.fold import Arrival
from aggregators.shard import Shard, Tables, run
from bench import totals
from bench.mix import mix
from events import Change, decode

COUNT = 3_000


def test_every_event_can_be_used_and_the_calls_are_those_counted() -> None:
    changes = decode([msgspec.json.encode(event) for event in mix(COUNT)])
    tables, shard = Tables(), Shard("{1.p0}", plan())
    arrivals = [Arrival(change, 0, i) for i, change in enumerate(changes) if isinstance(change, Change)]
    assert len(arrivals) == COUNT
    tables.write(run(shard.apply(arrivals, COUNT), tables))
    happened = totals.happened(mix(COUNT))
    assert happened
    totals.check("the fold", happened, totals.from_rows(tables.values.items()))


def test_a_wrong_count_is_told() -> None:
    with pytest.raises(totals.CountedWrongError, match="2 of 1 cells wrong"):
        totals.check("it", {"a": 1}, {"a": 2, "b": 1})
