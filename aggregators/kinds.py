"""What each kind of record contributes: which module tells its moments, from its story and what other records say of it."""

from collections.abc import Callable, Collection, Iterator
from itertools import chain
from typing import Any

from aggregators import (
    activities,
    contacts,
    conversations,
    costs,
    deals,
    leads,
    modules,
    orders,
    sessions,
    stages,
    tickets,
)
from aggregators.moment import Moment
from aggregators.org import Org
from aggregators.story import Story

Links = dict[str, list[Any]]
"""What other records say of a record, by their subject or topic."""


def moments(entity: str, told: Story, links: Links, org: Org, anchors: Collection[str]) -> Iterator[Moment]:
    """Return the moments of a record; of those that take long to tell only what is among the ``anchors`` that count."""
    told_by = _OF_ENTITY.get(entity)
    found = told_by(told, links, org, anchors) if told_by else iter(())
    return chain(found, modules.written(told)) if entity in modules.WRITTEN and "record.written" in anchors else found


def untold(entity: str, links: Links, org: Org) -> Iterator[Moment]:
    """Return the moments of a record of which nothing is known but what others say of it."""
    told_by = _UNTOLD.get(entity)
    return told_by(links, org) if told_by else iter(())


_OF_ENTITY: dict[str, Callable[[Story, Links, Org, Collection[str]], Iterator[Moment]]] = {
    "call": lambda told, *_: activities.logged(told),
    "email": lambda told, *_: activities.logged(told),
    "message": lambda told, *_: activities.logged(told),
    "meeting": lambda told, *_: activities.meeting(told),
    "task": lambda told, _, org, __: activities.task(told, org.due_ns),
    "account": lambda told, *_: contacts.account(told),
    "contact": lambda told, links, *_: contacts.contact(told, links),
    "lead": lambda told, links, org, _: leads.moments(told, links, org.response_target_ms, org.hours),
    "deal": lambda told, links, org, anchors: deals.moments(told, links, org, staged=stages.counted(anchors)),
    "quote": lambda told, *_: orders.quote(told),
    "order": lambda told, links, org, *_: orders.order(told, links, org.currency),
    "contract": lambda told, *_: orders.contract(told),
    "ticket": lambda told, links, org, _: tickets.moments(told, links, org.hours),
    "feedback": lambda told, *_: tickets.feedback(told),
    "heartbeat": lambda told, *_: sessions.heartbeat(told),
    "spend": lambda told, _, org, __: costs.spend(told, org),
    "automation": lambda told, *_: costs.automation(told),
    "visit": lambda told, *_: activities.visit(told),
}

_UNTOLD: dict[str, Callable[[Links, Org], Iterator[Moment]]] = {
    "ticket": lambda links, _: tickets.unknown(links),
    "thread": lambda links, org: conversations.moments(links, org.hours),
    "conversation": lambda links, org: conversations.moments(links, org.hours),
}
