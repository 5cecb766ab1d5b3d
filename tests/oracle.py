"""A second opinion: the KPIs of a list of plain events, straight from the definitions and as slowly as it takes.

It shares no code with the product. Every number is recounted from all events for every question; what a record says
at an instant is looked up in the sorted list of its events.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cache, cached_property
from typing import Any
from zoneinfo import ZoneInfo

from tests.recounts import hours as business

Event = dict[str, Any]
Group = tuple[str, ...]
Holder = tuple[str | None, str | None]
"""The user who is credited, or the team where there is none."""

NONE = "(none)"
MS_NS = 1_000_000
SECOND_NS = 1_000_000_000
EVER_NS = 1 << 80
CREATED = {
    "lead": "crm.lead.created",
    "deal": "crm.deal.created",
    "task": "crm.task.created",
    "ticket": "crm.ticket.created",
    "meeting": "crm.meeting.scheduled",
    "call": "crm.call.logged",
    "email": "crm.email.logged",
    "message": "crm.message.logged",
    "feedback": "crm.feedback.received",
    "heartbeat": "crm.session.heartbeat",
    "spend": "crm.spend.recorded",
    "automation": "crm.automation.run",
    "account": "crm.account.created",
    "contact": "crm.contact.created",
    "quote": "crm.quote.created",
    "order": "crm.order.created",
    "visit": "crm.web.visit",
}
REPLACED = {"call", "email", "message"}
"""Entities whose latest `logged` replaces all that was said before it."""
DIMENSIONS = {"source": "source", "channel": "channel", "campaign": "campaign_id", "region": "region",
              "deal_type": "deal_type", "deal_subtype": "deal_subtype", "category": "category", "origin": "origin"}  # fmt: skip


@dataclass
class Part:
    """What one record adds to a KPI: when, for whom, and how much above and below the line."""

    at_ns: int
    user: str | None
    team: str | None
    dims: Mapping[str, str]
    top: Fraction = Fraction(1)
    bottom: int = 1
    missing_rate: bool = False
    products: dict[str, tuple[Fraction, bool]] = field(default_factory=dict)
    """Of a deal: what each product is worth, and whether its rate is missing."""
    by_activity: dict[str, Fraction] = field(default_factory=dict)
    """What of it is above the line for each activity, where it is one thing made of several."""


# Records


@dataclass
class Record:
    """The events of one subject in their order."""

    entity: str
    key: str
    events: list[Event]

    @cached_property
    def created(self) -> Event | None:
        """The latest event that made it."""
        return next((event for event in reversed(self.events) if event["type"] == CREATED.get(self.entity)), None)

    @cached_property
    def created_ns(self) -> int:
        return time_ns((self.created or self.events[0])["time"])

    @cached_property
    def deleted(self) -> bool:
        """As the latest deletion or restoration says."""
        said = [event for event in self.events if event["type"] == "crm.record.deleted"]
        return bool(said) and not data(said[-1]).get("restored")

    @cached_property
    def explicit(self) -> list[Event]:
        """The events whose facts outrank those of creation."""
        said = self.events
        if self.entity in REPLACED and self.created:
            said = said[said.index(self.created) :]
        return [event for event in said if event["type"] != CREATED.get(self.entity)]

    def happened(self, *kinds: str) -> list[Event]:
        return [event for event in self.explicit if event["type"] in kinds]

    def effective_ns(self, event: Event) -> int:
        """Nothing happens to a record before it is created."""
        return max(time_ns(event["time"]), self.created_ns)

    def facts(self, member: str) -> list[tuple[int, Any]]:
        """(effective instant, value) of each explicit mention, in order."""
        return [(self.effective_ns(event), value) for event in self.explicit for value in mentions(event, member)]

    def initial(self, member: str) -> Any:
        return next(mentions(self.created, member), None) if self.created else None

    def at(self, member: str, instant_ns: int) -> Any:
        """The latest explicit value up to that instant, else the initial one; before the creation, as of it."""
        known = [value for at_ns, value in self.facts(member) if at_ns <= max(instant_ns, self.created_ns)]
        return known[-1] if known else self.initial(member)

    def final(self, member: str) -> Any:
        return self.at(member, EVER_NS)

    def owner(self, instant_ns: int) -> str | None:
        """Before the first one that anybody mentions, the one of whom it was taken."""
        owners = [event for event in self.explicit if list(mentions(event, "owner_id"))]
        known = self.at("owner_id", instant_ns)
        return known or (data(owners[0]).get("old_owner") if owners else None)

    def holder(self, instant_ns: int) -> Holder:
        """User, or the team where nobody owns it."""
        owner = self.owner(instant_ns)
        return owner, None if owner else self.at("team_id", instant_ns)

    def custom(self) -> dict[str, Any]:
        found = dict(data(self.created).get("custom") or {}) if self.created else {}
        for event in self.explicit:
            found |= data(event).get("custom") or {}
            for name, change in (data(event).get("changed") or {}).items():
                if name.startswith("custom."):
                    found[name.removeprefix("custom.")] = change["new"]
        return found

    def timeless(self) -> dict[str, str]:
        """Dimensions that hold for all of its history."""
        dims = {dimension: label(self.final(member)) for dimension, member in DIMENSIONS.items()}
        dims["(subject)"] = f"{self.entity}/{self.key}"
        return dims | {f"custom.{name}": label(value) for name, value in self.custom().items()}


def mentions(event: Event, member: str) -> Iterator[Any]:
    """What the event says about the member, if anything: none or one value."""
    said, changed = data(event), data(event).get("changed") or {}
    if member == "owner_id" and event["subject"].startswith("task/"):
        # The assignee of a task is its owner.
        yield from list(mentions(event, "assignee_id"))[:1] or _mentions(said, changed, event, member)
    else:
        yield from _mentions(said, changed, event, member)


def _mentions(said: dict[str, Any], changed: dict[str, Any], event: Event, member: str) -> Iterator[Any]:
    if member == "owner_id" and event["type"] == "crm.record.owner_changed":
        yield said["new_owner"]
    elif member == "stage_id" and event["type"] == "crm.deal.stage_changed":
        yield said["new_stage_id"]
    elif member == "lines" and event["type"] == "crm.deal.lost":
        return  # not a member of that type, so ignored
    elif member in changed:
        yield changed[member]["new"]
    elif said.get(member) is not None:
        yield said[member]


def data(event: Event) -> dict[str, Any]:
    return event.get("data") or {}


def label(value: Any) -> str:
    return NONE if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def order(event: Event) -> tuple[int, int, bytes, bytes]:
    return time_ns(event["time"]), event.get("sequence") or 0, event["source"].encode(), event["id"].encode()


@cache
def time_ns(text: str) -> int:
    """Digits beyond nanoseconds are ignored."""
    fraction = ""
    if "." in text:
        head, _, tail = text.partition(".")
        fraction = tail[: len(tail) - len(tail.lstrip("0123456789"))]
        text = head + tail[len(fraction) :]
    whole = datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)
    return whole // timedelta(seconds=1) * SECOND_NS + int(fraction[:9].ljust(9, "0"))


# The organisation


class Oracle:
    """Answers of one organisation; with `org`, the events of others are left out."""

    def __init__(self, events: Iterable[Event], org: str | None = None) -> None:
        own = {(event["source"], event["id"]): event for event in events if org in {None, event["orgid"]}}
        by_subject: dict[str, list[Event]] = defaultdict(list)
        for event in sorted(own.values(), key=order):
            by_subject[event["subject"]].append(event)
        self.records: dict[str, dict[str, Record]] = defaultdict(dict)
        for subject, said in by_subject.items():
            entity, _, key = subject.partition("/")
            self.records[entity][key] = Record(entity, key, said)
        organisations = list(self.records["org"].values())
        self.zone = ZoneInfo(next((zone for it in organisations if (zone := it.final("time_zone"))), "UTC"))
        self.hours = ""
        self.now_ns = 0
        self.variant = ""
        self.entity, self.field = "deal", ""  # of questions about custom fields
        self.model = "linear"
        self.outcome = "reply"
        self.from_ms, self.to_ms = 0, 0
        self.currency = next((code for it in organisations if (code := it.final("currency"))), "EUR")

    def kpi(
        self,
        kpi_id: str,
        scope: str,
        from_ms: int,
        to_ms: int,
        by: str | Sequence[str] | None = None,
        where: Iterable[tuple[str, str]] = (),
        hours: str = "",
    ) -> dict[str, Any]:
        """`value`, `numerator`, `denominator` (exact), with `by` also `groups` by tuple of labels.

        Money is in whole units of the organisation's currency, durations in seconds. A count has no denominator.
        A duration has `mean`, `count` and the exact `p50` (its value), a sum of money `fx_missing`.
        """
        if kpi_id == "pipeline_velocity":
            return self.velocity(scope, to_ms, by, where)
        self.hours = hours
        self.from_ms, self.to_ms = from_ms, to_ms
        if told := (composed.TOLD | fields.TOLD | courses.TOLD | forecasts.TOLD | results.TOLD | usage.TOLD).get(
            kpi_id
        ):
            by = [by] if isinstance(by, str) else [*(by or ())]
            return told(self, scope, from_ms, to_ms, by, [*where])
        from_ns, to_ns = from_ms * MS_NS, to_ms * MS_NS
        if kpi_id == "contact_growth_rate":
            parts = [replace(p, bottom=0) for p in created(self, "contact") if from_ns <= p.at_ns < to_ns]
            parts += [replace(p, top=Fraction(0)) for p in contacts_total(self, from_ns - 1)]
        elif kpi_id in GAUGES:
            parts = list(GAUGES[kpi_id](self, to_ns - 1))
        else:
            parts = [part for part in FLOWS[kpi_id](self) if from_ns <= part.at_ns < to_ns]
        parts = [part for part in parts if self.in_scope(part, scope)]
        chosen: list[tuple[str, str]] = []
        if kpi_id in SHARES:
            by = by or SHARES[kpi_id]
            where = list(where)
            chosen = [pair for pair in where if pair[0] == SHARES[kpi_id]]
            where = [pair for pair in where if pair not in chosen]
        for name, value in where:
            parts = [own for part in parts for label, own in self.split(kpi_id, part, name) if label == value]
        whole = len(parts)
        for name, value in chosen:
            parts = [it for part in parts for label, it in self.split(kpi_id, part, name) if label == value]
        groups: dict[Group, list[Part]] = {(): parts}
        for name in (by,) if isinstance(by, str) else by or ():
            finer: dict[Group, list[Part]] = defaultdict(list)
            for group, members in groups.items():
                for label, own in (pair for part in members for pair in self.split(kpi_id, part, name)):
                    finer[*group, label].append(own)
            groups = finer
        if kpi_id in SHARES:
            return shares(whole, groups)
        answer = self.summed(kpi_id, parts)
        return answer | ({"groups": {group: self.summed(kpi_id, own) for group, own in groups.items()}} if by else {})

    def summed(self, kpi_id: str, parts: list[Part]) -> dict[str, Any]:
        sums = relationships.SUMS | outreach.SUMS
        return sums[kpi_id](self, parts) if kpi_id in sums else summary(kpi_id, parts)

    def velocity(
        self, scope: str, to_ms: int, by: str | Sequence[str] | None, where: Iterable[tuple[str, str]]
    ) -> dict[str, Any]:
        """Open deals times win rate times mean deal over mean cycle in days, of 90 days."""
        names = ("deals_open", "win_rate", "avg_deal_size", "sales_cycle_length")
        told = [self.kpi(name, scope, to_ms - 90 * 86_400_000, to_ms, by, [*where]) for name in names]

        def speed(answers: list[dict[str, Any]]) -> dict[str, Any]:
            count: Any
            rate: Any
            size: Any
            cycle: Any
            count, rate, size, cycle = (
                it.get("mean") if name == "sales_cycle_length" else it.get("value")
                for name, it in zip(names, answers, strict=True)
            )
            known = rate is not None and size is not None and cycle
            return {"value": (count or 0) * rate * size / cycle * 86_400 if known else None}

        keys = {key for it in told for key in it.get("groups", {})}
        groups = {key: speed([it["groups"].get(key, {}) for it in told]) for key in keys}
        return speed(told) | ({"groups": groups} if by else {})

    def took(self, ticket: Record, since_ns: int, at_ns: int) -> Fraction:
        """Seconds that a ticket took, or of them those of business hours where that is asked."""
        if self.hours == "business":
            return business.seconds_worked(self, ticket, since_ns, at_ns)
        return seconds_between(since_ns, at_ns)

    def split(self, kpi_id: str, part: Part, name: str) -> list[tuple[str, Part]]:
        """The values that the part has in a dimension, each with what counts there: a deal once for each product."""
        if name == "product":
            if kpi_id not in MONEY or not part.products:
                return [(product, part) for product in part.products or (NONE,)]
            return [
                (product, replace(part, top=top, missing_rate=missing, products={product: (top, missing)}))
                for product, (top, missing) in part.products.items()
            ]
        if name == "activity" and part.by_activity:
            return [(one, replace(part, top=top, by_activity={one: top})) for one, top in part.by_activity.items()]
        if name in ("weekday", "hour"):
            return [(results.on_the_clock(self, part, name), part)]
        if name == "user":
            return [(label(part.user), part)]
        if name == "team":
            return [(team, part) for team in self.teams(part) or (NONE,)]
        if name == "segment":
            return [(segment, part) for segment in contacts.segments(self, part.dims["(subject)"]) or (NONE,)]
        return [(part.dims.get(name, NONE), part)]

    def in_scope(self, part: Part, scope: str) -> bool:
        level, _, name = scope.partition(":")
        return level == "org" or (part.user == name if level == "user" else name in self.teams(part))

    def teams(self, part: Part) -> list[str]:
        """The team that counts it and those that this one is a part of."""
        team = part.team if part.user is None else self.team_of(part.user, self.day(part.at_ns))
        found: list[str] = []
        while team and team not in found:
            found.append(team)
            record = self.records["team"].get(team)
            team = record.final("parent_id") if record else None
        return found

    def team_of(self, user: str, day: date) -> str | None:
        """By the latest mention of a team up to the end of that day."""
        record = self.records["user"].get(user)
        said = record.events if record else []
        until_ns = self.midnight_ns(day + timedelta(days=1))
        teams = [team for it in said if time_ns(it["time"]) < until_ns for team in mentions(it, "team_id")]
        return teams[-1] if teams else None

    def day(self, instant_ns: int) -> date:
        return local(instant_ns, self.zone).date()

    def midnight_ns(self, day: date, zone: ZoneInfo | None = None) -> int:
        return int(datetime(day.year, day.month, day.day, tzinfo=zone or self.zone).timestamp()) * SECOND_NS

    def live(self, entity: str) -> list[Record]:
        return [record for record in self.records[entity].values() if not record.deleted]

    def rate(self, currency: str, day: date) -> Fraction | None:
        """The latest one set for a date up to that day."""
        known = {}
        for key, record in self.records["fx"].items():
            code, _, since = key.rpartition("/")
            if code == currency and not record.deleted and date.fromisoformat(since) <= day:
                known[since] = Fraction(record.final("rate"))
        return Fraction(1) if currency == self.currency else known[max(known)] if known else None

    def money(self, amounts: Iterable[tuple[Fraction, str]], day: date) -> tuple[Fraction, bool]:
        """Their sum in the organisation's currency, and whether a rate was missing."""
        total, missing = Fraction(0), False
        for amount, currency in amounts:
            rate = self.rate(currency, day)
            total += amount * (rate or 0)
            missing |= rate is None and amount != 0
        return total, missing

    def probability(self, deal: Record, instant_ns: int) -> Fraction | None:
        own = deal.at("probability", instant_ns)
        if own is None:
            pipeline = self.records["pipeline"].get(deal.at("pipeline_id", instant_ns) or "")
            stages = (pipeline.final("stages") if pipeline else None) or []
            stage = deal.at("stage_id", instant_ns)
            own = next((it.get("probability") for it in stages if it["id"] == stage), None)
        return None if own is None else Fraction(round(Fraction(str(own)) * 1_000_000), 1_000_000)


def seconds_between(start_ns: int, end_ns: int) -> Fraction:
    """In whole milliseconds, and never less than nothing."""
    return Fraction(max(0, end_ns // MS_NS - start_ns // MS_NS), 1000)


def local(instant_ns: int, zone: ZoneInfo) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=instant_ns // SECOND_NS)).astimezone(zone)


def shares(whole: int, groups: Mapping[Group, list[Part]]) -> dict[str, Any]:
    """Each group's share of all."""
    told = {
        group: {"value": Fraction(len(own), whole), "numerator": len(own), "denominator": whole}
        for group, own in groups.items()
    }
    return {"value": None, "numerator": None, "denominator": whole, "groups": told}


def summary(kpi_id: str, parts: list[Part]) -> dict[str, Any]:
    top, bottom = sum((part.top for part in parts), Fraction(0)), sum(part.bottom for part in parts)
    if kpi_id in DURATIONS:
        values = sorted(part.top for part in parts)
        p50 = values[(len(values) - 1) // 2] if values else None
        mean = top / len(values) if values else None
        return {
            "value": p50,
            "numerator": top,
            "denominator": len(values),
            "p50": p50,
            "mean": mean,
            "count": len(values),
        }
    if kpi_id in RATIOS:
        answer = {"value": top / bottom if bottom else None, "numerator": top, "denominator": bottom}
    else:
        answer = {"value": top, "numerator": top, "denominator": None}
    if kpi_id in MONEY:
        answer["fx_missing"] = sum(part.missing_rate for part in parts)
    return answer


# Leads


def leads_created(it: Oracle) -> Iterator[Part]:
    for lead in it.live("lead"):
        yield Part(lead.created_ns, *lead.holder(lead.created_ns), lead.timeless())


def leads_converted(it: Oracle) -> Iterator[Part]:
    for lead in it.live("lead"):
        if (at_ns := conversion_ns(lead)) is not None:
            yield Part(at_ns, *lead.holder(at_ns), lead.timeless())


def leads_qualified(it: Oracle) -> Iterator[Part]:
    for lead in it.live("lead"):
        entered = [e for e in lead.happened("crm.lead.status_changed") if data(e)["new"] == "qualified"]
        if entered:
            at_ns = time_ns(entered[0]["time"])
            yield Part(at_ns, *lead.holder(at_ns), lead.timeless())


def leads_lost(it: Oracle) -> Iterator[Part]:
    for lead in it.live("lead"):
        changes = lead.happened("crm.lead.status_changed")
        if changes and data(changes[-1])["new"] == "disqualified":
            at_ns, why = time_ns(changes[-1]["time"]), data(changes[-1]).get("reason") or ""
            dims = lead.timeless() | {"lost_reason": " ".join(why.split()).casefold() or NONE}
            yield Part(at_ns, *lead.holder(at_ns), dims)


def created(it: Oracle, entity: str) -> Iterator[Part]:
    for record in it.live(entity):
        yield Part(record.created_ns, *record.holder(record.created_ns), record.timeless())


def lead_conversion_rate(it: Oracle) -> Iterator[Part]:
    for lead in it.live("lead"):
        converted = Fraction(conversion_ns(lead) is not None)
        yield Part(lead.created_ns, *lead.holder(lead.created_ns), lead.timeless(), converted)


def leads_open(it: Oracle, now_ns: int) -> Iterator[Part]:
    for lead in it.live("lead"):
        if lead.created_ns <= now_ns and status(lead, "open", now_ns) in {"open", "working"}:
            yield Part(now_ns, *lead.holder(now_ns), lead.timeless())


def conversion_ns(lead: Record) -> int | None:
    changes = lead.happened("crm.lead.status_changed")
    return next((time_ns(event["time"]) for event in changes if data(event)["new"] == "converted"), None)


def status(record: Record, initial: str, instant_ns: int) -> str:
    """Of leads, tasks and tickets: the latest `new` of their status events up to then."""
    changes = record.happened(f"crm.{record.entity}.status_changed")
    known = [data(event)["new"] for event in changes if record.effective_ns(event) <= instant_ns]
    known = [new for new in known if new != "due_changed"]
    return known[-1] if known else initial


# Deals

DEAL_STATUS = {"crm.deal.won": "won", "crm.deal.lost": "lost", "crm.deal.reopened": "open"}


def deals_created(it: Oracle) -> Iterator[Part]:
    for deal in it.live("deal"):
        yield deal_part(it, deal, deal.created_ns)


def closed(it: Oracle, *wanted: str) -> Iterator[tuple[Record, str, int, Event]]:
    """Deal, how it ended, when, and the event that says so."""
    for deal in it.live("deal"):
        ends = deal.happened(*DEAL_STATUS)
        if ends and (end := DEAL_STATUS[ends[-1]["type"]]) in wanted:
            yield deal, end, time_ns(ends[-1]["time"]), ends[-1]


def deals_won(it: Oracle) -> Iterator[Part]:
    for deal, _, at_ns, _ in closed(it, "won"):
        yield links.won_part(it, deal, at_ns)


def deals_lost(it: Oracle) -> Iterator[Part]:
    for deal, _, at_ns, event in closed(it, "lost"):
        yield deal_part(it, deal, at_ns, lost_reason=reason(event))


def deals_lost_value(it: Oracle) -> Iterator[Part]:
    for deal, _, at_ns, event in closed(it, "lost"):
        part = worth(it, deal, at_ns, EVER_NS)
        part.dims = {**part.dims, "lost_reason": reason(event)}
        yield part


def opportunities_per_sale(it: Oracle) -> Iterator[Part]:
    for deal, end, at_ns, _ in closed(it, "won", "lost"):
        part = deal_part(it, deal, at_ns)
        part.bottom = int(end == "won")
        yield part


def win_back_rate(it: Oracle) -> Iterator[Part]:
    for deal in it.live("deal"):
        ends = deal.happened(*DEAL_STATUS)
        losses = [event for event in ends if event["type"] == "crm.deal.lost"]
        if losses:
            part = deal_part(it, deal, time_ns(losses[0]["time"]), lost_reason=reason(losses[0]))
            part.top = Fraction(ends[-1]["type"] == "crm.deal.won")
            yield part


def win_rate(it: Oracle) -> Iterator[Part]:
    for deal, end, at_ns, event in closed(it, "won", "lost"):
        part = (
            links.won_part(it, deal, at_ns) if end == "won" else deal_part(it, deal, at_ns, lost_reason=reason(event))
        )
        part.top = Fraction(end == "won")
        yield part


def sales_cycle_length(it: Oracle) -> Iterator[Part]:
    for deal, _, at_ns, _ in closed(it, "won"):
        part = links.won_part(it, deal, at_ns)
        part.top = seconds_between(deal.created_ns, at_ns)
        yield part


def open_deals(it: Oracle, now_ns: int) -> Iterator[Record]:
    for deal in it.live("deal"):
        known = [event for event in deal.happened(*DEAL_STATUS) if deal.effective_ns(event) <= now_ns]
        if deal.created_ns <= now_ns and (not known or DEAL_STATUS[known[-1]["type"]] == "open"):
            yield deal


def deals_open(it: Oracle, now_ns: int) -> Iterator[Part]:
    for deal in open_deals(it, now_ns):
        yield deal_part(it, deal, now_ns)


def deals_with_problems(it: Oracle, now_ns: int) -> Iterator[Part]:
    for deal in open_deals(it, now_ns):
        judged = [event for event in deal.happened("crm.deal.health_changed") if deal.effective_ns(event) <= now_ns]
        if judged and data(judged[-1])["new"] == "has_problems":
            yield deal_part(it, deal, now_ns)


def pipeline_value(it: Oracle, now_ns: int) -> Iterator[Part]:
    for deal in open_deals(it, now_ns):
        yield worth(it, deal, now_ns, now_ns)


def weighted_pipeline(it: Oracle, now_ns: int) -> Iterator[Part]:
    for deal in open_deals(it, now_ns):
        probability = it.probability(deal, now_ns)
        if probability is not None:
            part = worth(it, deal, now_ns, now_ns)
            part.top *= probability
            part.products = {name: (top * probability, missing) for name, (top, missing) in part.products.items()}
            yield part


def deal_part(it: Oracle, deal: Record, at_ns: int, lost_reason: str = NONE) -> Part:
    """One deal, as it stood then; `products` has what the lines of each are worth. The pipeline of another is its deal's."""
    pipeline, named = deal.at("pipeline_id", at_ns), it.records["deal"].get(deal.final("deal_id") or "")
    if pipeline is None and deal.entity != "deal" and named and not named.deleted:
        pipeline = named.final("pipeline_id")
    dims = deal.timeless() | {
        "pipeline": label(pipeline),
        "stage": label(deal.at("stage_id", at_ns)),
        "lost_reason": lost_reason,
    }
    amounts: dict[str, list[tuple[Fraction, str]]] = defaultdict(list)
    for line in deal.final("lines") or []:
        amounts[line["product_id"]].append(line_amount(it, deal, line))
    products = {name: it.money(own, it.day(at_ns)) for name, own in amounts.items()}
    return Part(at_ns, *deal.holder(at_ns), dims, products=products)


def worth(it: Oracle, deal: Record, at_ns: int, value_ns: int) -> Part:
    """The same with the deal's value as of `value_ns`, or where it has none, that of its final lines."""
    part = deal_part(it, deal, at_ns)
    value = deal.at("value", value_ns)
    lines = [line_amount(it, deal, line) for line in deal.final("lines") or []]
    amounts = [(Fraction(value["amount"]), value["currency"])] if value else lines
    part.top, part.missing_rate = it.money(amounts, it.day(at_ns))
    return part


def line_amount(it: Oracle, deal: Record, line: dict[str, Any]) -> tuple[Fraction, str]:
    """Quantity times price to 1/10,000, half to even; a bare price is in the currency of the value."""
    currency = (deal.final("value") or {}).get("currency", it.currency)
    price = line.get("unit_price") or "0"
    bare = price if isinstance(price, str) else price["amount"]
    units = round(Fraction(bare) * Fraction(str(line.get("quantity", 1))) * 10_000)
    return Fraction(units, 10_000), currency if isinstance(price, str) else price["currency"]


def reason(event: Event) -> str:
    return " ".join((data(event).get("lost_reason") or "").split()).casefold() or NONE


# What people do


def logged(it: Oracle, entity: str) -> Iterator[tuple[Record, Part]]:
    """Activities that took place, credited to who did it, else to who owned it then."""
    for record in it.live(entity):
        if record.created:
            actor = record.created.get("actorid")
            holder: Holder = (actor, None) if actor else record.holder(record.created_ns)
            yield record, Part(record.created_ns, *holder, record.timeless() | {"activity": entity})


def outbound(record: Record) -> bool:
    return bool(record.final("direction") == "outbound")


def connected(call: Record) -> bool:
    return call.final("outcome") == "connected" or (call.final("duration_ms") or 0) >= 30_000


def calls_made(it: Oracle) -> Iterator[Part]:
    for call, part in logged(it, "call"):
        if outbound(call):
            yield part


def call_connect_rate(it: Oracle) -> Iterator[Part]:
    for call, part in logged(it, "call"):
        if outbound(call):
            part.top = Fraction(connected(call))
            yield part


def calls_per_sale(it: Oracle) -> Iterator[Part]:
    for call, part in logged(it, "call"):
        if outbound(call) and connected(call):
            part.bottom = 0
            yield part
    for part in deals_won(it):
        part.top = Fraction(0)
        yield part


def call_talk_time(it: Oracle) -> Iterator[Part]:
    for call, part in logged(it, "call"):
        if connected(call):
            part.top = Fraction(call.final("duration_ms") or 0, 1000)
            yield part


def emails_sent(it: Oracle) -> Iterator[Part]:
    for email, part in logged(it, "email"):
        if outbound(email) and not email.final("automated"):
            yield part


def meetings_held(it: Oracle) -> Iterator[Part]:
    for meeting in it.live("meeting"):
        changes = meeting.happened("crm.meeting.status_changed")
        if changes and data(changes[-1])["new"] == "completed":
            told_ns = time_ns(changes[-1]["time"])
            start = meeting.final("start")
            actor = changes[-1].get("actorid")
            holder: Holder = (actor, None) if actor else meeting.holder(told_ns)
            yield Part(time_ns(start) if start else told_ns, *holder, meeting.timeless() | {"activity": "meeting"})


def tasks_done(it: Oracle) -> Iterator[tuple[Record, int, Event]]:
    """Task, when it was done for good, and the event that says so."""
    for task in it.live("task"):
        changes = [event for event in task.happened("crm.task.status_changed") if data(event)["new"] != "due_changed"]
        done: Event | None = None
        for event in changes:
            done = (done or event) if data(event)["new"] == "done" else None
        if done:
            yield task, time_ns(done["time"]), done


def tasks_completed(it: Oracle) -> Iterator[Part]:
    for task, at_ns, _ in tasks_done(it):
        yield Part(at_ns, *task.holder(at_ns), task.timeless() | {"activity": "task"})


def tasks_overdue(it: Oracle, now_ns: int) -> Iterator[Part]:
    """`now_ns` is the last nanosecond before the instant that is asked for."""
    for task in it.live("task"):
        open_now = task.created_ns <= now_ns and status(task, "open", now_ns) not in {"done", "cancelled"}
        due_ns = task_due_ns(it, task, now_ns)
        if open_now and due_ns is not None and due_ns <= now_ns:
            yield Part(now_ns, *task.holder(now_ns), task.timeless())


def task_due_ns(it: Oracle, task: Record, now_ns: int) -> int | None:
    """The last instant at which it is not yet overdue."""
    said = [event for event in task.explicit if task.effective_ns(event) <= now_ns]
    dues = [due for event in [task.created, *said] if event and (due := due_said(event))]
    if not dues:
        return None
    due = dues[-1]
    if len(due) > len("YYYY-MM-DD"):
        return time_ns(due)
    user = task.owner(now_ns)
    record = it.records["user"].get(user or "")
    zone = record.final("time_zone") if record else None
    end_ns = it.midnight_ns(date.fromisoformat(due) + timedelta(days=1), ZoneInfo(zone) if zone else None)
    return end_ns - MS_NS


def due_said(event: Event) -> str | None:
    return next(mentions(event, "due_at"), None) or next(mentions(event, "due_date"), None)


def activities_completed(it: Oracle) -> Iterator[Part]:
    for entity in ("call", "email", "message"):
        for record, part in logged(it, entity):
            human = not record.final("automated") and record.final("author") != "bot"
            if entity == "call" or (outbound(record) and human):
                yield part
    yield from meetings_held(it)
    for task, at_ns, event in tasks_done(it):
        actor = event.get("actorid")
        holder: Holder = (actor, None) if actor else task.holder(at_ns)
        yield Part(at_ns, *holder, task.timeless() | {"activity": "task"})


def meetings_booked(it: Oracle) -> Iterator[Part]:
    for meeting in it.live("meeting"):
        actor = (meeting.created or {}).get("actorid")
        holder: Holder = (actor, None) if actor else meeting.holder(meeting.created_ns)
        yield Part(meeting.created_ns, *holder, meeting.timeless())


def appointments(it: Oracle, *, executed: bool = False, expected: bool = False) -> Iterator[Part]:
    for meeting in it.live("meeting"):
        start = meeting.final("start")
        outcome = status(meeting, "", EVER_NS)
        if not start or (executed and not expected and outcome != "completed") or (expected and outcome == "cancelled"):
            continue
        at_ns = time_ns(start)
        dims = meeting.timeless() | {"activity": "meeting"}
        yield Part(at_ns, *meeting.holder(at_ns), dims, Fraction(not expected or outcome == "completed"))


def appointments_overdue(it: Oracle, now_ns: int) -> Iterator[Part]:
    for meeting in it.live("meeting"):
        ends = [time_ns(said) for name in ("start", "end") if (said := meeting.at(name, now_ns))]
        waits = meeting.created_ns <= now_ns and status(meeting, "", now_ns) in {"", "rescheduled"}
        if waits and ends and max(ends) <= now_ns:
            yield Part(now_ns, *meeting.holder(now_ns), meeting.timeless())


def task_on_time_rate(it: Oracle) -> Iterator[Part]:
    done_ns = {task.key: at_ns for task, at_ns, _ in tasks_done(it)}
    for task in it.live("task"):
        due_ns = task_due_ns(it, task, EVER_NS)
        if due_ns is not None and status(task, "open", EVER_NS) != "cancelled":
            on_time = task.key in done_ns and done_ns[task.key] <= due_ns
            yield Part(due_ns, *task.holder(due_ns), task.timeless(), Fraction(on_time))


def assignments_unfulfilled(it: Oracle, now_ns: int) -> Iterator[Part]:
    for task in it.live("task"):
        state, giver = status(task, "open", now_ns), task.initial("assigned_by")
        due_ns = task_due_ns(it, task, now_ns)
        late = state == "cancelled" or (state != "done" and due_ns is not None and due_ns <= now_ns)
        if task.created_ns <= now_ns and late and giver and giver != task.owner(now_ns):
            yield Part(now_ns, *task.holder(now_ns), task.timeless())


# Orders and contacts


def quotes_created(it: Oracle) -> Iterator[Part]:
    yield from created(it, "quote")


def confirmed(it: Oracle) -> Iterator[tuple[Record, int]]:
    """Orders that count, and since when."""
    for order_ in it.live("order"):
        since: list[int] = []
        for event in order_.happened("crm.order.status_changed"):
            if data(event)["new"] == "confirmed":
                since.append(time_ns(event["time"]))
            elif data(event)["new"] == "cancelled":
                since.clear()
        if since:
            yield order_, since[0]


def orders_count(it: Oracle) -> Iterator[Part]:
    for order_, at_ns in confirmed(it):
        yield deal_part(it, order_, at_ns)


def orders_value(it: Oracle) -> Iterator[Part]:
    for order_, at_ns in confirmed(it):
        yield worth(it, order_, at_ns, EVER_NS)
        left = dict[str, Fraction]()
        if value := order_.final("value"):
            left[value["currency"]] = Fraction(value["amount"])
        else:
            for amount, currency in (line_amount(it, order_, line) for line in order_.final("lines") or []):
                left[currency] = left.get(currency, Fraction(0)) + amount
        for event in order_.happened("crm.order.status_changed"):
            if data(event)["new"] == "refunded":
                refund = data(event).get("refund")
                paid = (
                    [(Fraction(refund["amount"]), refund["currency"])] if refund else [(a, c) for c, a in left.items()]
                )
                when = time_ns(event["time"])
                part = replace(deal_part(it, order_, when), products={})
                top, part.missing_rate = it.money(paid, it.day(when))
                part.top = -top
                left = {c: max(Fraction(0), a - sum(p for p, q in paid if q == c)) for c, a in left.items()}
                yield part


def sold(it: Oracle, *, profit: bool) -> Iterator[Part]:
    for sale, at_ns, _ in links.sales(it):
        part = deal_part(it, sale, at_ns)
        part.top, part.products = Fraction(0), {product: (Fraction(0), False) for product in part.products}
        for line in sale.final("lines") or []:
            found = Fraction(round(Fraction(str(line.get("quantity", 1))) * 10_000), 10_000)
            if profit:
                found = Fraction(0)
                if line.get("unit_cost") and line.get("unit_price"):
                    price = line_amount(it, sale, line)
                    cost = line_amount(it, sale, {**line, "unit_price": line["unit_cost"]})
                    found, part.missing_rate = it.money([price, (-cost[0], cost[1])], it.day(at_ns))
            part.top += found
            part.products[line["product_id"]] = part.products[line["product_id"]][0] + found, False
        yield part


def contracts_signed(it: Oracle) -> Iterator[Part]:
    for contract in it.live("contract"):
        signed = [e for e in contract.happened("crm.contract.status_changed") if data(e)["new"] == "signed"]
        if signed:
            at_ns = time_ns(signed[0]["time"])
            yield Part(at_ns, *contract.holder(at_ns), contract.timeless())


def contacts_total(it: Oracle, now_ns: int) -> Iterator[Part]:
    for contact in it.live("contact"):
        if contact.created_ns <= now_ns:
            yield Part(now_ns, *contact.holder(now_ns), contact.timeless())


def lifecycle_transitions(it: Oracle) -> Iterator[Part]:
    for contact in it.live("contact"):
        before = contact.initial("lifecycle")
        for event in contact.explicit:
            for stage in mentions(event, "lifecycle"):
                if before and stage and before != stage:
                    at_ns = time_ns(event["time"])
                    yield Part(at_ns, *contact.holder(at_ns), contact.timeless())
                before = stage


# Support

UNRESOLVED = {"new", "open", "pending", "on_hold"}


def tickets_created(it: Oracle) -> Iterator[Part]:
    for ticket in it.live("ticket"):
        yield Part(ticket.created_ns, *ticket.holder(ticket.created_ns), ticket.timeless())


def tickets_open(it: Oracle, now_ns: int) -> Iterator[Part]:
    for ticket in it.live("ticket"):
        if ticket.created_ns <= now_ns and status(ticket, "new", now_ns) in UNRESOLVED:
            yield Part(now_ns, *ticket.holder(now_ns), ticket.timeless())


def resolutions_ns(ticket: Record) -> list[int]:
    """Every time that it was solved, or closed without having been solved."""
    found, before = [], "new"
    for event in ticket.happened("crm.ticket.status_changed"):
        new = data(event)["new"]
        if new == "solved" or (new == "closed" and before in UNRESOLVED):
            found.append(time_ns(event["time"]))
        before = new
    return found


def resolved(it: Oracle, *, first: bool) -> Iterator[Part]:
    for ticket in it.live("ticket"):
        times = resolutions_ns(ticket)
        if times and (first or status(ticket, "new", EVER_NS) not in UNRESOLVED):
            at_ns = times[0 if first else -1]
            took = it.took(ticket, ticket.created_ns, at_ns)
            yield Part(at_ns, *ticket.holder(at_ns), ticket.timeless(), took)


def tickets_resolved(it: Oracle) -> Iterator[Part]:
    for part in resolved(it, first=False):
        part.top = Fraction(1)
        yield part


def ticket_reopen_rate(it: Oracle) -> Iterator[Part]:
    for ticket in it.live("ticket"):
        solved = resolutions_ns(ticket)
        if solved:
            changes = [data(e)["new"] for e in ticket.happened("crm.ticket.status_changed")]
            first = next(n for n, new in enumerate(changes) if new not in UNRESOLVED)
            again = any(new in UNRESOLVED for new in changes[first:])
            yield Part(solved[0], *ticket.holder(solved[0]), ticket.timeless(), Fraction(again))


def by_author(event: Event, holder: Holder) -> Holder:
    return (event["actorid"], None) if event.get("actorid") else holder


def public(ticket: Record, author: str) -> list[Event]:
    said = ticket.happened("crm.ticket.message")
    return [e for e in said if data(e)["author"] == author and data(e).get("public") is not False]


def first_reply(ticket: Record) -> tuple[int, Event | None]:
    """Since when an answer was waited for, and the first one."""
    replies = public(ticket, "agent")[1 if ticket.final("created_by") == "agent" else 0 :]
    reply = replies[0] if replies else None
    since_ns, solved = ticket.created_ns, False
    for event in ticket.happened("crm.ticket.status_changed"):
        if reply and order(event) > order(reply):
            break
        resolved_now = data(event)["new"] not in UNRESOLVED
        if solved and not resolved_now:
            since_ns = time_ns(event["time"])
        solved = resolved_now
    return since_ns, reply


def first_response_time(it: Oracle) -> Iterator[Part]:
    for ticket in it.live("ticket"):
        since_ns, reply = first_reply(ticket)
        if reply:
            at_ns = time_ns(reply["time"])
            took = it.took(ticket, since_ns, at_ns)
            yield Part(at_ns, *by_author(reply, ticket.holder(at_ns)), ticket.timeless(), took)


def next_response_time(it: Oracle) -> Iterator[Part]:
    for ticket in it.live("ticket"):
        asked: list[int] = []
        for event in sorted(public(ticket, "customer") + public(ticket, "agent"), key=order):
            at_ns = time_ns(event["time"])
            if data(event)["author"] == "customer":
                asked.append(at_ns)
            elif asked:
                took = it.took(ticket, asked[0], at_ns)
                yield Part(at_ns, *by_author(event, ticket.holder(at_ns)), ticket.timeless(), took)
                asked.clear()


def handle_time(it: Oracle) -> Iterator[Part]:
    """Every stretch between two instants with one owner, in each of which somebody had it or nobody."""
    for ticket in it.live("ticket"):
        known: list[Event] = []
        had: str | None = None
        since_ns = 0
        for event in [None, *ticket.explicit]:
            known += [event] if event else []
            alone = Record(
                "ticket", ticket.key, sorted([*([ticket.created] if ticket.created else []), *known], key=order)
            )
            at_ns = ticket.effective_ns(event) if event else ticket.created_ns
            if not alone.events:
                alone = Record("ticket", ticket.key, ticket.events[:1])
                has = data(ticket.explicit[0]).get("old_owner") if ticket.explicit else None
            else:
                has = alone.owner(EVER_NS) or ticket.owner(ticket.created_ns)
            if status(alone, "new", EVER_NS) not in UNRESOLVED and event:
                has = None
            if has != had:
                if had and at_ns > since_ns:
                    yield Part(at_ns, had, None, ticket.timeless(), it.took(ticket, since_ns, at_ns))
                had, since_ns = has, at_ns


def sla_first_response_rate(it: Oracle) -> Iterator[Part]:
    for ticket in it.live("ticket"):
        since_ns, reply = first_reply(ticket)
        yield from kept(it, ticket, "first_response_ms", since_ns, reply)


def sla_resolution_rate(it: Oracle) -> Iterator[Part]:
    for ticket in it.live("ticket"):
        solved = resolutions_ns(ticket) if status(ticket, "new", EVER_NS) not in UNRESOLVED else []
        done = next((e for e in reversed(ticket.explicit) if solved and time_ns(e["time"]) == solved[-1]), None)
        yield from kept(it, ticket, "resolution_ms", ticket.created_ns, done)


def kept(it: Oracle, ticket: Record, promised: str, since_ns: int, done: Event | None) -> Iterator[Part]:
    """Whether a promise was kept, where it can be told."""
    sla = ticket.final("sla") or {}
    if promised not in sla:
        return
    left, due_ns = sla[promised] * MS_NS, None
    since_ns = max(since_ns, ticket.created_ns)
    turns = sorted({since_ns, *(ticket.effective_ns(e) for e in ticket.explicit if ticket.effective_ns(e) > since_ns)})
    for begin, end in zip(turns, [*turns[1:], EVER_NS], strict=True):
        if status(ticket, "new", begin) in {"pending", "solved", "closed"}:
            continue
        if sla.get("hours") == "business":
            due_ns, left_ms = business.due_ns(it, ticket, begin, end, left // MS_NS)
            left = left_ms * MS_NS
        elif begin + left <= end:
            due_ns = begin + left
        else:
            left -= end - begin
        if due_ns is not None:
            break
    met = done is not None and (due_ns is None or ticket.effective_ns(done) <= due_ns)
    if met or due_ns is not None:
        at_ns = time_ns(done["time"]) if done and met else due_ns or 0
        yield Part(at_ns, *ticket.holder(at_ns), ticket.timeless(), Fraction(met))


def csat_score(it: Oracle) -> Iterator[Part]:
    latest: dict[str, Record] = {}
    for rating in sorted(it.live("feedback"), key=lambda record: order(record.created or record.events[0])):
        if rating.created and rating.initial("kind") == "csat":
            ticket = rating.final("ticket_id")
            latest[f"ticket/{ticket}" if ticket else f"feedback/{rating.key}"] = rating
    for subject, rating in latest.items():
        ticket_record = (
            it.records["ticket"].get(subject.removeprefix("ticket/")) if subject.startswith("ticket/") else rating
        )
        if ticket_record and ticket_record.deleted:
            continue
        happy = 5 * Fraction(str(rating.final("score"))) >= 4 * Fraction(str(rating.final("scale") or 5))
        yield Part(
            rating.created_ns, *rated(rating, ticket_record), (ticket_record or rating).timeless(), Fraction(happy)
        )


def rated(rating: Record, ticket: Record | None) -> Holder:
    """Whoever owned the ticket when it was rated; without a ticket, whose rating it is."""
    if ticket is None:
        return None, None
    holder = ticket.holder(rating.created_ns)
    actor = rating.created["actorid"] if ticket is rating and rating.created and "actorid" in rating.created else None
    return (actor, None) if actor else holder


FLOWS: dict[str, Callable[[Oracle], Iterator[Part]]] = {
    "leads_created": leads_created,
    "leads_converted": leads_converted,
    "leads_qualified": leads_qualified,
    "leads_lost": leads_lost,
    "source_share": leads_created,
    "accounts_created": lambda it: created(it, "account"),
    "deals_lost_value": deals_lost_value,
    "opportunities_per_sale": opportunities_per_sale,
    "win_back_rate": win_back_rate,
    "calls_per_sale": calls_per_sale,
    "activity_mix": activities_completed,
    "meetings_booked": meetings_booked,
    "appointments_scheduled": appointments,
    "appointments_executed": lambda it: appointments(it, executed=True),
    "appointment_execution_rate": lambda it: appointments(it, executed=True, expected=True),
    "task_on_time_rate": task_on_time_rate,
    "quotes_created": quotes_created,
    "orders_count": orders_count,
    "orders_value": orders_value,
    "contracts_signed": contracts_signed,
    "units_sold": lambda it: sold(it, profit=False),
    "gross_profit": lambda it: sold(it, profit=True),
    "contacts_created": lambda it: created(it, "contact"),
    "lifecycle_transitions": lifecycle_transitions,
    "ticket_reopen_rate": ticket_reopen_rate,
    "first_response_time": first_response_time,
    "next_response_time": next_response_time,
    "handle_time": handle_time,
    "sla_first_response_rate": sla_first_response_rate,
    "sla_resolution_rate": sla_resolution_rate,
    "lead_conversion_rate": lead_conversion_rate,
    "deals_created": deals_created,
    "deals_won": deals_won,
    "deals_lost": deals_lost,
    "win_rate": win_rate,
    "sales_cycle_length": sales_cycle_length,
    "lost_reason_share": deals_lost,
    "activities_completed": activities_completed,
    "calls_made": calls_made,
    "call_connect_rate": call_connect_rate,
    "call_talk_time": call_talk_time,
    "emails_sent": emails_sent,
    "meetings_held": meetings_held,
    "tasks_completed": tasks_completed,
    "tickets_created": tickets_created,
    "tickets_resolved": tickets_resolved,
    "first_resolution_time": lambda it: resolved(it, first=True),
    "full_resolution_time": lambda it: resolved(it, first=False),
    "csat_score": csat_score,
}
GAUGES: dict[str, Callable[[Oracle, int], Iterator[Part]]] = {
    "leads_open": leads_open,
    "deals_open": deals_open,
    "deals_with_problems": deals_with_problems,
    "pipeline_value": pipeline_value,
    "weighted_pipeline": weighted_pipeline,
    "tasks_overdue": tasks_overdue,
    "tickets_open": tickets_open,
    "appointments_overdue": appointments_overdue,
    "assignments_unfulfilled": assignments_unfulfilled,
    "contacts_total": contacts_total,
}
DURATIONS = {
    "sales_cycle_length", "first_resolution_time", "full_resolution_time", "first_response_time", "next_response_time",
    "handle_time",
}  # fmt: skip
RATIOS: set[str] = {
    "lead_conversion_rate", "win_rate", "avg_deal_size", "opportunities_per_sale", "win_back_rate",
    "call_connect_rate", "calls_per_sale", "csat_score", "appointment_execution_rate", "task_on_time_rate",
    "ticket_reopen_rate", "sla_first_response_rate", "sla_resolution_rate", "contact_growth_rate",
}  # fmt: skip
SHARES = {"lost_reason_share": "lost_reason", "source_share": "source", "activity_mix": "activity"}
MONEY: set[str] = {
    "revenue_won",
    "avg_deal_size",
    "deals_lost_value",
    "orders_value",
    "units_sold",
    "gross_profit",
    "pipeline_value",
    "weighted_pipeline",
}

# The areas that have a module of their own, which takes from here what it needs.

from tests.recounts import (  # noqa: E402
    acquisition,
    composed,
    contacts,
    costs,
    courses,
    fields,
    forecasts,
    links,
    outreach,
    relationships,
    results,
    stages,
    touches,
    usage,
)

FLOWS |= stages.FLOWS | links.FLOWS | contacts.FLOWS | usage.FLOWS | fields.FLOWS | costs.FLOWS | results.FLOWS
MONEY |= results.MONEY
GAUGES |= links.GAUGES | contacts.GAUGES | fields.GAUGES
DURATIONS |= stages.DURATIONS | links.DURATIONS
FLOWS |= acquisition.FLOWS | courses.FLOWS
GAUGES |= courses.GAUGES
DURATIONS |= courses.DURATIONS
RATIOS |= acquisition.RATIOS
MONEY |= acquisition.MONEY | forecasts.MONEY
RATIOS |= stages.RATIOS | links.RATIOS | contacts.RATIOS | fields.RATIOS | costs.RATIOS
MONEY |= costs.MONEY
MONEY |= touches.MONEY
FLOWS |= touches.FLOWS
RATIOS |= touches.RATIOS
FLOWS |= relationships.FLOWS
GAUGES |= relationships.GAUGES
RATIOS |= relationships.RATIOS
FLOWS |= outreach.FLOWS
GAUGES |= outreach.GAUGES
RATIOS |= outreach.RATIOS
