"""A dataflow of Bytewax: 12 measures per user and hour, and the state of each deal, with a snapshot every half second."""

import os
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import bytewax.operators as op
import orjson
from bytewax._bytewax import init_db_dir
from bytewax.connectors.kafka import KafkaSource, KafkaSourceMessage
from bytewax.dataflow import Dataflow
from bytewax.operators import StatefulBatchLogic
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.recovery import RecoveryConfig
from bytewax.run import cli_main

from bench.peers.fold import Deal, Event, additions, deal_key, moved, new_row, row_key
from bench.report import Report

Added = tuple[str, list[tuple[int, int]]]
Result = tuple[str, tuple[str, list[Any]]]

report = Report()
rows: dict[str, list[int]] = {}
deals: dict[str, Deal] = {}


class Hour(StatefulBatchLogic[Added, tuple[str, list[int]], Any]):
    """The row of a user's hour, emitted when the next one begins."""

    def __init__(self, state: Any) -> None:
        self.key, self.row = state or ("", [])

    def on_batch(self, values: list[Added]) -> tuple[list[tuple[str, list[int]]], bool]:
        """Add what events say."""
        closed = []
        for key, added in values:
            if key != self.key:
                closed.append((self.key, self.row))
                self.key, self.row = key, new_row()
            for measure, amount in added:
                self.row[measure] += amount
        return [(key, row) for key, row in closed if key], StatefulBatchLogic.RETAIN

    def on_eof(self) -> tuple[list[tuple[str, list[int]]], bool]:
        """Emit the hour that is not over."""
        return [(self.key, self.row)], StatefulBatchLogic.DISCARD

    def snapshot(self) -> Any:
        """Return what a restart needs."""
        return self.key, self.row.copy()


class DealState(StatefulBatchLogic[Event, tuple[str, Deal], Any]):
    """Where a deal stands, emitted with each batch of its events."""

    def __init__(self, state: Any) -> None:
        self.deal: Deal | None = state

    def on_batch(self, values: list[Event]) -> tuple[list[tuple[str, Deal]], bool]:
        """Move it by its events."""
        for event in values:
            self.deal = moved(self.deal, event["type"], event["data"])
        assert self.deal
        return [(deal_key(values[-1]), self.deal)], self.deal[0] != "open"

    def snapshot(self) -> Any:
        """Return what a restart needs; `moved` makes a new list each time."""
        return self.deal


class Kept(DynamicSink[Result], StatelessSinkPartition[Result]):
    """A sink that keeps the last result of each key in memory."""

    def __init__(self, into: dict[str, list[Any]]) -> None:
        self.into = into

    def build(self, *_: object) -> "Kept":
        """Return the only partition."""
        return self

    def write_batch(self, items: list[Result]) -> None:
        """Keep results."""
        self.into.update(result for _, result in items)


def decoded(messages: Iterable[KafkaSourceMessage]) -> list[Event]:
    """Return the events of messages."""
    events = [orjson.loads(message.value) for message in messages]
    report.seen(len(events))
    return events


def by_user(events: Iterable[Event]) -> Iterator[tuple[str, Added]]:
    """Yield what events add, by user."""
    for event in events:
        if added := additions(event["type"], event["data"]):
            yield f"{event['orgid']}/{event['actorid']}", (row_key(event), added)


def by_deal(events: Iterable[Event]) -> list[tuple[str, Event]]:
    """Return the events of deals, by deal."""
    return [(deal_key(event), event) for event in events if event["type"].startswith("crm.deal.")]


def dataflow() -> Dataflow:
    """Return the flow from the topic to what was counted."""
    flow = Dataflow("measures")
    source = KafkaSource([os.environ["BENCH_KAFKA"]], [os.environ["BENCH_TOPIC"]], tail=False)
    events = op.flat_map_batch("decode", op.input("events", flow, source), decoded)
    hours = op.stateful_batch("hours", op.flat_map_batch("by_user", events, by_user), Hour)
    states = op.stateful_batch("deals", op.flat_map_batch("by_deal", events, by_deal), DealState)
    op.output("rows", hours, Kept(rows))
    op.output("states", states, Kept(deals))
    return flow


if __name__ == "__main__":
    recovery = Path("recovery")
    recovery.mkdir()
    init_db_dir(recovery, 1)
    cli_main(dataflow(), epoch_interval=timedelta(seconds=0.5), recovery_config=RecoveryConfig(str(recovery)))
    report.done()
    report.leave(rows, deals)
