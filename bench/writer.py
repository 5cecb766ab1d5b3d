"""A publisher in a process of its own that goes on until it is ended."""

import sys
import time
from datetime import datetime
from itertools import islice

from bench.mix import Shape, mix
from bench.process import Child
from bench.publish import Publisher

PULSE_SECONDS = 0.02


def writer(kafka: str, topic: str, rate: float, skip: int, of: int, shape: Shape) -> Child:
    """Return a process that publishes events after the first ``skip`` of ``of``, ``rate`` a second."""
    told = kafka, topic, rate, skip, of, shape.users, shape.days, shape.start.isoformat()
    return Child([sys.executable, "-m", "bench.writer", *map(str, told)], {})


def main(kafka: str, topic: str, *told: str) -> None:
    """Publish at a steady rate."""
    rate, skip, of = float(told[0]), int(told[1]), int(told[2])
    shape = Shape(users=int(told[3]), days=int(told[4]), start=datetime.fromisoformat(told[5]))
    events, publisher = islice(mix(of, shape), skip, None), Publisher(kafka, topic)
    started, sent = time.monotonic(), 0
    while True:
        due = int((time.monotonic() - started) * rate)
        for event in islice(events, due - sent):
            publisher.send(event)
        sent = due
        time.sleep(PULSE_SECONDS)


if __name__ == "__main__":
    main(*sys.argv[1:])
