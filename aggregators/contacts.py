"""Contacts and accounts: who there is to sell to."""

from collections.abc import Iterator

from aggregators.moment import Moment, moment
from aggregators.story import Story


def account(told: Story) -> Iterator[Moment]:
    """Return what an account contributes."""
    yield moment("account.created", told.created_ns, told)


def contact(told: Story) -> Iterator[Moment]:
    """Return what a contact contributes."""
    yield moment("contact.created", told.created_ns, told)
