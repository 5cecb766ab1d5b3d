"""Customers who stay: those there are when a window begins, and which of them there still are when it ends."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from aggregators.about import About
from aggregators.calendar import Calendar
from aggregators.formulas import DAY_MS
from aggregators.moment import NOBODY, Moment, moment
from aggregators.orders import confirmed
from aggregators.record import UNKNOWN, Record, is_deleted
from aggregators.sales import of
from aggregators.story import Story, milliseconds, story
from aggregators.windows import Window

YEAR_MS = 365 * DAY_MS
"""For so long after an order its account is a customer."""
ACTIVE = frozenset({"signed", "renewed"})


class Bought(NamedTuple):
    """What an account has of us: when its orders were confirmed (ms), and its contracts."""

    orders_ms: list[int]
    contracts: list[Story]


def kept(records: Mapping[str, Record], about: About) -> Callable[[Window], Iterator[tuple[str, Moment]]]:
    """Return what tells the customers as of the beginning of a window, and whether they are at its end."""
    found, calendar = _bought(records), about.org.calendar

    def told_of(window: Window) -> Iterator[tuple[str, Moment]]:
        from_ms, to_ms, _ = window
        for account, bought in found.items():
            before = any(from_ms - YEAR_MS <= at_ms < from_ms for at_ms in bought.orders_ms)
            if before or any(_runs(told, from_ms, calendar) for told in bought.contracts):
                again = any(from_ms <= at_ms < to_ms for at_ms in bought.orders_ms)
                stays = again or any(_runs(told, to_ms, calendar) for told in bought.contracts)
                yield account, _customer(story(records.get(account, UNKNOWN)), from_ms, stays=stays)

    return told_of


def _bought(records: Mapping[str, Record]) -> dict[str, Bought]:
    found: dict[str, Bought] = defaultdict(lambda: Bought([], []))
    for subject in sorted(records):
        record = records[subject]
        told = story(record) if subject.startswith(("order/", "contract/")) else None
        account = f"account/{of(told.final, record.links)}" if told and of(told.final, record.links) else ""
        if told is None or not account or is_deleted(records.get(account, UNKNOWN)):
            continue
        if subject.startswith("contract/"):
            found[account].contracts.append(told)
        elif point := confirmed(told):
            found[account].orders_ms.append(milliseconds(point.entry.time_ns))
    return found


def _runs(contract: Story, at_ms: int, calendar: Calendar) -> bool:
    """Tell whether a contract is active as of an instant: signed or renewed, and within its dates as they are known now."""
    at_ns = at_ms * 1_000_000 - 1
    start, end = (contract.final.get(name) for name in ("start", "end"))
    return (
        contract.created_ns <= at_ns
        and contract.as_of(at_ns).get("status") in ACTIVE
        and (not start or calendar.start_of(date.fromisoformat(start)) < at_ms)
        and (not end or at_ms <= calendar.day_end(end))
    )


def _customer(account: Story | None, at_ms: int, *, stays: bool) -> Moment:
    if account is None:
        return Moment("customer.counted", at_ms, NOBODY, NOBODY, {"stays": stays})
    return moment("customer.counted", at_ms * 1_000_000, account, stays=stays)
