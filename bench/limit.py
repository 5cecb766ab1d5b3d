"""What no engine of this sort can beat: fetching the events and decoding them, nothing else."""

import asyncio
import gc
import os

from aiokafka import AIOKafkaConsumer, TopicPartition

from bench.report import Report
from crmpulse.settings import Settings
from events import Change, decode


async def drain(kafka: str, topic: str, partitions: int, report: Report) -> int:
    """Fetch and decode a topic from its beginning; return how many events of it can be used."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False, max_partition_fetch_bytes=8 << 20)
    assigned = [TopicPartition(topic, number) for number in range(partitions)]
    consumer.assign(assigned)
    await consumer.start()
    await consumer.seek_to_beginning(*assigned)
    usable, last = 0, False
    while not last:
        fetched = await consumer.getmany(timeout_ms=1_000, max_records=Settings().batch_records)
        for records in fetched.values():
            usable += sum(isinstance(change, Change) for change in decode([r.value for r in records]))
            last = report.seen(len(records))
    await asyncio.to_thread(report.done)
    await consumer.stop()
    return usable


if __name__ == "__main__":
    gc.disable()
    told = Report()
    where = os.environ["BENCH_KAFKA"], os.environ["BENCH_TOPIC"], int(os.environ["BENCH_PARTITIONS"])
    told.leave({"usable": asyncio.run(drain(*where, told))})
