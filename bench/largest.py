"""The largest records: an account with very many touches, and a user with very many open tasks."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import NamedTuple

from bench import service
from bench.census import census
from bench.mix import Event
from bench.process import Servers
from bench.service import Answers
from bench.usage import Usage

START = datetime(2026, 1, 1, tzinfo=UTC)
USERS = 50
PARTS = 10
ASKED, SECONDS = 50, 3
"""How often, and for how long at most, each question is asked after each part."""
TOUCHES = {
    "the account": "/v1/records/account/acme?org=org-0",
    "its calls, 100 of them": "/v1/records?org=org-0&kpi=calls_made&limit=100",
}
TASKS = {
    "the open tasks, 100 of them": "/v1/records?org=org-0&kpi=tasks_overdue&scope=user:u0&limit=100",
    "how many are overdue": "/v1/kpis/tasks_overdue?org=org-0&scope=user:u0",
}


class Part(NamedTuple):
    """One part of the events: how many there were after it, what they took, the heaviest key in bytes, and answers."""

    events: int
    usage: Usage
    heaviest: int
    answers: dict[str, Answers]


def account(servers: Servers, touches: int) -> Iterator[Part]:
    """Log calls about one account."""
    yield from _parts(servers, _touches(touches), touches, TOUCHES)


def tasks(servers: Servers, count: int) -> Iterator[Part]:
    """Create tasks of one user, all overdue, then get them done."""
    yield from _parts(servers, _tasks(count), 2 * count, TASKS)


def _parts(servers: Servers, events: Iterator[Event], count: int, questions: dict[str, str]) -> Iterator[Part]:
    with service.running(servers) as one:
        fed = 0
        for part in range(1, PARTS + 1):
            used = one.feed(islice(events, count * part // PARTS - fed))
            fed = count * part // PARTS
            answers = {name: one.ask(path, SECONDS, ASKED) for name, path in questions.items()}
            yield Part(fed, used, max(weight.heaviest for weight in census(one.redis).values()), answers)


def _touches(count: int) -> Iterator[Event]:
    yield _event("account/acme", "account.created", 0, "u0", {"name": "Acme", "owner_id": "u0"})
    for number in range(1, count):
        data = {"direction": "outbound", "outcome": "connected", "duration_ms": 60_000, "account_id": "acme"}
        yield _event(f"call/{number}", "call.logged", number, f"u{number % USERS}", data)


def _tasks(count: int) -> Iterator[Event]:
    for number in range(count):
        due = {"assignee_id": "u0", "due_at": f"{START:%Y-%m-%dT%H:%M:%SZ}"}
        yield _event(f"task/{number}", "task.created", number, "u0", due)
    for number in range(count):
        yield _event(f"task/{number}", "task.status_changed", count + number, "u0", {"new": "done"})


def _event(subject: str, kind: str, second: int, actor: str, data: Mapping[str, object]) -> Event:
    return {
        "specversion": "1.0",
        "id": f"{kind}-{subject}",
        "source": "/crm/org-0",
        "type": f"crm.{kind}",
        "subject": subject,
        "time": f"{START + timedelta(seconds=second):%Y-%m-%dT%H:%M:%SZ}",
        "orgid": "org-0",
        "actorid": actor,
        "data": data,
    }
