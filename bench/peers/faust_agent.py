"""An agent and a table of Faust, as its documentation teaches: calls per user and hour, nothing else.

It runs in a process of its own until it has handled as many events as it is told to expect, and reports.
"""

import os
import signal

import faust

from bench.usage import Meter


class Event(faust.Record, serializer="json"):
    """What the agent reads of an event."""

    type: str
    time: str
    orgid: str
    actorid: str = ""


meter = Meter(int(os.environ["BENCH_EVENTS"]))
app = faust.App(
    os.environ["BENCH_GROUP"],
    broker=f"kafka://{os.environ['BENCH_KAFKA']}",
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
        if meter.seen(1):
            await app.producer.flush()
            meter.report(dict(calls))
            os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    app.main()
