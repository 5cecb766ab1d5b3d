"""What a measure is: one of the integers that KPIs are made of.

A measure is added up from the moments of its anchors. A count adds an integer, money adds 1/10,000 units under the name of
the measure (another currency than the organisation's under a name of its own), a duration adds a count, a sum of ms and a
histogram bucket; each of several names counts under the name of the measure and its own, ``measure/name``. A level's
measures are added when it begins and taken off when it ends.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from aggregators.story import Facts

LEVELS = frozenset(
    {
        "lead.open",
        "lead.awaiting",
        "lead.unanswered",
        "deal.open",
        "deal.stuck",
        "task.overdue",
        "task.unfulfilled",
        "meeting.overdue",
        "ticket.open",
        "ticket.breached",
        "contact.live",
        "client.placed",
        "field.live",
    }
)
"""Anchors whose moments begin and end something that is counted as of an instant."""
SINGLE = frozenset(
    {
        "call.logged",
        "email.logged",
        "message.logged",
        "meeting.held",
        "task.done",
        "task.completed",
        "lead.created",
        "deal.created",
        "account.created",
        "contact.created",
        "ticket.created",
        "quote.created",
        "lead.qualified",
        "lead.converted",
        "lead.lost",
        "deal.closed",
        "meeting.booked",
        "contract.signed",
        "order.confirmed",
    }
)
"""Anchors of which a record has one moment at most, that counts as one where it counts."""
SETTLED = frozenset({"task.settled"})
"""Anchors of what is decided though its instant may be still to come: in a KPI that is ``due`` it counts at once."""


class Measure(NamedTuple):
    """``read`` gives an integer for a count, an ``Amount`` for money, milliseconds for a duration, names; None or 0 adds nothing.

    It is shown the facts named in ``reads`` (space separated) and no others. What is not ``kept`` stands in no row, and is
    answered from the records.
    """

    name: str
    anchors: tuple[str, ...]
    kind: str
    reads: str
    read: Callable[[Facts], Any]
    suffix: Callable[[Facts], str] | None = None
    kept: bool = True

    @property
    def level(self) -> bool:
        """Tell whether the measure is held from an instant on rather than counted at one."""
        return self.anchors[0] in LEVELS

    @property
    def settled(self) -> bool:
        """Tell whether the measure counts at once what is still to come."""
        return self.anchors[0] in SETTLED


def one(_: Facts) -> int:
    """Count each moment once."""
    return 1


def took(facts: Facts) -> int:
    """Read how long something took by the calendar (ms)."""
    return facts["took_ms"]  # type: ignore[no-any-return]


def worked(facts: Facts) -> int:
    """Read how long something took in business hours (ms), which are worked out only where they are asked for."""
    return facts["worked_ms"]()  # type: ignore[no-any-return]
