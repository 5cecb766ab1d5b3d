"""Histories that nobody would call nice: few ids, many collisions, facts out of order, late directories.

`history` is seeded and fast, for soak runs; `histories` is the same as a hypothesis strategy, which shrinks well.
Every event is valid, and none of them makes a claim that the definitions leave open.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat
from random import Random
from typing import Any

from hypothesis import strategies as st

from tests.plots import PLOTS

Event = dict[str, Any]
Data = dict[str, Any]

USERS = ("ann", "bo:b", "ç{é}", "d/d", "e e", "🦊")
TEAMS = ("west", "east:1", "{top}", "sub/1")
STAGES = ("new", "demo", "offer")
PIPELINES = ("sales", "re:new{al}")
SEGMENTS = ("vip", "s:{2}")
FIELDS = ("name", "custom.size", "pho/ne@:{x}")
PRODUCTS = ("atlas", "bea con", "c/p")
SOURCES = ("web", "ads", "(x)")
ZONES = ("UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kathmandu", "Pacific/Apia", "America/New_York")
CURRENCIES = ("EUR", "USD")
REASONS = ("price", " Price ", "no\tneed".replace("\t", "  "), "", "PRICE")

# Days when clocks change in one of the zones, a turn of the year, and an ordinary week.
STARTS = (
    datetime(2026, 3, 28, 20, tzinfo=UTC),
    datetime(2026, 10, 24, 20, tzinfo=UTC),
    datetime(2026, 3, 7, 22, tzinfo=UTC),
    datetime(2025, 12, 31, 6, tzinfo=UTC),
    datetime(2018, 11, 3, 12, tzinfo=UTC),
    datetime(2011, 12, 29, 6, tzinfo=UTC),
    datetime(2026, 6, 8, 9, tzinfo=UTC),
)
OFFSETS = (timedelta(0), timedelta(hours=2), timedelta(hours=-3), timedelta(hours=5, minutes=45))
IDS = {
    "lead": 4, "deal": 6, "call": 6, "email": 6, "message": 6, "meeting": 4, "task": 4, "ticket": 5, "feedback": 5, "goal": 3,
    "account": 3, "contact": 4, "quote": 2, "order": 3, "contract": 2,
    "heartbeat": 8, "spend": 3, "automation": 3, "visit": 4,
}  # fmt: skip
ODD = ("{}", "a:{}", "{{{}}}", "x/{} y", "🐌{}", "é{}\u2028")


class Author:
    """Makes one history: dice, and a clock that mostly goes forward."""

    def __init__(self, rng: Random, orgs: Sequence[str]) -> None:
        self.rng = rng
        self.orgs = tuple(orgs)
        self.start = rng.choice(STARTS)
        self.span_s = rng.choice((3_600, 86_400, 5 * 86_400, 70 * 86_400))
        self.instants = [self._instant() for _ in range(12)]
        self.count = 0

    def write(self, size: int) -> list[Event]:
        """So many events, some of them twice."""
        told: list[Event] = []
        while len(told) < size:
            told += self.plot() if self.chance(0.06) else [self.event(self.pick(KINDS))]
        told = told[:size]
        return told + [dict(self.rng.choice(told)) for _ in range(size // 10) if told]

    def plot(self) -> list[Event]:
        """What happens in the course of one of the plots, within minutes or all the time."""
        scenes, begin = self.rng.choice(PLOTS)(self), self._instant()
        if self.chance(0.5):
            times = [begin + number * timedelta(minutes=2) for number in range(len(scenes))]
        else:
            times = sorted(self._instant() for _ in scenes)
        return [self.event(*scene, at=at) for scene, at in zip(scenes, times, strict=True)]

    def event(self, kind: str, key: str = "", facts: Data | None = None, at: datetime | None = None) -> Event:
        """One of a kind, about one of few records; `facts` hold whatever else is said, None takes a member out."""
        entity, make = SUBJECT_DATA[kind]
        subject, said = make(self)
        if key:
            subject = f"{entity or subject.partition('/')[0]}/{key}"
        said = {name: value for name, value in (said | (facts or {})).items() if value is not None}
        self.count += 1
        org = self.rng.choice(self.orgs)
        event: Event = {
            "specversion": "1.0",
            "id": f"{self.count}" if self.chance(0.8) else f"é{self.count}{{:}}",
            "source": self.rng.choice(("/a", "/b?x", "/ü")),
            "type": f"crm.{kind}",
            "subject": subject or self.subject(entity),
            "time": self.time(at),
            "orgid": org,
            "data": said,
        }
        if event["subject"] == "org/?":
            event["subject"] = f"org/{org}"
        if self.chance(0.3):
            event["sequence"] = self.rng.randint(-2, 3)
        if self.chance(0.4):
            event["actorid"] = self.rng.choice(USERS)
        return event

    def subject(self, entity: str) -> str:
        """One of the entity's few records."""
        entity = entity or self.rng.choice(tuple(IDS))
        return f"{entity}/{self.key(entity)}"

    def key(self, entity: str) -> str:
        """One of the entity's few ids."""
        return self.rng.choice(self.keys(entity))

    def keys(self, entity: str) -> list[str]:
        """The ids of an entity, odd but for the first."""
        return [f"{entity[0]}0", *(ODD[number % len(ODD)].format(number) for number in range(1, IDS[entity]))]

    def cast(self, entity: str, count: int = 1) -> list[str]:
        """Different ids for a plot, most of them of records that nothing but plots happens to."""
        return self.rng.sample([*self.keys(entity), *(f"{entity} {number}" for number in range(8))], count)

    def time(self, at: datetime | None = None) -> str:
        """An instant, often one that there was before, in some offset, with or without a fraction."""
        at = at or (self.rng.choice(self.instants) if self.chance(0.5) else self._instant())
        offset = self.rng.choice(OFFSETS)
        text = (at + offset).replace(tzinfo=None).isoformat(timespec="seconds")
        fraction = f".{at.microsecond:06}".rstrip("0") if at.microsecond else ""
        if self.chance(0.05):
            fraction = f".{at.microsecond:06}{self.rng.randrange(1000):03}"
        hours, minutes = divmod(abs(offset) // timedelta(minutes=1), 60)
        zone = f"{'-' if offset < timedelta(0) else '+'}{hours:02}:{minutes:02}" if offset else "Z"
        return text + fraction + zone

    def date(self) -> str:
        """A day of the time in question."""
        return (self._instant() + timedelta(days=self.rng.randint(-2, 2))).date().isoformat()

    def maybe(self, share: float = 0.5, **members: Callable[[], Any]) -> Data:
        """Each member or not."""
        return {name: make() for name, make in members.items() if self.chance(share)}

    def chance(self, share: float) -> bool:
        """Whether it is so."""
        return self.rng.random() < share

    def pick(self, weights: dict[str, int]) -> str:
        """A key, the heavier the likelier."""
        return self.rng.choices(tuple(weights), tuple(weights.values()))[0]

    def one(self, *values: Any) -> Callable[[], Any]:
        """A choice that is not made yet."""
        return lambda: self.rng.choice(values)

    def ids(self, entity: str) -> Callable[[], str]:
        """An id of an entity, not yet chosen."""
        return lambda: self.key(entity)

    def fields(self) -> list[str]:
        """Names of some fields."""
        return [name for name in FIELDS if self.chance(0.5)]

    def money(self) -> Data:
        """An amount in one of two currencies."""
        amount = self.rng.choice(("0", "10", "19.99", "1000.0001", "250000", "7.5"))
        return {"amount": amount, "currency": self.rng.choice(CURRENCIES)}

    def lines(self) -> list[Data]:
        """Products with bare prices and prices in one currency."""
        currency = self.rng.choice(CURRENCIES)
        bare = self.chance(0.5)
        price = self.rng.choice(("10", "0.3333", "99.9"))
        return [
            {
                "product_id": self.rng.choice(PRODUCTS),
                "quantity": self.rng.choice((0, 1, 3, 2.5, 0.0001)),
                "unit_price": price if bare else {"amount": price, "currency": currency},
                **self.maybe(0.6, unit_cost=lambda: "3.5" if bare else {"amount": "3.5", "currency": currency}),
            }
            for _ in range(self.rng.randint(0, 3))
        ]

    def about(self, share: float, *entities: str) -> Data:
        """Members that name records of these entities, each or not."""
        return {f"{entity}_id": self.key(entity) for entity in entities if self.chance(share)}

    def whom(self) -> Data:
        """Whom an activity concerns, if it says so."""
        return {**self.about(0.4, "lead", "deal", "account"), **self.people()}

    def people(self) -> Data:
        """Contacts, or nobody."""
        return self.maybe(0.4, contact_ids=lambda: [self.key("contact") for _ in range(self.rng.randint(0, 2))])

    def owned(self, share: float = 0.5) -> Data:
        """Common members about who it belongs to and where it comes from."""
        return {
            **self.maybe(share, owner_id=self.one(*USERS)),
            **self.maybe(0.15, team_id=self.one(*TEAMS), source=self.one(*SOURCES), region=self.one("DE-BY", "IT-25")),
            **self.maybe(
                0.1, account_id=self.ids("account"), contact_ids=lambda: [self.key("contact") for _ in range(2)]
            ),
            **self.maybe(
                0.15, campaign_id=self.one("c1", "c:2"), custom=lambda: {"size": self.rng.choice((1, "big", True))}
            ),
        }

    def _instant(self) -> datetime:
        seconds = self.rng.randrange(self.span_s)
        if self.chance(0.2):
            seconds -= seconds % 3_600
        return self.start + timedelta(seconds=seconds, milliseconds=self.rng.choice((0, 0, 1, 500, 999)))


def _deal_created(a: Author) -> Data:
    return {
        **a.owned(0.8),
        **a.about(0.7, "account"),
        **a.about(0.2, "lead"),
        **a.people(),
        **a.maybe(0.7, pipeline_id=a.one(*PIPELINES), stage_id=a.one(*STAGES), value=a.money),
        **a.maybe(0.3, lines=a.lines, probability=a.one(0, 0.5, 1, 0.123456, 1 / 3), channel=a.one("shop", "phone")),
        **a.maybe(0.5, expected_close=a.date),
        **a.maybe(0.3, deal_type=a.one("new", "renewal"), deal_subtype=a.one("s1", "s 2")),
    }


def _deal_updated(a: Author) -> Data:
    fields = a.maybe(
        0.5, value=a.money, lines=a.lines, probability=a.one(0.1, 0.9), source=a.one(*SOURCES), expected_close=a.date
    )
    fields |= a.maybe(
        0.2, **{"custom.size": a.one(1, "big"), "owner_id": a.one(*USERS), "deal_type": a.one("new", "x")}
    )
    return {**a.owned(0.1), "changed": {name: {"new": value} for name, value in fields.items()}}


def _moved(a: Author) -> Data:
    return {
        "new_stage_id": a.rng.choice(STAGES),
        **a.maybe(0.3, pipeline_id=a.one(*PIPELINES), probability=a.one(0.2, 0.8)),
    }


def _due(a: Author) -> Data:
    return {"due_at": a.time()} if a.chance(0.5) else {"due_date": a.date()}


def _task_status(a: Author) -> Data:
    new = a.rng.choice(("done", "done", "reopened", "cancelled", "due_changed"))
    return {"new": new, **a.owned(0.05), **(_due(a) if new == "due_changed" else {})}


def _slot(a: Author) -> Data:
    return a.maybe(0.6, start=a.time) | a.maybe(0.3, end=a.time)


def _record_updated(a: Author) -> Data:
    fields = a.maybe(0.5, source=a.one(*SOURCES), region=a.one("DE-BY", "CH-ZH"), owner_id=a.one(*USERS))
    fields |= a.about(0.1, "lead", "account", "deal")
    fields |= a.maybe(0.2, team_id=a.one(*TEAMS), channel=a.one("chat", "sms"), **{"custom.size": a.one(2, "small")})
    return {"changed": {name: {"new": value} for name, value in fields.items()}}


def _goods(a: Author) -> Data:
    return {
        **a.owned(0.1),
        **a.about(0.1, "account"),
        **a.maybe(0.3, value=a.money, lines=a.lines, stage_id=a.one(*STAGES)),
    }


def _feedback(a: Author) -> Data:
    scale = a.rng.choice((None, 5, 10, 3))
    score = a.rng.choice((0, 1, 2.4, 3, 4, 5, 8, 10))
    about = {"ticket_id": a.key("ticket")} if a.chance(0.7) else a.owned(0.5)
    return {"kind": "csat" if a.chance(0.9) else "nps", "score": score, **({"scale": scale} if scale else {}), **about}


def _pipeline(a: Author) -> Data:
    chances = [(stage, a.rng.choice((None, 0, 0.25, 0.5, 1))) for stage in a.rng.sample(STAGES, a.rng.randint(1, 3))]
    stages = [{"id": stage, "name": stage, "order": n} for n, (stage, _) in enumerate(chances, 1)]
    for stage, (_, probability) in zip(stages, chances, strict=True):
        if probability is not None:
            stage["probability"] = probability
    return {"stages": stages}


def _goal(a: Author) -> Data:
    kpi = a.rng.choice(("deals_won", "revenue_won", "win_rate", "tasks_overdue", "calls_made", "no_such", "rank"))
    assignee = a.rng.choice(("org", f"user:{a.rng.choice(USERS)}", f"team:{a.rng.choice(TEAMS)}"))
    return {
        "kpi": kpi,
        "assignee": assignee,
        "target": a.rng.choice((0, 5, 2.5, 1000, a.money())),
        **a.maybe(0.7, period=a.one("week", "month", "quarter", "year")),
        **a.maybe(
            0.3,
            start=a.date,
            end=a.date,
            name=a.one("g", "é"),
            stat=a.one("sum", "p90"),
            milestones=a.one([0.5, 1], []),
        ),
        **a.maybe(0.4, where=a.one({"source": "web"}, {"deal_type": None}), direction=a.one("at_most", "at_least")),
        **a.maybe(0.4, pace=a.one("working_days", "linear"), params=a.one({"variant": "value"}, {})),
    }


def _hours(a: Author) -> Data:
    days = a.rng.sample(("monday", "tuesday", "friday", "sunday"), a.rng.randint(0, 3))
    return {day: [["09:00", "12:30"], ["13:00", "24:00"]] for day in days}


Maker = Callable[[Author], tuple[str, Data]]


def _of(entity: str, weight: int, make: Callable[[Author], Data]) -> tuple[int, str, Maker]:
    return weight, entity, lambda a: ("", make(a))


CATALOGUE: dict[str, tuple[int, str, Maker]] = {
    "lead.created": _of("lead", 6, lambda a: {
        **a.owned(0.8), **a.maybe(0.5, inbound=a.one(True, True, False), channel=a.one("shop")), **a.maybe(0.2, form_id=a.one("f")),
        **a.about(0.2, "account"), **a.people(),
    }),
    "web.visit": _of("visit", 4, lambda a: {
        **a.owned(0.4), **a.about(0.5, "lead"), **a.maybe(0.9, kind=a.one("form", "form", "page", "session", "click", "store_entry")),
        **a.maybe(0.3, count=a.one(0, 1, 7), channel=a.one("shop", "phone")),
    }),
    "lead.status_changed": _of("lead", 10, lambda a: {
        "new": a.rng.choice(("open", "working", "qualified", "disqualified", "converted")), **a.owned(0.15),
        **a.maybe(0.2, reason=a.one(*REASONS)), **a.about(0.2, "deal"),
    }),
    "account.created": _of("account", 3, lambda a: {**a.owned(0.8), **a.maybe(0.3, channel=a.one("shop", "phone"))}),
    "contact.created": _of("contact", 4, lambda a: {
        **a.owned(0.8), **a.maybe(0.3, channel=a.one("shop", "phone"), origin=a.one("manual", "form")), **a.about(0.5, "account"),
        **a.maybe(0.5, filled=a.fields, email_hash=a.one("h1", " H1 ", "h2", ""), phone_hash=a.one("h1", "p2")),
    }),
    "contact.updated": _of("contact", 5, lambda a: {
        "changed": a.maybe(0.6, lifecycle=lambda: {"new": a.rng.choice(("lead", "customer", "fan", None))},
                           email_hash=lambda: {"new": a.rng.choice(("h1", "h3", None))}),
        **a.maybe(0.4, filled=a.fields),
    }),
    "field.updated": (4, "", lambda a: (f"field/{a.rng.choice(('deal.size', 'lead.size', 'contact.n/a:{1}'))}", a.maybe(
        0.5, kind=a.one("text", "number", "date", "choice"), choices=a.one(["big", "1"], []), pattern=a.one("b.g|true", "(", "[0-9]+"),
        capture_minutes=a.one(0, 1.5, 10),
    ))),
    "segment.updated": (3, "", lambda a: (f"segment/{a.rng.choice(SEGMENTS)}", {"where": {}, **a.maybe(
        0.7, entity=a.one("contact", "account", "call"), where=a.one(
            {"source": "web"}, {"custom.size": "big"}, {"user": a.rng.choice(USERS)}, {"team": a.rng.choice(TEAMS)},
            {"region": None, "channel": "shop"},
        ), cadence_days=a.one(0, 1, 7, 30),
    )})),
    "quote.created": _of("quote", 2, lambda a: {**a.owned(0.6), **a.maybe(0.5, value=a.money, revision=a.one(1, 2))}),
    "order.created": _of("order", 4, lambda a: {
        **a.owned(0.8), **a.about(0.5, "deal", "account"), **a.people(), **a.maybe(0.6, value=a.money, lines=a.lines),
        **a.about(0.4, "quote"),
    }),
    "order.status_changed": _of("order", 9, lambda a: {
        "new": a.rng.choice(("confirmed", "confirmed", "cancelled", "refunded")), **a.maybe(0.6, refund=a.money), **a.owned(0.1),
        **a.about(0.1, "deal", "account"),
    }),
    "contract.status_changed": _of("contract", 5, lambda a: {
        "new": a.rng.choice(("signed", "renewed", "ended")), **a.owned(0.4), **a.about(0.7, "account"),
        **a.maybe(0.3, start=a.date, end=a.date),
    }),
    "deal.created": _of("deal", 8, _deal_created),
    "deal.stage_changed": _of("deal", 10, lambda a: {**_moved(a), **a.owned(0.1)}),
    "deal.updated": _of("deal", 8, _deal_updated),
    "deal.won": _of("deal", 7, _goods),
    "deal.lost": _of("deal", 7, lambda a: {**_goods(a), **a.maybe(0.8, lost_reason=a.one(*REASONS))}),
    "deal.reopened": _of("deal", 5, lambda a: a.maybe(0.3, stage_id=a.one(*STAGES))),
    "deal.health_changed": _of("deal", 6, lambda a: {"new": a.rng.choice(("ok", "at_risk", "has_problems"))}),
    "spend.recorded": _of("spend", 4, lambda a: {
        **a.owned(0.4), "value": a.money(), **a.maybe(0.5, kind=a.one("marketing", "sales", "crm")),
        **a.maybe(0.5, start=a.date, end=a.date, channel=a.one("shop")),
    }),
    "automation.run": _of("automation", 3, lambda a: {
        **a.owned(0.3), **a.maybe(0.7, workflow_id=a.one("w1", "w/2"), minutes_saved=a.one(0, 5, 2.5, 0.3333)),
        **a.maybe(0.4, duration_ms=a.one(0, 1, 90_000), started_at=a.time),
    }),
    "session.heartbeat": _of("heartbeat", 7, lambda a: {
        **a.maybe(0.3, owner_id=a.one(*USERS), module=a.one("deals", "mail"), active_ms=a.one(0, 60_000, 900_000)),
        **a.maybe(0.4, field=a.one("deal.size", "size", "lead.n/a:{1}"), module=a.one("lead", "deal")),
        **a.maybe(0.6, feature=a.one("search", "m/a:il@{x}", "(none)", "")),
    }),
    "call.logged": _of("call", 9, lambda a: {**a.owned(), **a.whom(), **a.maybe(
        0.8, direction=a.one("outbound", "inbound"), outcome=a.one("connected", "no_answer", "voicemail"),
        duration_ms=a.one(0, 29_999, 30_000, 123_456),
    )}),
    "email.logged": _of("email", 6, lambda a: {
        **a.owned(), **a.whom(), **a.maybe(0.8, direction=a.one("outbound", "inbound"), automated=a.one(True, False, False)),
        **a.maybe(0.9, thread_id=a.one("t", "t:{2}")),
    }),
    "email.engaged": _of("email", 2, lambda a: {"kind": a.rng.choice(("open", "click", "bounce"))}),
    "message.logged": _of("message", 6, lambda a: {
        **a.owned(), **a.whom(), **a.maybe(
            0.8, direction=a.one("outbound", "inbound"), author=a.one("human", "human", "bot"), channel=a.one("sms"),
            conversation_id=a.one("c", "c/2"),
        ),
    }),
    "meeting.scheduled": _of("meeting", 5, lambda a: {**a.owned(0.8), **a.whom(), **_slot(a)}),
    "meeting.status_changed": _of("meeting", 8, lambda a: {
        "new": a.rng.choice(("completed", "completed", "no_show", "cancelled", "rescheduled")), **_slot(a), **a.owned(0.1),
    }),
    "task.created": _of("task", 7, lambda a: {
        **a.owned(), **a.maybe(0.7, assignee_id=a.one(*USERS)), **a.maybe(0.5, assigned_by=a.one(*USERS)), **_due(a),
    }),
    "task.status_changed": _of("task", 12, _task_status),
    "ticket.created": _of("ticket", 5, lambda a: {
        **a.maybe(0.6, requester_id=a.one("r1", "r2", "r3")),
        **a.owned(0.8), **a.maybe(0.6, category=a.one("bug", "how to"), channel=a.one("chat", "phone")),
        **a.maybe(0.4, created_by=a.one("agent", "customer"), sla=a.one(
            {"first_response_ms": 3_600_000}, {"first_response_ms": 90_000_000, "hours": "calendar"},
            {"first_response_ms": 1, "hours": "business"}, {"resolution_ms": 5},
            {"first_response_ms": 9_000_000, "resolution_ms": 90_000_000, "hours": "business"},
        )),
    }),
    "ticket.status_changed": _of("ticket", 14, lambda a: {
        "new": a.rng.choice(("new", "open", "pending", "on_hold", "solved", "solved", "closed")),
        **a.owned(0.1), **a.maybe(0.1, category=a.one("bug", "billing")),
    }),
    "ticket.message": _of("ticket", 9, lambda a: {
        "author": a.rng.choice(("agent", "agent", "customer", "bot")), **a.maybe(0.3, public=a.one(True, False)), **a.owned(0.05),
    }),
    "feedback.received": _of("feedback", 9, _feedback),
    "record.updated": _of("", 6, _record_updated),
    "record.owner_changed": _of("", 8, lambda a: {
        "new_owner": a.rng.choice(USERS), **a.maybe(0.5, old_owner=a.one(*USERS)),
    }),
    "record.deleted": _of("", 5, lambda a: {**a.maybe(0.5, restored=a.one(True, False)), **a.maybe(0.3, reason=a.one("user", "spam"))}),
    "org.updated": (4, "", lambda a: ("org/?", {
        **a.maybe(0.6, time_zone=a.one(*ZONES), currency=a.one(*CURRENCIES)),
        **a.maybe(0.5, required_contact_fields=a.fields, hourly_cost=a.money),
        **a.maybe(0.3, stalled_after_days=lambda: {a.rng.choice(STAGES): a.rng.choice((0, 2, 10.5))}),
        **a.maybe(0.2, lead_response_target_ms=a.one(0, 60_000, 7_200_000), licences=a.one(0, 3, 10)),
        **a.maybe(0.2, business_hours=lambda: _hours(a), holidays=lambda: [a.date()], week_start=a.one("sunday", "saturday")),
    })),
    "user.updated": (6, "", lambda a: (
        f"user/{a.rng.choice(USERS)}", a.maybe(0.6, team_id=a.one(*TEAMS), time_zone=a.one(*ZONES), manager_id=a.one(*USERS))
        | a.maybe(0.1, active=a.one(True, False)),
    )),
    "team.updated": (3, "", lambda a: (f"team/{a.rng.choice(TEAMS)}", {
        **a.maybe(0.6, parent_id=a.one(*TEAMS)), **a.maybe(0.2, business_hours=lambda: _hours(a)),
    })),
    "pipeline.updated": (3, "", lambda a: (f"pipeline/{a.rng.choice(PIPELINES)}", _pipeline(a))),
    "goal.set": _of("goal", 5, _goal),
    "goal.deleted": _of("goal", 2, lambda _: {}),
    "fx_rate.set": (3, "", lambda a: (
        f"fx/{a.rng.choice(CURRENCIES)}/{a.date()}", {"rate": a.rng.choice(("0.9", "1.1", "2", "0.333333"))},
    )),
}  # fmt: skip
KINDS = {kind: weight for kind, (weight, _, _) in CATALOGUE.items()}
SUBJECT_DATA = {kind: (entity, make) for kind, (_, entity, make) in CATALOGUE.items()}


def history(rng: Random, orgs: Sequence[str] = ("demo",), size: int = 100) -> list[Event]:
    """About `size` valid events of these organisations in no order, a tenth of them repeated."""
    return Author(rng, orgs).write(size)


def histories(orgs: Sequence[str] = ("demo",), most: int = 40) -> st.SearchStrategy[list[Event]]:
    """Lists of such events that shrink to fewer of them."""

    def written(seed: int, kept: list[bool]) -> list[Event]:
        told = history(Random(seed), orgs, len(kept))
        return [event for event, keep in zip(told, chain(kept, repeat(True))) if keep]  # noqa: B905 - endless

    return st.builds(written, st.integers(0, 2**32), st.lists(st.booleans(), min_size=1, max_size=most))
