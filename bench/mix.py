"""The events that everything is measured on: organisations of people at work, by default one of 500 for 30 days."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

Event = dict[str, Any]
Happened = tuple[str, str, str, dict[str, Any]]
"""Type less ``crm.``, subject, actor (empty: none) and data."""

OPEN = 4
"""As many deals, tasks and tickets per user are open before the first of them is closed, and about as many stay open."""

WEIGHTS = {
    "email_logged": 30,
    "call_logged": 20,
    "task_done": 8,
    "task_created": 8,
    "deal_moved": 8,
    "deal_created": 5,
    "deal_won": 2,
    "deal_lost": 3,
    "ticket_created": 3,
    "ticket_solved": 3,
    "lead_created": 5,
    "meeting_held": 5,
}


class Shape(NamedTuple):
    """Whose events: ``users`` and ``teams`` of each organisation, over ``days`` from ``start`` on.

    ``hot``: the first organisation has 90 % of the events.
    """

    orgs: int = 1
    users: int = 500
    teams: int = 40
    hot: bool = False
    days: int = 30
    start: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    @property
    def announced(self) -> int:
        """Return how many events tell the directories, before anything else happens."""
        return self.orgs * (1 + self.teams + self.users)


ONE = Shape()


def mix(count: int, shape: Shape = ONE) -> Iterator[Event]:
    """Yield ``count`` CloudEvents in the order of their time; the organisations take turns. The same at every call."""
    offices = [Office(f"org-{number}", number, shape) for number in range(shape.orgs)]
    for index in range(count):
        at = shape.start + timedelta(seconds=int(index * shape.days * 86_400 / count))
        yield offices[_turn(index, shape)].event(f"{index:012x}", at)


def _turn(index: int, shape: Shape) -> int:
    if not shape.hot or shape.orgs == 1:
        return index % shape.orgs
    return 0 if index % 10 else 1 + index // 10 % (shape.orgs - 1)


class Office:
    """An organisation at work: its directory first, then events by their weights, each of who owns its record."""

    def __init__(self, org: str, seed: int, shape: Shape) -> None:
        self.org, self.shape = org, shape
        self.random = random.Random(seed)
        self.users = [f"u{number}" for number in range(shape.users)]
        self.open: dict[str, list[tuple[str, str]]] = {"deal": [], "task": [], "ticket": []}
        self.made = 0
        self._directory = self._announced()
        self._names, self._weights = list(WEIGHTS), list(WEIGHTS.values())

    def event(self, id_: str, at: datetime) -> Event:
        """Return the next event, which happens at ``at``."""
        kind, subject, actor, data = next(self._directory, None) or self._happened(at)
        envelope = {"specversion": "1.0", "id": id_, "source": f"/crm/{self.org}", "type": f"crm.{kind}"}
        who = {"actorid": actor} if actor else {}
        return {**envelope, "subject": subject, "time": _text(at), "orgid": self.org, **who, "data": data}

    def _announced(self) -> Iterator[Happened]:
        yield "org.updated", f"org/{self.org}", "", {"time_zone": "Europe/Rome", "currency": "EUR"}
        for number in range(self.shape.teams):
            yield "team.updated", f"team/t{number}", "", {"name": f"Team {number}"}
        for number, user in enumerate(self.users):
            data = {"name": f"User {number}", "team_id": f"t{number % self.shape.teams}"}
            yield "user.updated", f"user/{user}", "", data

    def _happened(self, at: datetime) -> Happened:
        user = self.random.choice(self.users)
        name = self.random.choices(self._names, self._weights)[0]
        entity = name.partition("_")[0]
        if name == "task_created" or (name == "task_done" and self._few(entity)):
            return self._task_created(user, at)
        if entity in self.open and self._few(entity):
            name = f"{entity}_created"
        happened: Happened = getattr(self, f"_{name}")(user)
        return happened

    def _few(self, entity: str) -> bool:
        return len(self.open[entity]) < OPEN * self.shape.users

    def _email_logged(self, user: str) -> Happened:
        return "email.logged", self._new("email"), user, {"direction": "outbound", **self._about()}

    def _call_logged(self, user: str) -> Happened:
        spoken_ms = self.random.randrange(600) * 1000
        data = {"direction": "outbound", "outcome": "connected", "duration_ms": spoken_ms}
        return "call.logged", self._new("call"), user, {**data, "contact_ids": self._contacts()}

    def _meeting_held(self, user: str) -> Happened:
        return "meeting.status_changed", self._new("meeting"), user, {"new": "completed", **self._about()}

    def _task_created(self, user: str, at: datetime) -> Happened:
        data = {"assignee_id": user, "due_at": _text(at + timedelta(days=8))}
        return "task.created", self._opened("task", user), user, data

    def _task_done(self, _: str) -> Happened:
        task, assignee = self._taken("task")
        return "task.status_changed", task, assignee, {"new": "done"}

    def _deal_created(self, user: str) -> Happened:
        place = {"pipeline_id": "sales", "stage_id": "qualify", "deal_type": "new"}
        return "deal.created", self._opened("deal", user), user, {"owner_id": user, "value": self._money(), **place}

    def _deal_moved(self, _: str) -> Happened:
        deal, owner = self.random.choice(self.open["deal"])
        stage = self.random.choice(("propose", "negotiate"))
        return "deal.stage_changed", deal, owner, {"pipeline_id": "sales", "new_stage_id": stage}

    def _deal_won(self, _: str) -> Happened:
        deal, owner = self._taken("deal")
        return "deal.won", deal, owner, {"value": self._money()}

    def _deal_lost(self, _: str) -> Happened:
        deal, owner = self._taken("deal")
        return "deal.lost", deal, owner, {"lost_reason": self.random.choice(("Price", "Timing", "No answer"))}

    def _ticket_created(self, user: str) -> Happened:
        return "ticket.created", self._opened("ticket", user), user, {"owner_id": user, "category": "billing"}

    def _ticket_solved(self, _: str) -> Happened:
        ticket, owner = self._taken("ticket")
        return "ticket.status_changed", ticket, owner, {"new": "solved"}

    def _lead_created(self, user: str) -> Happened:
        source = self.random.choice(("web", "ads", "referral"))
        return "lead.created", self._new("lead"), user, {"owner_id": user, "source": source}

    def _about(self) -> dict[str, Any]:
        deals = self.open["deal"]
        deal = {"deal_id": self.random.choice(deals)[0].removeprefix("deal/")} if deals else {}
        return {"contact_ids": self._contacts(), **deal}

    def _contacts(self) -> list[str]:
        return [f"c{self.random.randrange(50_000)}"]

    def _money(self) -> dict[str, str]:
        return {"amount": f"{self.random.randrange(100, 90_000)}.00", "currency": "EUR"}

    def _new(self, entity: str) -> str:
        self.made += 1
        return f"{entity}/{self.made}"

    def _opened(self, entity: str, user: str) -> str:
        self.open[entity].append((self._new(entity), user))
        return self.open[entity][-1][0]

    def _taken(self, entity: str) -> tuple[str, str]:
        """Take one of the open records out; return its subject and who owns it."""
        pool = self.open[entity]
        at = self.random.randrange(len(pool))
        pool[at], pool[-1] = pool[-1], pool[at]
        return pool.pop()


def _text(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
