"""Deals: open with a value, a stage and a health, then won or lost."""

from collections.abc import Iterator
from typing import Any

from aggregators.moment import Moment, level, moment
from aggregators.money import PROBABILITY, Amount, amount, by_product
from aggregators.story import Facts, Story, milliseconds

CLOSED = frozenset({"won", "lost"})


def moments(told: Story) -> Iterator[Moment]:
    """Return what a deal contributes."""
    yield moment("deal.created", told.created_ns, told, **_worth(told.final))
    last = next((p for p in reversed(told.points) if "status" in p.stated), None)
    if last and last.stated["status"] in CLOSED:
        closed_ns = last.entry.time_ns
        cycle_ms = max(0, milliseconds(closed_ns) - milliseconds(told.created_ns))
        reason = normalised(last.stated.get("lost_reason"))
        extra: dict[str, Any] = {"status": last.stated["status"], "cycle_ms": cycle_ms, "lost_reason": reason}
        yield moment("deal.closed", closed_ns, told, **extra, **_worth(told.final))
    yield from level("deal.open", told, _steps(told))


def normalised(text: object) -> str | None:
    """Return free text in one spelling: no outer or double spaces, no difference of case."""
    return " ".join(str(text).split()).casefold() or None if text else None


def _steps(told: Story) -> Iterator[tuple[int, Facts | None]]:
    for point in told.points:
        facts = point.facts
        if facts.get("status", "open") in CLOSED:
            yield point.time_ns, None
        else:
            probability = facts.get("probability")
            parts = None if probability is None else round(probability * PROBABILITY)
            yield point.time_ns, {**told.seen(facts), **_worth({**told.final, "value": facts.get("value")}), "parts": parts}


def _worth(facts: Facts) -> dict[str, Any]:
    """The amount of a deal (its value, else the sum of its lines) and that of each of its products."""
    value = amount(facts.get("value"))
    products = by_product(facts.get("lines") or [], value.currency if value else "")
    if value is None and products:
        value = Amount(sum(p.units for p in products.values()), next(iter(products.values())).currency)
    return {"amount": value, "products": products}
