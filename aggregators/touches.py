"""Touches: what people of ours and of theirs have to do with each other, and whom each of it concerns.

A touch is a call, an e-mail or a message that a person wrote, of ours or of theirs, or a meeting that was held.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple

from aggregators import activities
from aggregators.record import Record
from aggregators.story import Facts, Story, story

FOUND_BY = ("call.logged", "email.logged", "message.logged", "meeting.held")
"""The anchors by which all touches are found."""
ACTIVITIES = ("call", "email", "message", "meeting")


class Touch(NamedTuple):
    """One touch: when, of which record, by whom it was outbound, and what is known of it.

    ``mutual``: they took part, since it is a call that connected, a meeting, or what one of theirs wrote.
    """

    at_ns: int
    subject: str
    activity: str
    outbound: bool
    mutual: bool
    holder: str
    current: str
    facts: Facts

    @property
    def contacts(self) -> list[str]:
        """Return the contacts that it names, as subjects."""
        return _named(self.facts, "contact")


def touch_of(subject: str, told: Story) -> Touch | None:
    """Return the touch that a record is, credited to who did it, else to its owner; None where it is none."""
    found = activities.touch(told)
    if found is None or not found.human:
        return None
    moments = activities.meeting(told) if found.activity == "meeting" else activities.logged(told)
    done = next(one for one in moments if one.anchor in FOUND_BY)
    mutual = found.activity == "meeting" or not found.outbound
    if found.activity == "call":
        mutual = activities.connected(told.final)
    return Touch(found.at_ns, subject, found.activity, found.outbound, mutual, done.holder, done.current, done.facts)


def named_by(record: Record) -> list[str]:
    """Return the deal, the lead, the account, the contacts and the quote that a record names, as subjects."""
    told = story(record)
    return _named(told.final, "deal", "lead", "account", "contact", "quote") if told else []


def _named(facts: Facts, *entities: str) -> list[str]:
    found = [f"{entity}/{facts[f'{entity}_id']}" for entity in entities if facts.get(f"{entity}_id")]
    people = facts.get("contact_ids") if "contact" in entities else None
    return [*found, *(f"contact/{one}" for one in dict.fromkeys(people))] if isinstance(people, list) else found


class Touches:
    """All touches in their order, and those of a deal."""

    def __init__(self, records: Mapping[str, Record]) -> None:
        self.records = records
        self.stories = {subject: told for subject in sorted(records) if (told := story(records[subject]))}
        entities = tuple(f"{activity}/" for activity in ACTIVITIES)
        found = (touch_of(s, told) for s, told in self.stories.items() if s.startswith(entities))
        self.all = sorted(filter(None, found), key=lambda touch: touch[:2])
        self._leads: dict[str, set[str]] = defaultdict(set)
        for subject, told in self.stories.items():
            for deal in _named(told.final, "deal") if subject.startswith("lead/") else ():
                self._leads[deal].add(subject)
        self._accounts: dict[str, list[str]] = {}

    @cached_property
    def _of(self) -> dict[str, list[Touch]]:
        """The touches that concern each record."""
        found: dict[str, list[Touch]] = defaultdict(list)
        for touch in self.all:
            for subject in self.concerned(touch.facts):
                found[subject].append(touch)
        return found

    def deals(self) -> Iterator[tuple[str, Story]]:
        """Return the deals that there are."""
        return ((subject, told) for subject, told in self.stories.items() if subject.startswith("deal/"))

    def is_gone(self, subject: str) -> bool:
        """Tell whether a record was deleted; one that is only mentioned is there."""
        return subject not in self.stories and subject in self.records and bool(self.records[subject].entries)

    def by_account(self) -> dict[str, list[Touch]]:
        """Return the touches of each account that is there."""
        found: dict[str, list[Touch]] = defaultdict(list)
        for touch in self.all:
            for account in self.accounts(touch):
                found[account].append(touch)
        return {account: own for account, own in found.items() if not self.is_gone(account)}

    def accounts(self, touch: Touch) -> list[str]:
        """Return the account that a touch names, else that of the deal, else of the lead, else those of its contacts."""
        known = self._accounts.get(touch.subject)
        if known is None:
            known = self._accounts[touch.subject] = self._accounts_of(touch.facts)
        return known

    def _accounts_of(self, facts: Facts) -> list[str]:
        if own := _named(facts, "account"):
            return own
        for entity in ("deal", "lead", "contact"):
            known = [self.stories[name].final for name in _named(facts, entity) if name in self.stories]
            if found := [account for final in known for account in _named(final, "account")]:
                return list(dict.fromkeys(found))
        return []

    def of_deal(self, subject: str, told: Story, until_ns: int) -> list[Touch]:
        """Return the touches of a deal, from its creation or that of its lead to an instant.

        They are those that name it, and of those that name no deal the ones of its lead, its contacts and its account.
        """
        since_ns = self.begun_ns(subject, told)
        return _merged(self.between(name, since_ns, until_ns) for name in self.names(subject, told))

    def begun_ns(self, subject: str, told: Story) -> int:
        """Return when a deal, or a lead of it, was created."""
        leads = self._leads[subject].union(_named(told.final, "lead"))
        return min([told.created_ns, *(self.stories[lead].created_ns for lead in leads if lead in self.stories)])

    def names(self, subject: str, told: Story) -> set[str]:
        """Return what a touch has to concern to be a deal's: the deal, its leads, its contacts, its account."""
        return {subject, *self._leads[subject], *_named(told.final, "lead", "account", "contact")}

    def between(self, subject: str, from_ns: int, to_ns: int) -> list[Touch]:
        """Return the touches that concern a subject, both instants included."""
        own = self._of.get(subject, [])
        return own[bisect_left(own, from_ns, key=_at) : bisect_right(own, to_ns, key=_at)]

    def concerned(self, facts: Facts) -> list[str]:
        """Return whom an activity concerns: the deal that it names alone, else its lead, its contacts and their account."""
        deal = _named(facts, "deal")
        return deal or list(dict.fromkeys([*_named(facts, "lead", "contact"), *self._accounts_of(facts)]))


_at = attrgetter("at_ns")


def _merged(lists: Iterable[list[Touch]]) -> list[Touch]:
    return sorted({touch.subject: touch for own in lists for touch in own}.values(), key=lambda touch: touch[:2])
