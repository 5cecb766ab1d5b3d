"""What an organisation was told: its records, teams, rates and calendar, straight from its events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from tests.recounts import hours as business
from tests.recounts.record import SECOND_NS, Event, Part, Record, local, mentions, order, seconds_between, time_ns


class Told:
    """One organisation; with `org`, the events of others are left out."""

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

    def took(self, ticket: Record, since_ns: int, at_ns: int) -> Fraction:
        """Seconds that a ticket took, or of them those of business hours where that is asked."""
        if self.hours == "business":
            return business.seconds_worked(self, ticket, since_ns, at_ns)
        return seconds_between(since_ns, at_ns)

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


def created(it: Told, entity: str) -> Iterator[Part]:
    for record in it.live(entity):
        yield Part(record.created_ns, *record.holder(record.created_ns), record.timeless)
