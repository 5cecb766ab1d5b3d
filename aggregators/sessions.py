"""Sessions: who is in the system, and what they use of it."""

from collections.abc import Iterator

from aggregators.moment import Moment, moment
from aggregators.record import is_initial
from aggregators.story import Story


def heartbeat(told: Story) -> Iterator[Moment]:
    """Return what a heartbeat contributes: that its user was there."""
    beat = told.points[0].entry
    if is_initial(beat):
        yield moment("session.beat", told.created_ns, told, actor=beat.actor)
