"""Deals: open with a value, a stage and a health, then won or lost."""

from collections.abc import Iterator
from typing import Any

from aggregators.moment import Moment, level, moment
from aggregators.money import PROBABILITY, Amount, amount, by_product
from aggregators.story import Facts, Story, milliseconds

CLOSED = frozenset({"won", "lost"})


def moments(told: Story) -> Iterator[Moment]:
    """Return what a deal contributes."""
    products, lines = _products(told.final)
    worth: dict[str, Any] = {"amount": amount(told.final.get("value")) or lines, "products": products}
    yield moment("deal.created", told.created_ns, told, **worth)
    last = next((p for p in reversed(told.points) if "status" in p.stated), None)
    if last and last.stated["status"] in CLOSED:
        closed_ns = last.entry.time_ns
        cycle_ms = max(0, milliseconds(closed_ns) - milliseconds(told.created_ns))
        reason = normalised(last.stated.get("lost_reason"))
        extra: dict[str, Any] = {"status": last.stated["status"], "cycle_ms": cycle_ms, "lost_reason": reason}
        yield moment("deal.closed", closed_ns, told, **extra, **worth)
    yield from level("deal.open", told, _steps(told, products, lines))


def normalised(text: object) -> str | None:
    """Return free text in one spelling: no outer or double spaces, no difference of case."""
    return " ".join(str(text).split()).casefold() or None if text else None


def _steps(told: Story, products: dict[str, Amount], lines: Amount | None) -> Iterator[tuple[int, Facts | None]]:
    for point in told.points:
        facts = point.facts
        if facts.get("status", "open") in CLOSED:
            yield point.time_ns, None
            continue
        seen = told.seen(facts)
        probability = facts.get("probability")
        seen["amount"] = amount(facts.get("value")) or lines
        seen["products"] = products
        seen["parts"] = None if probability is None else round(probability * PROBABILITY)
        yield point.time_ns, seen


def _products(facts: Facts) -> tuple[dict[str, Amount], Amount | None]:
    """The amount of each product of a deal, and that of all its lines."""
    lines = facts.get("lines")
    if not lines:
        return {}, None
    value = facts.get("value")
    products = by_product(lines, value["currency"] if value else "")
    return products, Amount(sum(p.units for p in products.values()), next(iter(products.values())).currency)
