"""An agent and a table of Faust, as its documentation teaches: calls per user and hour, nothing else."""

import asyncio
import os
import signal

import faust

from bench.report import Report


class Event(faust.Record, serializer="json"):
    """What the agent reads of an event."""

    type: str
    time: str
    orgid: str
    actorid: str = ""


report = Report()
app = faust.App(
    os.environ["BENCH_GROUP"],
    broker=f"kafka://{os.environ['BENCH_KAFKA']}",
    broker_commit_interval=0.5,
    topic_partitions=int(os.environ["BENCH_PARTITIONS"]),
    web_enabled=False,
)
events = app.topic(os.environ["BENCH_TOPIC"], value_type=Event)
calls = app.Table("calls", default=int)


@app.agent(events)
async def count_calls(stream: faust.StreamT[Event]) -> None:
    """Count the calls of each user in each hour."""
    async for event in stream:
        if event.type == "crm.call.logged":
            calls[f"{event.orgid}/{event.actorid}/{event.time[:13]}"] += 1
        if report.seen(1):
            await app.producer.flush()
            await asyncio.to_thread(report.done)
            report.leave(dict(calls))
            os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    app.main()
