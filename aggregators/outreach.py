"""What comes of reaching out: who answers, whom we meet, who gets a deal, who buys."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from aggregators import deals
from aggregators.about import About
from aggregators.moment import Moment
from aggregators.reach import reached
from aggregators.record import Record
from aggregators.story import DAY_NS, Story
from aggregators.touches import Touch, Touches

MEETING_DAYS, DEAL_DAYS, REPLY_DAYS = 30, 90, 14


class Deals:
    """When the deals of accounts and contacts were created, and when those that are won were, in order."""

    def __init__(self, touches: Touches) -> None:
        self.created: dict[str, list[int]] = defaultdict(list)
        self.won: dict[str, list[int]] = defaultdict(list)
        for _, told in touches.deals():
            won_ns = deals.won_ns(told)
            for subject in _whose(told):
                self.created[subject].append(told.created_ns)
                self.won[subject] += [] if won_ns is None else [won_ns]
        for times in (*self.created.values(), *self.won.values()):
            times.sort()


def _whose(told: Story) -> list[str]:
    """The account of a deal, and its contacts: those that it names, else (``of <account>``) all of its account."""
    account, people = told.final.get("account_id"), told.final.get("contact_ids") or ()
    own = [f"contact/{one}" for one in dict.fromkeys(people)]
    return own + ([f"account/{account}", *([] if own else [f"of {account}"])] if account else [])


def meetings(records: Mapping[str, Record], _: About) -> Iterator[tuple[str, Moment]]:
    """Return each meeting that was held, and whether it led to a deal."""
    touches = Touches(records)
    known = Deals(touches)
    for touch in touches.all:
        if touch.activity == "meeting":
            accounts = touches.accounts(touch)
            led = any(_follows(known.created[one], touch.at_ns, MEETING_DAYS) for one in accounts)
            yield touch.subject, reached("meeting.led", touch, touches, touch.subject, led=led or _won(touch, touches))


def _won(touch: Touch, touches: Touches) -> bool:
    told = touches.stories.get(f"deal/{touch.facts.get('deal_id')}")
    won_ns = deals.won_ns(told) if told else None
    return won_ns is not None and won_ns >= touch.at_ns


class Contact(NamedTuple):
    """A contact: its touches in order, when it took part in one, when it was met, and when its deals began and were won."""

    touches: list[Touch]
    mutual_ns: list[int]
    met_ns: list[int]
    deals_ns: list[int]
    won_ns: list[int]


def _contacts(touches: Touches) -> dict[str, Contact]:
    own: dict[str, list[Touch]] = defaultdict(list)
    for touch in touches.all:
        for contact in touch.contacts:
            own[contact].append(touch)
    known = Deals(touches)
    found = {}
    for contact, mine in own.items():
        if not touches.is_gone(contact):
            told = touches.stories.get(contact)
            names = [contact, *([f"of {told.final['account_id']}"] if told and told.final.get("account_id") else [])]
            mutual = [touch for touch in mine if touch.mutual]
            met = [touch.at_ns for touch in mutual if touch.activity == "meeting"]
            created, won = (sorted(at for name in names for at in of[name]) for of in (known.created, known.won))
            found[contact] = Contact(mine, [touch.at_ns for touch in mutual], met, created, won)
    return found


def begun(records: Mapping[str, Record], about: About) -> Iterator[tuple[str, Moment]]:
    """Return the first touch of each contact that is ours, and whether a deal came of it, or may still."""
    touches = Touches(records)
    for subject, contact in _contacts(touches).items():
        first = contact.touches[0]
        if first.outbound:
            deal = _follows(contact.deals_ns, first.at_ns, DEAL_DAYS)
            is_open = not deal and first.at_ns + DEAL_DAYS * DAY_NS >= about.now_ms * 10**6
            yield subject, reached("contact.begun", first, touches, subject, deal=deal, open=is_open)


def tried(records: Mapping[str, Record], _: About) -> Iterator[tuple[str, Moment]]:
    """Return each touch of ours of each contact, and what came of it."""
    touches = Touches(records)
    for subject, contact in _contacts(touches).items():
        for touch in contact.touches:
            if touch.outbound:
                facts = {
                    "reply": touch.mutual or _follows(contact.mutual_ns, touch.at_ns + 1, REPLY_DAYS),
                    "meeting": _follows(contact.met_ns, touch.at_ns + 1, DEAL_DAYS),
                    "win": _follows(contact.won_ns, touch.at_ns, DEAL_DAYS),
                }
                yield subject, reached("contact.tried", touch, touches, subject, **facts)


def _follows(times_ns: Sequence[int], since_ns: int, days: int) -> bool:
    """Tell whether there is an instant from one on that is at most so many days later."""
    at = bisect_left(times_ns, since_ns)
    return at < len(times_ns) and times_ns[at] <= since_ns + days * DAY_NS
