"""What is known of records now."""

from aggregators.record import Record
from aggregators.story import Facts, story


def known(record: Record | None) -> Facts:
    """Return the facts that hold now; none of a record that is not there or was deleted."""
    told = story(record) if record else None
    return told.final if told else {}
