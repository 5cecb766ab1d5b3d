"""Clients on their way: the accounts and contacts that deals are open with, each where the one of its deals is that got furthest."""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import NamedTuple

from aggregators.about import About
from aggregators.deals import CLOSED
from aggregators.moment import Moment, holder
from aggregators.record import UNKNOWN, Record, is_deleted
from aggregators.story import Facts, Story, milliseconds, story

Place = tuple[int, int, str]
"""How far a deal got, so that the smallest is the furthest: then the deal that there was first."""


class Stand(NamedTuple):
    """Where an open deal is; ``current`` is who owns it now."""

    place: Place
    facts: Facts
    current: str


def placed(records: Mapping[str, Record], about: About) -> Iterator[tuple[str, Moment]]:
    """Return where each client stood: at that of its open deals that got furthest."""
    deals: dict[str, list[tuple[str, Story]]] = defaultdict(list)
    for subject in sorted(records):
        if subject.startswith("deal/") and (told := story(records[subject])):
            for client in _clients(told.final, records):
                deals[client].append((subject, told))
    ranks = {name: {stage: n for n, stage in enumerate(line, 1)} for name, line in about.org.stages.items()}
    for client, own in deals.items():
        for one in _changes(own, ranks):
            yield client, one


def _clients(facts: Facts, records: Mapping[str, Record]) -> list[str]:
    """The account that a deal names; without one its contacts, for each its account where it has one."""
    if account := facts.get("account_id"):
        found = [f"account/{account}"]
    else:
        people = (f"contact/{contact}" for contact in facts.get("contact_ids") or ())
        found = [_account_of(one, records) or one for one in people if not is_deleted(records.get(one, UNKNOWN))]
    return [one for one in dict.fromkeys(found) if not is_deleted(records.get(one, UNKNOWN))]


def _account_of(contact: str, records: Mapping[str, Record]) -> str:
    told = story(records.get(contact, UNKNOWN))
    account = told.final.get("account_id") if told else None
    return f"account/{account}" if account else ""


def _changes(deals: list[tuple[str, Story]], ranks: Mapping[str, Mapping[str, int]]) -> Iterator[Moment]:
    """The stand of a client whenever it becomes another one."""
    open_now: dict[str, Stand] = {}
    places: list[tuple[Place, str]] = []
    before: Stand | None = None
    steps = sorted(
        (step for subject, told in deals for step in _steps(subject, told, ranks)), key=lambda step: step[:2]
    )
    for time_ns, now in groupby(steps, key=lambda step: step[0]):
        for _, subject, stand in now:
            if left := open_now.pop(subject, None):
                del places[bisect_left(places, (left.place, subject))]
            if stand:
                open_now[subject] = stand
                insort(places, (stand.place, subject))
        furthest = open_now[places[0][1]] if places else None
        if furthest != before:
            yield from _moved(milliseconds(time_ns), before, furthest)
        before = furthest


def _steps(
    subject: str, told: Story, ranks: Mapping[str, Mapping[str, int]]
) -> Iterator[tuple[int, str, Stand | None]]:
    """Where a deal is from an instant (ns) on, nowhere while it is closed; of several at one instant the last counts."""
    current = holder(told.final)
    for time_ns, facts in {point.time_ns: point.facts for point in told.points}.items():
        if facts.get("status", "open") in CLOSED:
            yield time_ns, subject, None
        else:
            rank = ranks.get(facts.get("pipeline_id") or "", {}).get(facts.get("stage_id") or "", 0)
            yield time_ns, subject, Stand((-rank, told.created_ns, subject), told.seen(facts), current)


def _moved(at_ms: int, before: Stand | None, after: Stand | None) -> Iterator[Moment]:
    for stand, sign in ((before, -1), (after, 1)):
        if stand:
            yield Moment("client.placed", at_ms, holder(stand.facts), stand.current, stand.facts, sign)
