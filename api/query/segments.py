"""Saved segments: which records have the values that one asks for."""

from collections.abc import Mapping
from typing import Any

from aggregators.contribution import DIMENSIONS
from aggregators.moment import holder
from aggregators.record import Record
from aggregators.story import Facts, story
from api.query.facts import known
from api.query.selection import NONE, label
from api.query.tables import Directory


def named_by(record: Record | None) -> list[str]:
    """Return the account and the contacts that a record names, as subjects."""
    facts = known(record)
    account, contacts = facts.get("account_id"), facts.get("contact_ids")
    people = contacts if isinstance(contacts, list) else []
    return [*([f"account/{account}"] if account else []), *(f"contact/{contact}" for contact in people)]


class Segments:
    """Finds the segments of records, as both are known now."""

    def __init__(self, records: Mapping[str, Record], directory: Directory, now_ms: int) -> None:
        self.records = records
        self.directory = directory
        self.now_ms = now_ms
        entries = directory.org.entries.items()
        self.defined = {s[8:]: e for s, e in sorted(entries) if s.startswith("segment/") and not e.get("deleted")}
        self._own: dict[str, set[str]] = {}

    def of(self, subject: str) -> list[str]:
        """Return the segments that a record, its account or one of its contacts is in."""
        found = self._of(subject).union(*map(self._of, named_by(self.records.get(subject))))
        return sorted(found)

    def cadence_days(self, subject: str) -> float | None:
        """Return in how many days to be in touch by the segments of accounts that it is in, None where they do not say."""
        found = (self.defined[name] for name in self.of(subject))
        said = (segment.get("cadence_days") for segment in found if segment.get("entity") == "account")
        return min((days for days in said if days is not None), default=None)

    def _of(self, subject: str) -> set[str]:
        if subject not in self._own:
            record = self.records.get(subject)
            told = story(record) if record else None
            entity = subject.partition("/")[0]
            self._own[subject] = {
                name for name, segment in self.defined.items() if told and self._fits(entity, told.final, segment)
            }
        return self._own[subject]

    def _fits(self, entity: str, facts: Facts, segment: Mapping[str, Any]) -> bool:
        if entity != segment.get("entity", "contact"):
            return False
        return all(label(value) in self._values(facts, name) for name, value in (segment.get("where") or {}).items())

    def _values(self, facts: Facts, dimension: str) -> list[str]:
        if dimension == "user":
            return [label(facts.get("owner_id"))]
        if dimension == "team":
            return self.directory.teams.of(holder(facts), self.now_ms) or [NONE]
        return [label(facts.get(DIMENSIONS.get(dimension, dimension)))]
