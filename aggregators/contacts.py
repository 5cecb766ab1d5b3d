"""Contacts and accounts: who there is to sell to."""

from collections.abc import Iterator
from typing import Any

from aggregators.moment import Moment, level, moment
from aggregators.sales import Links, is_customer
from aggregators.story import Story


def account(told: Story) -> Iterator[Moment]:
    """Return what an account contributes."""
    yield moment("account.created", told.created_ns, told)


def contact(told: Story, links: Links) -> Iterator[Moment]:
    """Return what a contact contributes."""
    yield moment("contact.created", told.created_ns, told, customer=is_customer(links))
    before: Any = None
    for point in told.points:
        stage = point.facts.get("lifecycle")
        if before is not None and stage is not None and stage != before:
            yield moment("contact.moved", point.entry.time_ns, told)
        before = stage
    yield from level("contact.live", told, ((point.time_ns, told.seen(point.facts)) for point in told.points))
