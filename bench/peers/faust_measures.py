"""An agent with tables of Faust: 12 measures per user and hour, and the state of each deal."""

import asyncio
import os
import signal
from typing import Any

import faust

from bench.peers.fold import additions, deal_key, moved, new_row, row_key
from bench.report import Report

report = Report()
app = faust.App(
    os.environ["BENCH_GROUP"],
    broker=f"kafka://{os.environ['BENCH_KAFKA']}",
    broker_commit_interval=0.5,
    topic_partitions=int(os.environ["BENCH_PARTITIONS"]),
    web_enabled=False,
)
events = app.topic(os.environ["BENCH_TOPIC"], value_serializer="json")
rows = app.Table("rows", default=new_row)
deals = app.Table("deals")


@app.agent(events)
async def measure(stream: faust.StreamT[dict[str, Any]]) -> None:
    """Add each event to its row, and move its deal."""
    async for event in stream:
        kind, data = event["type"], event["data"]
        if added := additions(kind, data):
            key = row_key(event)
            row = rows[key]
            for measure, amount in added:
                row[measure] += amount
            rows[key] = row
        if kind.startswith("crm.deal."):
            key = deal_key(event)
            deals[key] = moved(deals.get(key), kind, data)
        if report.seen(1):
            await app.producer.flush()
            await asyncio.to_thread(report.done)
            report.leave(dict(rows), dict(deals))
            os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    app.main()
