"""Whom touches reach: accounts, contacts, and those who chat with us."""

from collections.abc import Iterator, Mapping

from aggregators.about import About
from aggregators.moment import NOBODY, Moment, holder
from aggregators.record import Record
from aggregators.sales import SALE
from aggregators.story import milliseconds
from aggregators.touches import Touch, Touches


def accounts(records: Mapping[str, Record], _: About) -> Iterator[tuple[str, Moment]]:
    """Return each touch of each account, which it may be a customer at."""
    touches = Touches(records)
    for touch in touches.all:
        for account in touches.accounts(touch):
            if not touches.is_gone(account):
                sale = records[account].links.get(SALE) if account in records else None
                customer = sale is not None and sale[0] <= touch.at_ns
                yield account, reached("account.touched", touch, touches, account, customer=customer)


def contacts(records: Mapping[str, Record], _: About) -> Iterator[tuple[str, Moment]]:
    """Return each touch in which a contact took part, by the source of the contact."""
    touches = Touches(records)
    for touch in touches.all:
        for contact in touch.contacts if touch.mutual else ():
            if not touches.is_gone(contact):
                told = touches.stories.get(contact)
                source = told.final.get("source") if told else None
                yield contact, reached("contact.touched", touch, touches, contact, source=source)


def chats(records: Mapping[str, Record], _: About) -> Iterator[tuple[str, Moment]]:
    """Return each message that a person of ours wrote in a conversation."""
    touches = Touches(records)
    for touch in touches.all:
        conversation = touch.facts.get("conversation_id")
        if touch.activity == "message" and touch.outbound and conversation:
            yield touch.subject, reached("chat.handled", touch, touches, f"conversation/{conversation}")


def reached(anchor: str, touch: Touch, touches: Touches, whom: str, **extra: object) -> Moment:
    """Return the moment of a touch, credited to who did it, else to its owner, else to that of whom it reached."""
    at_ms = milliseconds(touch.at_ns)
    facts = {**touch.facts, "whom": whom, "outbound": touch.outbound, "at_ms": at_ms, **extra}
    told = touches.stories.get(whom)
    if touch.holder != NOBODY or told is None:
        return Moment(anchor, at_ms, touch.holder, touch.current, facts)
    return Moment(anchor, at_ms, holder(told.as_of(touch.at_ns)), holder(told.final), facts)
