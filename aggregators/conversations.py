"""Conversations: threads of mail and chats, as the messages tell that name them, and what was answered.

Nothing is known of a conversation but what its messages say: ``links`` has of each ``[instant (ns), ours, by a person, holder,
channel, source]``, by its subject.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from aggregators.business_hours import BusinessHours
from aggregators.moment import Moment
from aggregators.story import Facts, milliseconds

Links = Mapping[str, list[Any]]

ENTITIES = {"email": ("thread_id", "thread"), "message": ("conversation_id", "conversation")}
"""Entities of messages: the member that names the conversation, and the entity of that."""
OURS = "message"
"""The fact that names our message of a turn."""
MATURE_MS = 14 * 86_400_000
"""So long an answer is waited for."""


def holds(subject: str) -> bool:
    """Tell whether a record is a conversation."""
    return subject.partition("/")[0] in {entity for _, entity in ENTITIES.values()}


class Message(NamedTuple):
    """One message: when, by which side, by a person or not, and what it counts by."""

    at_ns: int
    subject: str
    ours: bool
    human: bool
    holder: str
    facts: Facts


def moments(links: Links, hours: BusinessHours) -> Iterator[Moment]:
    """Return what a conversation contributes: whether ours were answered in time, and how long each answer took, theirs and ours."""
    messages = sorted((_message(subject, link) for subject, link in links.items()), key=lambda each: each[:2])
    said = [each for each in messages if each.human]
    if messages and messages[0].ours and messages[0].human:
        yield _due(messages[0], next((each for each in said if not each.ours), None))
    waiting: Message | None = None
    for each in said:
        if each.ours:
            waiting = waiting or each
        elif waiting:
            took_ms = milliseconds(each.at_ns) - milliseconds(waiting.at_ns)
            yield _moment("thread.replied", each.at_ns, waiting, took_ms=took_ms)
            waiting = None
    yield from _answered(said, hours)


def _message(subject: str, link: list[Any]) -> Message:
    at_ns, ours, human, holder, channel, source = link
    facts = {"activity": subject.partition("/")[0], "channel": channel, "source": source}
    return Message(at_ns, subject, ours, human, holder, facts)


def _due(first: Message, answer: Message | None) -> Moment:
    """A conversation that we began counts when it is answered, else when no answer is waited for any more."""
    due_ns = first.at_ns + MATURE_MS * 1_000_000
    met = answer is not None and milliseconds(answer.at_ns) <= milliseconds(due_ns)
    return _moment("thread.due", answer.at_ns if answer and met else due_ns, first, met=met)


def _answered(said: list[Message], hours: BusinessHours) -> Iterator[Moment]:
    """Each first message of theirs that was not answered yet, when we answer it; worked is in the hours of who does."""
    asked: Message | None = None
    for each in said:
        if not each.ours:
            asked = asked or each
        elif asked:
            since_ms, at_ms = milliseconds(asked.at_ns), milliseconds(each.at_ns)
            worked_ms = partial(hours.between, each.holder, since_ms, at_ms)
            yield _moment("thread.answered", each.at_ns, each, took_ms=at_ms - since_ms, worked_ms=worked_ms)
            asked = None


def _moment(anchor: str, at_ns: int, ours: Message, **extra: object) -> Moment:
    """It is found by our message, whose account and contacts are those of the conversation."""
    facts = {**ours.facts, OURS: ours.subject, **extra}
    return Moment(anchor, milliseconds(at_ns), ours.holder, ours.holder, facts)
