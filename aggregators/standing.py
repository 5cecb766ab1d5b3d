"""How accounts and we stand as of an instant: when they were last heard of, how engaged they are, how strong the tie is."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from aggregators import tickets
from aggregators.about import About
from aggregators.moment import NOBODY, Moment, holder
from aggregators.record import Record
from aggregators.sales import SALE
from aggregators.story import Facts, Story, milliseconds
from aggregators.touches import Touch, Touches
from aggregators.windows import Window

ByWindow = Callable[[Window], Iterator[tuple[str, Moment]]]
"""From a window to what is told as of its end."""

DAY_NS = 86_400 * 10**9
RECENT_DAYS, LONG_DAYS, CADENCE_DAYS = 90, 365, 90
OFTEN, MANY = 12, 3
"""So many touches in the recent days are often, so many contacts who take part are many."""
MICRO = 10**6
WEIGHTS = {"recency": 40, "frequency": 20, "reply": 20, "breadth": 20}
"""How many of the 100 points of an engagement level each part gives."""

TIES = ("reciprocity", "recency", "contacts", "csat")
"""The parts that the strength of a relationship is the product of."""


class Account(NamedTuple):
    """An account that is there: its touches in order, when they took part or opened a mail, its first sale, its ratings."""

    subject: str
    told: Story | None
    touches: list[Touch]
    heard_ns: list[int]
    sale_ns: int | None
    rated: list[tuple[int, bool]]


def standing(records: Mapping[str, Record], about: About) -> ByWindow:
    """Return what tells of each account since when it was not heard of, whether it is neglected, and how engaged it is."""
    found = _accounts(records)

    def as_of(window: Window) -> Iterator[tuple[str, Moment]]:
        to_ms = window.to_ms
        for account in found:
            before = _before(account.touches, to_ms)
            last = next((touch for touch in reversed(before) if touch.mutual), None)
            facts = {
                "away_ms": to_ms - milliseconds(last.at_ns) if last else None,
                "neglected": _neglected(account, before, last, to_ms, about),
                **(_engagement(account, before, to_ms) if before else {}),
            }
            yield account.subject, _moment("account.stands", account, to_ms, facts)

    return as_of


def strength(records: Mapping[str, Record], _: About) -> ByWindow:
    """Return what tells of each account that was touched how strong the tie is."""
    found = _accounts(records)

    def as_of(window: Window) -> Iterator[tuple[str, Moment]]:
        to_ms = window.to_ms
        for account in found:
            if before := _before(account.touches, to_ms):
                yield account.subject, _moment("account.tied", account, to_ms, _strength(account, before, to_ms))

    return as_of


def _accounts(records: Mapping[str, Record]) -> list[Account]:
    touches = Touches(records)
    own = touches.by_account()
    own |= {s: [] for s in touches.stories if s.startswith("account/") and s not in own}
    opened, rated = defaultdict[str, list[int]](list), defaultdict[str, list[tuple[int, bool]]](list)
    for touch in touches.all:
        if touch.outbound and (instants := _opened(touches.stories[touch.subject])):
            for account in touches.accounts(touch):
                opened[account] += instants
    for account, at_ns, satisfied in _ratings(touches.stories, records):
        rated[account].append((at_ns, satisfied))
    return [
        Account(
            account,
            touches.stories.get(account),
            mine,
            sorted([*opened[account], *(touch.at_ns for touch in mine if touch.mutual)]),
            sale[0] if account in records and (sale := records[account].links.get(SALE)) else None,
            rated[account],
        )
        for account, mine in sorted(own.items())
    ]


def _opened(told: Story) -> list[int]:
    """When somebody opened or clicked a mail."""
    engaged = [point for point in told.points if point.entry.data.type == "crm.email.engaged"]
    return [point.entry.time_ns for point in engaged if point.stated.get("kind") in ("open", "click")]


def _ratings(stories: Mapping[str, Story], records: Mapping[str, Record]) -> Iterator[tuple[str, int, bool]]:
    for subject, told in stories.items():
        moments: Iterator[Moment] = iter(())
        if subject.startswith("ticket/"):
            moments = tickets.rated(told, records[subject].links)
        elif subject.startswith("feedback/"):
            moments = tickets.feedback(told)
        for one in moments:
            if one.facts.get("account_id"):
                yield f"account/{one.facts['account_id']}", one.at_ms * 10**6, tickets.satisfied(one.facts)


def _before(touches: Sequence[Touch], to_ms: int, days: int | None = None) -> Sequence[Touch]:
    """The touches before an instant, of the last days where they are said."""
    start = 0 if days is None else _since(touches, to_ms, days)
    return touches[start : bisect_left(touches, to_ms * 10**6, key=lambda touch: touch.at_ns)]


def _since(touches: Sequence[Touch], to_ms: int, days: int) -> int:
    return bisect_left(touches, to_ms * 10**6 - days * DAY_NS, key=lambda touch: touch.at_ns)


def _neglected(account: Account, before: Sequence[Touch], last: Touch | None, to_ms: int, about: About) -> bool:
    """Tell whether an account that buys, or was touched within a year, was not heard of for longer than its cadence."""
    to_ns = to_ms * 10**6
    buys = account.sale_ns is not None and account.sale_ns < to_ns
    if not buys and not _before(before, to_ms, LONG_DAYS):
        return False
    begun = [
        *([account.sale_ns] if buys and account.sale_ns is not None else []),
        *(touch.at_ns for touch in before[:1]),
    ]
    since_ns = last.at_ns if last else min(begun)
    cadence = about.cadence_days(account.subject)
    return to_ns - since_ns > (CADENCE_DAYS if cadence is None else cadence) * DAY_NS


def _engagement(account: Account, before: Sequence[Touch], to_ms: int) -> dict[str, int]:
    """The parts of an engagement level in millionths, and the level itself in millionths of a point."""
    recent = _before(before, to_ms, RECENT_DAYS)
    mutual = [touch for touch in recent if touch.mutual]
    parts = {
        "recency": _recency(account, to_ms),
        "frequency": _share(len(recent), OFTEN),
        "reply": _share(len(mutual), len(recent)),
        "breadth": _breadth(mutual),
    }
    found = {name: int(part * MICRO) for name, part in parts.items()}
    return {**found, "level": sum(WEIGHTS[name] * part for name, part in found.items())}


def _strength(account: Account, before: Sequence[Touch], to_ms: int) -> dict[str, int]:
    """The parts of a relationship's strength in millionths, and what they make together in millionths of a point."""
    recent = _before(before, to_ms, RECENT_DAYS)
    mutual, ours = [touch for touch in recent if touch.mutual], sum(touch.outbound for touch in recent)
    to_ns = to_ms * 10**6
    rated = [satisfied for at_ns, satisfied in account.rated if to_ns - LONG_DAYS * DAY_NS <= at_ns < to_ns]
    parts = {
        "reciprocity": _share(min(len(mutual), ours), max(len(mutual), ours)),
        "recency": _recency(account, to_ms),
        "contacts": _breadth(mutual),
        "csat": _share(sum(rated), len(rated)) if rated else Fraction(1),
    }
    together = parts["reciprocity"] * parts["recency"] * parts["contacts"] * parts["csat"]
    return {**{name: int(part * MICRO) for name, part in parts.items()}, "level": int(together * 100 * MICRO)}


def _recency(account: Account, to_ms: int) -> Fraction:
    """One less a share for each whole day since they were last heard of, none after the recent days."""
    at = bisect_left(account.heard_ns, to_ms * 10**6)
    days = (to_ms * 10**6 - account.heard_ns[at - 1]) // DAY_NS if at else RECENT_DAYS
    return Fraction(max(0, RECENT_DAYS - days), RECENT_DAYS)


def _breadth(mutual: Sequence[Touch]) -> Fraction:
    return _share(len({contact for touch in mutual for contact in touch.contacts}), MANY)


def _share(over: int, under: int) -> Fraction:
    return Fraction(min(over, under), under) if under else Fraction(0)


def _moment(anchor: str, account: Account, to_ms: int, extra: Facts) -> Moment:
    told, at_ms = account.told, to_ms - 1
    if told is None:
        return Moment(anchor, at_ms, NOBODY, NOBODY, extra)
    facts = told.as_of(to_ms * 10**6 - 1)
    return Moment(anchor, at_ms, holder(facts), holder(told.final), {**told.seen(facts), **extra})
