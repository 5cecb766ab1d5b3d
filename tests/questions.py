"""Random questions about a history: selectors that make sense for a KPI, and mostly ask for something that there is."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from aggregators.averages import Average, Outcome
from aggregators.formulas import Duration
from aggregators.kpi import Kpi
from aggregators.unsummed import Score
from tests.histories import SEGMENTS, TEAMS, USERS, Event
from tests.oracle import Oracle
from tests.recounts.record import SECOND_NS, time_ns

DAY_NS = 86_400 * SECOND_NS
Asked = dict[str, list[str]]
"""Selectors by name, each a list as in a query string."""
VISITS = ("session", "page", "click", "form", "store_entry", "call", "meeting")
DIMENSIONS = (
    "source", "channel", "region", "deal_type", "deal_subtype", "product", "stage", "pipeline", "lost_reason", "category",
    "activity", "custom.size", "origin", "segment", "feature", "field", "value", "process", "weekday", "hour", "module",
)  # fmt: skip
SIZES = ("1", "big", "true", "2", "small")
VALUES: dict[str, Sequence[str]] = {
    "process": ("w1", "w/2"), "field": ("size", "n/a:{1}"), "value": SIZES, "custom.size": SIZES, "segment": SEGMENTS, "user": USERS,
    "team": TEAMS, "activity": ("call", "email", "meeting"), "weekday": ("monday", "saturday"), "module": ("deal", "call", "task"),
    "hour": ("00", "09", "20"),
}  # fmt: skip


class Questions:
    """Asks about one history."""

    def __init__(self, rng: Random, events: Sequence[Event]) -> None:
        self.rng = rng
        self.events = events
        self.times_ns = sorted(time_ns(event["time"]) for event in events)

    def about(self, kpi: Kpi) -> Asked:
        """Return random selectors for a KPI."""
        return {
            **(self.peers() if isinstance(kpi.formula, Score) else self.selectors(kpi)),
            **self.span(kpi),
            "limit": ["10000"],
            "stat": ["mean"] if isinstance(kpi.formula, Duration | Average) else [],
            **self.choices(kpi),
        }

    def selectors(self, kpi: Kpi) -> Asked:
        """Of whom, by what and of what."""
        rng = self.rng
        dimensions = [d for d in (*DIMENSIONS, "user", "team") if d.partition(".")[0] in kpi.by]
        by = rng.sample(dimensions, min(len(dimensions), rng.choice((0, 0, 1, 1, 2))))
        filters = rng.sample(dimensions, min(len(dimensions), rng.choice((0, 0, 0, 0, 0, 0, 0, 1, 1, 2))))
        scope = rng.choice(
            ("org", "org", "org", "org", "org", f"user:{rng.choice(USERS)}", f"team:{rng.choice(TEAMS)}")
        )
        if scope.startswith("team:") and "team" in by:
            by.remove("team")  # within a team only its sub-teams are told, and the recount tells those above it too
        where = [f"{name}:{self.value(name)}" for name in filters]
        return {"scope": [scope], "by": [",".join(by)] if by else [], "where": where}

    def peers(self) -> Asked:
        """All users or teams, or one."""
        user, team = f"user:{self.rng.choice(USERS)}", f"team:{self.rng.choice(TEAMS)}"
        scope, by = self.rng.choice((("org", "user"), ("org", "team"), (team, "user"), (user, ""), (team, "")))
        return {"scope": [scope], "by": [by] if by else [], "where": []}

    def span(self, kpi: Kpi) -> Asked:
        """From and to, often all that happened or the latter half of it and some days, and which of them is the present."""
        chance, after = self.rng.random(), timedelta(days=self.rng.choice((1, 20)))
        if chance < 0.6:
            begin_ns = self.times_ns[0 if chance < 0.4 else len(self.times_ns) // 2]
            first, end = instant(begin_ns), instant(self.times_ns[-1]) + after
        else:
            first, end = map(instant, sorted(self.rng.choices(self.times_ns, k=2)))
        if kpi.kind == "forecast" and chance < 0.7:
            return self.ahead()
        if self.rng.random() < 0.4:
            first, end = (at.replace(minute=0, second=0, microsecond=0) for at in (first, end))
        if kpi.kind == "forecast":
            end += timedelta(days=2)  # what is expected is expected by the day
        now = self.rng.choice((first, end, end, end))
        return {"from": [text(first)], "to": [text(end)], "now": [text(now.replace(microsecond=0))]}

    def ahead(self) -> Asked:
        """A short window that is not over at the present, which is late: windows like it went before."""
        length_ns = max(DAY_NS, (self.times_ns[-1] - self.times_ns[0]) // self.rng.choice((6, 9, 12)))
        now_ns = self.rng.choice(self.times_ns[-len(self.times_ns) // 3 :]) // SECOND_NS * SECOND_NS
        first, now, end = (instant(now_ns + step) for step in (-length_ns // 2, 0, length_ns // 2))
        return {"from": [text(first)], "to": [text(end)], "now": [text(now)]}

    def choices(self, kpi: Kpi) -> Asked:
        """What else a KPI has to be, or may be, asked with."""
        rng = self.rng
        one: dict[str, Callable[[], str]] = {
            "model": lambda: rng.choice(("linear", "first", "last", "u_shape")),
            "touchpoint": lambda: rng.choice(VISITS),
            "hours": lambda: rng.choice(("business", "calendar")),
            "entity": lambda: rng.choice(("deal", "deal", "lead", "contact")),
            "field": lambda: rng.choice(("", "size")) if "entity" in kpi.params else "size",
        }
        outcomes = kpi.formula.variants if isinstance(kpi.formula, Outcome) else ()
        found = {name: [make()] if name in kpi.params else [] for name, make in one.items()}
        return found | {"variant": [rng.choice(outcomes)] if outcomes else []}

    def value(self, dimension: str) -> str:
        """Return a value that a dimension may have."""
        return str(self.rng.choice([*(VALUES.get(dimension) or self.said(dimension)), "(none)"]))

    def said(self, dimension: str) -> list[str]:
        """The values of a dimension that events tell."""
        if dimension == "product":
            lines = [line for event in self.events for line in event["data"].get("lines") or []]
            return sorted({line["product_id"] for line in lines if line.get("product_id")})
        member = {"pipeline": "pipeline_id", "stage": "stage_id"}.get(dimension, dimension)
        found = [event["data"].get(member) for event in self.events]
        return sorted({str(value) for value in found if value and not isinstance(value, list)})


def instant(at_ns: int) -> datetime:
    """Return an instant to the millisecond: what is said of one below that is beside the point here."""
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=at_ns // 1_000_000)


def text(at: datetime) -> str:
    """Return an instant as it is asked about."""
    return f"{at:%FT%T.%f}"[:23] + "Z"


def recounted(oracle: Oracle, kpi: Kpi, asked: Asked) -> dict[str, Any]:
    """Return what the recount answers to a question."""
    plain = {name: "".join(told) for name, told in asked.items() if name != "where"}
    oracle.entity, oracle.field = plain["entity"] or "deal", plain["field"]
    oracle.outcome, oracle.model, oracle.variant = plain["variant"], plain["model"], plain["touchpoint"]
    oracle.now_ns = ms(plain["now"]) * 1_000_000
    whole = not kpi.due or kpi.id == "task_on_time_rate"  # of which what is done counts at once
    end = ms(plain["to"]) if whole else min(ms(plain["to"]), ms(plain["now"]))
    by = plain["by"].split(",") if plain["by"] else None
    where = [_spelt(*pair.split(":", 1)) for pair in asked["where"]]
    return oracle.kpi(kpi.id, plain["scope"], ms(plain["from"]), end, by, where, plain["hours"])


def _spelt(dimension: str, asked: str) -> tuple[str, str]:
    """A filter as the recount takes it: a lost reason in the one spelling that reasons are counted by."""
    return dimension, (" ".join(asked.split()).casefold() or asked) if dimension == "lost_reason" else asked


def ms(asked: str) -> int:
    """Return an instant in milliseconds."""
    return round(datetime.fromisoformat(asked).timestamp() * 1000)
