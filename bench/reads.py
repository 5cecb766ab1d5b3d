"""Questions asked while events come in at half of the maximal rate: how long an answer takes."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import NamedTuple

from bench import ours, service
from bench.mix import Shape, mix
from bench.process import Servers
from bench.service import Answers
from bench.writer import writer

DAYS = 365
SHARE = 0.5
EVERY_USER = {"metrics_level": "user", "metrics_series": "1000000"}
"""Settings with which /metrics tells the KPIs of all users."""
QUESTIONS = {
    "leaderboard of {users} users": "/v1/leaderboard?org=org-0&kpi=calls_made&window=last_30_days&limit={users}",
    "a year of days for one user": "/v1/kpis/calls_made?org=org-0&scope=user:u7&every=day&from={start}&to={end}",
    "drill-down of 100 records": "/v1/records?org=org-0&kpi=calls_made&window=last_30_days&limit=100",
    "/metrics with {users} users": "/metrics",
}


class Reads(NamedTuple):
    """How a question was answered, asked one at a time, while the tables took in ``rate`` events a second."""

    question: str
    answers: Answers
    rate: float


def measure(servers: Servers, events: int, users: int, seconds: int) -> Iterator[Reads]:
    """Fill the year until now with events, then ask each question for so many seconds while more come in."""
    start = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=DAYS)
    shape, of = Shape(users=users, days=2 * DAYS, start=start), 2 * events
    told = {"users": users, "start": f"{start:%Y-%m-%d}", "end": f"{start + timedelta(days=DAYS):%Y-%m-%d}"}
    with service.running(servers, **EVERY_USER) as one:
        used = one.feed(islice(mix(of, shape), events))
        rate = SHARE * used.events / used.wall_s
        with writer(servers.kafka, one.topic.name, rate, events, of, shape):
            next(ours.accounts(servers, one.redis, [one.worker], [events + 1]))
            for name, path in QUESTIONS.items():
                yield _asked(one, name.format(**told), path.format(**told), seconds)


def _asked(one: service.Service, question: str, path: str, seconds: int) -> Reads:
    began, before = time.monotonic(), ours.applied(one.redis)
    answers = one.ask(path, seconds)
    return Reads(question, answers, (ours.applied(one.redis) - before) / (time.monotonic() - began))
