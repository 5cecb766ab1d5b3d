"""What is spent, and what automation saves."""

from collections.abc import Iterator
from datetime import date, timedelta

from aggregators.moment import Moment, moment
from aggregators.money import Amount, amount
from aggregators.org import Org
from aggregators.record import is_initial
from aggregators.story import Story, milliseconds


def spend(told: Story, org: Org) -> Iterator[Moment]:
    """Return what was spent, a part of it at the beginning of each local day that it is for; all parts make the amount."""
    whole = amount(told.final.get("value"))
    if whole is None:
        return
    first = _day(told, "start") or _day(told, "end") or org.calendar.day_of(milliseconds(told.created_ns))
    last = max(first, _day(told, "end") or first)
    days = (last - first).days + 1
    for n in range(days):
        units = whole.units * (n + 1) // days - whole.units * n // days
        at_ns = org.calendar.start_of(first + timedelta(days=n)) * 1_000_000
        yield moment("spend.day", at_ns, told, amount=Amount(units, whole.currency))


def _day(told: Story, member: str) -> date | None:
    return date.fromisoformat(told.final[member]) if told.final.get(member) else None


def automation(told: Story) -> Iterator[Moment]:
    """Return what a run of a workflow contributes."""
    run = told.points[0].entry
    if is_initial(run):
        yield moment("automation.run", told.created_ns, told, actor=run.actor)
