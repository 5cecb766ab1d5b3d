"""An application of Quix Streams: 12 measures per user and hour, and the state of each deal, exactly once.

The events of an organisation share their Kafka key, under which Quix keeps state, so no topic is partitioned anew.
"""

import os
from typing import Any

import orjson
from quixstreams import Application, State
from quixstreams.models import JSONDeserializer

from bench.peers.fold import additions, deal_key, moved, new_row, row_key
from bench.report import Report

report = Report()
application = Application(
    broker_address=os.environ["BENCH_KAFKA"],
    consumer_group=os.environ["BENCH_GROUP"],
    auto_offset_reset="earliest",
    commit_interval=0.5,
    processing_guarantee="exactly-once",
    producer_extra_config={"linger.ms": 50, "compression.type": "lz4"},
    on_message_processed=lambda *_: report.seen(1) and None,
    state_dir="state",
    loglevel="WARNING",
)


def measure(event: dict[str, Any], state: State) -> None:
    """Add an event to its row, and move its deal."""
    kind, data = event["type"], event["data"]
    if added := additions(kind, data):
        key = f"row/{row_key(event)}"
        row = state.get(key) or new_row()
        for measure, amount in added:
            row[measure] += amount
        state.set(key, row)
    if kind.startswith("crm.deal."):
        key = f"deal/{deal_key(event)}"
        state.set(key, moved(state.get(key), kind, data))


if __name__ == "__main__":
    events = application.topic(os.environ["BENCH_TOPIC"], value_deserializer=JSONDeserializer(loads=orjson.loads))
    application.dataframe(events).update(measure, stateful=True)
    application.run(count=report.expected, collect=False)
    report.done()
