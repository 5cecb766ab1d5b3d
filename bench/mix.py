"""The events that everything is measured on: organisations of 500 people at work for 30 days."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

Event = dict[str, Any]
Happened = tuple[str, str, str, dict[str, Any]]
"""Type less ``crm.``, subject, actor (empty: none) and data."""

START, DAYS = datetime(2026, 1, 1, tzinfo=UTC), 30
USERS, TEAMS = 500, 40
OPEN = 2_000
"""As many deals and tasks are open before the first of them is closed, and about as many stay open."""

WEIGHTS = {
    "email_logged": 30,
    "call_logged": 20,
    "task_done": 8,
    "task_created": 8,
    "deal_moved": 8,
    "deal_created": 5,
    "deal_won": 2,
    "deal_lost": 3,
    "ticket_solved": 6,
    "lead_created": 5,
    "meeting_held": 5,
}


def mix(count: int, orgs: int = 1) -> Iterator[Event]:
    """Yield ``count`` CloudEvents in the order of their time; the organisations take turns. The same at every call."""
    offices = [Office(f"org-{number}", number) for number in range(orgs)]
    for index in range(count):
        at = START + timedelta(seconds=int(index * DAYS * 86_400 / count))
        yield offices[index % orgs].event(f"{index:012x}", at)


class Office:
    """An organisation at work: its directory first, then events by their weights, each fit for its record."""

    def __init__(self, org: str, seed: int) -> None:
        self.org = org
        self.random = random.Random(seed)
        self.users = [f"u{number}" for number in range(USERS)]
        self.deals: list[str] = []
        self.tasks: list[str] = []
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
        for number in range(TEAMS):
            yield "team.updated", f"team/t{number}", "", {"name": f"Team {number}"}
        for number, user in enumerate(self.users):
            yield "user.updated", f"user/{user}", "", {"name": f"User {number}", "team_id": f"t{number % TEAMS}"}

    def _happened(self, at: datetime) -> Happened:
        user = self.random.choice(self.users)
        name = self.random.choices(self._names, self._weights)[0]
        if name == "task_created" or (name == "task_done" and len(self.tasks) < OPEN):
            return self._task_created(user, at)
        if name == "deal_created" or (name.startswith("deal") and len(self.deals) < OPEN):
            return self._deal_created(user)
        happened: Happened = getattr(self, f"_{name}")(user)
        return happened

    def _email_logged(self, user: str) -> Happened:
        return "email.logged", self._new("email"), user, {"direction": "outbound", **self._about()}

    def _call_logged(self, user: str) -> Happened:
        spoken_ms = self.random.randrange(600) * 1000
        data = {"direction": "outbound", "outcome": "connected", "duration_ms": spoken_ms, **self._about()}
        return "call.logged", self._new("call"), user, data

    def _meeting_held(self, user: str) -> Happened:
        return "meeting.status_changed", self._new("meeting"), user, {"new": "completed", **self._about()}

    def _task_created(self, user: str, at: datetime) -> Happened:
        self.tasks.append(self._new("task"))
        return "task.created", self.tasks[-1], user, {"assignee_id": user, "due_at": _text(at + timedelta(days=8))}

    def _task_done(self, user: str) -> Happened:
        return "task.status_changed", self._taken(self.tasks), user, {"new": "done"}

    def _deal_created(self, user: str) -> Happened:
        self.deals.append(self._new("deal"))
        place = {"pipeline_id": "sales", "stage_id": "qualify", "deal_type": "new"}
        return "deal.created", self.deals[-1], user, {"owner_id": user, "value": self._money(), **place}

    def _deal_moved(self, user: str) -> Happened:
        stage = self.random.choice(("propose", "negotiate"))
        deal = self.random.choice(self.deals)
        return "deal.stage_changed", deal, user, {"pipeline_id": "sales", "new_stage_id": stage}

    def _deal_won(self, user: str) -> Happened:
        return "deal.won", self._taken(self.deals), user, {"value": self._money()}

    def _deal_lost(self, user: str) -> Happened:
        reason = self.random.choice(("Price", "Timing", "No answer"))
        return "deal.lost", self._taken(self.deals), user, {"lost_reason": reason}

    def _ticket_solved(self, user: str) -> Happened:
        return "ticket.status_changed", self._new("ticket"), user, {"new": "solved", "owner_id": user}

    def _lead_created(self, user: str) -> Happened:
        source = self.random.choice(("web", "ads", "referral"))
        return "lead.created", self._new("lead"), user, {"owner_id": user, "source": source}

    def _about(self) -> dict[str, Any]:
        deal = {"deal_id": self.random.choice(self.deals).removeprefix("deal/")} if self.deals else {}
        return {"contact_ids": [f"c{self.random.randrange(50_000)}"], **deal}

    def _money(self) -> dict[str, str]:
        return {"amount": f"{self.random.randrange(100, 90_000)}.00", "currency": "EUR"}

    def _new(self, entity: str) -> str:
        self.made += 1
        return f"{entity}/{self.made}"

    def _taken(self, pool: list[str]) -> str:
        at = self.random.randrange(len(pool))
        pool[at], pool[-1] = pool[-1], pool[at]
        return pool.pop()


def _text(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
