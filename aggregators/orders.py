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
    left: Amount | None = value["amount"]
    for point in told.points:
        if point.stated.get("status") == "refunded":
            paid = amount(point.stated.get("refund")) or left
            if paid:
                back = Amount(-paid.units, paid.currency)
                yield moment("order.refunded", point.entry.time_ns, told, amount=back, products=None)
                left = _less(left, paid, currency)


def _less(left: Amount | None, paid: Amount, currency: str) -> Amount | None:
    """What is left to pay back of an order; a refund in another currency does not tell."""
    if left is None or (left.currency or currency) != (paid.currency or currency):
        return left
    return Amount(max(0, left.units - paid.units), left.currency)


def contract(told: Story) -> Iterator[Moment]:
    """Return what a contract contributes: that it was signed, for the first time."""
    signed = next((p for p in told.points if p.stated.get("status") == "signed"), None)
    if signed:
        yield moment("contract.signed", signed.entry.time_ns, told)
