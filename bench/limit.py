"""What no engine of this sort can beat: fetching the events and decoding them, nothing else.

It runs in a process of its own until it has handled as many events as it is told to expect, and reports.
"""

import asyncio
import gc
import os

from aiokafka import AIOKafkaConsumer, TopicPartition

from bench.publish import PARTITIONS
from bench.usage import Meter
from crmpulse.settings import Settings
from events import Change, decode


async def drain(kafka: str, topic: str, meter: Meter) -> dict[str, int]:
    """Fetch and decode a topic from its beginning; return how many events of it can be used."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False, max_partition_fetch_bytes=8 << 20)
    partitions = [TopicPartition(topic, number) for number in range(PARTITIONS)]
    consumer.assign(partitions)
    await consumer.start()
    await consumer.seek_to_beginning(*partitions)
    usable = 0
    while True:
        fetched = await consumer.getmany(timeout_ms=1_000, max_records=Settings().batch_records)
        events = sum(map(len, fetched.values()))
        last = bool(events) and meter.seen(events)
        for records in fetched.values():
            usable += sum(isinstance(change, Change) for change in decode([r.value for r in records]))
        if last:
            await consumer.stop()
            return {"usable": usable}


if __name__ == "__main__":
    gc.disable()
    meter = Meter(int(os.environ["BENCH_EVENTS"]))
    meter.report(asyncio.run(drain(os.environ["BENCH_KAFKA"], os.environ["BENCH_TOPIC"], meter)))
