"""Contacts and accounts: who there is to sell to."""

from collections.abc import Iterator
from typing import Any

from aggregators.moment import Moment, level, moment
from aggregators.sales import Links, is_customer
from aggregators.story import Facts, Story
from events import Data


def account(told: Story) -> Iterator[Moment]:
    """Return what an account contributes."""
    yield moment("account.created", told.created_ns, told)


def contact(told: Story, links: Links) -> Iterator[Moment]:
    """Return what a contact contributes."""
    yield moment("contact.created", told.created_ns, told, customer=is_customer(links))
    before: Any = None
    for point in told.points:
        stage = point.facts.get("lifecycle")
        if before is None and stage is not None:
            before = _former_stage(point.entry.data)
        if before is not None and stage is not None and stage != before:
            yield moment("contact.moved", point.entry.time_ns, told)
        before = stage
    yield from level("contact.live", told, ((point.time_ns, _live(told, point.facts)) for point in told.points))


def _former_stage(data: Data) -> Any:
    """The stage that a contact was in before, where nothing but the change tells."""
    change = (getattr(data, "changed", None) or {}).get("lifecycle")
    return change.old if change else None


def _live(told: Story, timed: Facts) -> Facts:
    """The facts of an instant; the fields that are filled have no order, so that contacts alike have one effect."""
    filled = timed.get("filled")
    return told.seen(timed) | {
        "filled": tuple(sorted({str(name) for name in filled})) if isinstance(filled, list) else ()
    }
