"""Quotes, orders and contracts."""

from collections.abc import Iterator

from aggregators.deals import worth
from aggregators.moment import Moment, moment
from aggregators.money import Amount, amount
from aggregators.sales import Links, kind
from aggregators.story import Point, Story


def quote(told: Story) -> Iterator[Moment]:
    """Return what a quote contributes; its revisions are events of the same quote."""
    yield moment("quote.created", told.created_ns, told)


def confirmed(told: Story) -> Point | None:
    """Return the first confirmation of an order since it was last cancelled, None where it is not confirmed."""
    found: Point | None = None
    for point in told.points:
        match point.stated.get("status"):
            case "confirmed":
                found = found or point
            case "cancelled":
                found = None
    return found


def order(told: Story, links: Links, currency: str) -> Iterator[Moment]:
    """Return what an order contributes: its confirmation, and what was paid back; nothing while it is not confirmed.

    ``currency`` is the organisation's: that of prices which name none.
    """
    point = confirmed(told)
    if point is None:
        return
    value = worth(told.final)
    yield moment("order.confirmed", point.entry.time_ns, told, sale=kind(told.final, links), **value)
    yield from _refunds(told, value["amount"], currency)


def _refunds(told: Story, value: Amount | None, currency: str) -> Iterator[Moment]:
    """What was paid back of an order. Of all that is left: what was paid before in another currency comes back at that day's rate."""
    own = (value.currency or currency) if value else ""
    left = {own: value.units} if value and value.units else {}
    for point in told.points:
        if point.stated.get("status") == "refunded":
            paid = amount(point.stated.get("refund"))
            for code, units in ({paid.currency: paid.units} if paid else left).items():
                back = Amount(-units, code)
                yield moment("order.refunded", point.entry.time_ns, told, amount=back, products=None)
            left = _less(left, own, paid)


def _less(left: dict[str, int], own: str, paid: Amount | None) -> dict[str, int]:
    """What is left of an order by currency, below 0 in others than its own; nothing once its own is paid back."""
    if paid is None or not left:
        return {}
    rest = left | {paid.currency: left.get(paid.currency, 0) - paid.units}
    return rest if rest[own] > 0 else {}


def contract(told: Story) -> Iterator[Moment]:
    """Return what a contract contributes: that it was signed, for the first time."""
    signed = next((p for p in told.points if p.stated.get("status") == "signed"), None)
    if signed:
        yield moment("contract.signed", signed.entry.time_ns, told)
