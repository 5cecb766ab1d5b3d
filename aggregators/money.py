"""Amounts of money as integers of 1/10,000 of a currency unit."""

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

from events.money import units

UNIT = 10_000
NONE = "(none)"
"""The product of what has none."""
PROBABILITY = 1_000_000
"""A probability counts as an integer of this many parts, so that a weighted amount stays an integer."""


class Amount(NamedTuple):
    """``units`` of 1/10,000 of ``currency``; an empty currency is the organisation's."""

    units: int
    currency: str


def amount(value: Mapping[str, str] | None) -> Amount | None:
    """Return a money member as an amount."""
    return _amount(value["amount"], value["currency"]) if value else None


@lru_cache(maxsize=4096)
def _amount(text: str, currency: str) -> Amount:
    return Amount(units(text), currency)


def by_product(lines: list[dict[str, Any]], currency: str) -> dict[str, Amount]:
    """Return the value of a sale's lines per product: quantity times unit price, rounded half to even."""
    found: dict[str, Amount] = {}
    for line in lines:
        product, price = line.get("product_id") or NONE, line.get("unit_price")
        quantity = line.get("quantity", 1)
        worth = price if isinstance(price, dict) else {"amount": price or "0", "currency": currency}
        value = units(worth["amount"]) * quantity if isinstance(quantity, int) else _times(worth["amount"], quantity)
        before = found.get(product, Amount(0, worth["currency"]))
        found[product] = Amount(before.units + value, worth["currency"])
    return found


def sold(lines: list[dict[str, Any]], currency: str) -> dict[str, dict[str, Amount]]:
    """Return what a sale's lines bring per product: ``quantity`` (of no currency), ``profit`` and ``uncosted``.

    Profit is that of the lines with a price and a cost, ``uncosted`` the value of those with a price alone.
    """
    found: dict[str, dict[str, Amount]] = {}
    for line in lines:
        quantity = line.get("quantity", 1)
        (price, code), (cost, _) = (_priced(line.get(name), quantity, currency) for name in ("unit_price", "unit_cost"))
        profit = 0 if price is None or cost is None else price - cost
        told = (
            Amount(round(Fraction(str(quantity)) * UNIT), ""),
            Amount(profit, code),
            Amount((cost is None and price) or 0, code),
        )
        product = line.get("product_id") or NONE
        before = found.get(product, {})
        found[product] = {
            name: Amount(before[name].units + one.units if before else one.units, one.currency)
            for name, one in zip(("quantity", "profit", "uncosted"), told, strict=True)
        }
    return found


def _priced(price: Any, quantity: float, currency: str) -> tuple[int | None, str]:
    if price is None:
        return None, currency
    text, code = (price["amount"], price["currency"]) if isinstance(price, dict) else (price, currency)
    return _times(text, quantity), code


def _times(price: str, quantity: float) -> int:
    return round(units(price) * Fraction(str(quantity)))
