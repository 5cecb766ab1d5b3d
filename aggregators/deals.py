"""Deals: open with a value, a stage and a health, then won or lost."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from aggregators import stages
from aggregators.moment import Moment, late, level, moment
from aggregators.money import NONE, PROBABILITY, Amount, amount, by_product, sold
from aggregators.org import Org
from aggregators.sales import SOLD, Links, kind
from aggregators.story import DAY_NS, Facts, Point, Story, milliseconds, reason

CLOSED = frozenset({"won", "lost"})


def moments(told: Story, links: Links, org: Org, *, staged: bool) -> Iterator[Moment]:
    """Return what a deal contributes; its confirmed orders are among its ``links``, with their values and lines.

    ``staged``: what it contributes to stages, too.
    """
    value = worth(told.final)
    yield moment("deal.created", told.created_ns, told, **value)
    yield from _closed(told, links, value)
    won = told.final.get("status") == "won"
    for loss in _losses(told):
        yield moment("deal.lost", loss.entry.time_ns, told, lost_reason=lost_reason(told, loss), won_back=won)
    if staged:
        yield from stages.moments(stages.steps(told), told.final, org)
    if org.stalled_after_days:
        yield from level("deal.stuck", told, _stuck(told, org.stalled_after_days))
    yield from level("deal.open", told, _steps(told))


def closes(told: Story, links: Links) -> Iterator[Moment]:
    """Return how a deal ended, and the orders that it is worth."""
    return _closed(told, links, worth(told.final))


def _closed(told: Story, links: Links, value: dict[str, Any]) -> Iterator[Moment]:
    """How a deal ended; one that is won and has orders is worth what these are."""
    last = _last(told)
    if last is None or last.stated["status"] not in CLOSED:
        return
    closed_ns, status = last.entry.time_ns, last.stated["status"]
    why = lost_reason(told, last) if status == "lost" else None
    extra = closed(milliseconds(told.created_ns), milliseconds(closed_ns), status, why)
    won = {} if status == "lost" else {link: said for link, said in links.items() if link.startswith(SOLD)}
    orders = [worth({"value": money, "lines": lines}) for money, lines in won.values()]
    if orders:
        goods = dict.fromkeys(product for each in orders for product in each["products"] or (NONE,))
        nothing: dict[str, Any] = dict.fromkeys(value) | {"products": goods, "sold": {}, "ordered": True}
        yield moment("deal.closed", closed_ns, told, **extra, **nothing)
    else:
        sale = kind(told.final, links) if status == "won" else None
        value = value if status == "won" else worth(last.facts)
        yield moment("deal.closed", closed_ns, told, **extra, **value, sale=sale)
    for each in orders:
        yield moment("deal.ordered", closed_ns, told, **extra, **each)


def won_ns(told: Story) -> int | None:
    """Return since when (ns) a deal is won, None where it is not."""
    last = _last(told)
    return last.entry.time_ns if last and last.stated["status"] == "won" else None


def closed_ns(told: Story) -> int | None:
    """Return since when (ns) a deal is won or lost, None where it is open."""
    last = _last(told)
    return last.entry.time_ns if last and last.stated["status"] in CLOSED else None


def _losses(told: Story) -> Iterator[Point]:
    """Each time that a deal was lost which was not lost by then."""
    was = None
    for point in told.points:
        status = point.stated.get("status", was)
        if status == "lost" != was:
            yield point
        was = status


def _last(told: Story) -> Point | None:
    return next((point for point in reversed(told.points) if "status" in point.stated), None)


def closed(created_ms: int, closed_ms: int, status: str, why: str | None) -> dict[str, Any]:
    """Return the facts of a close: how, after how long, and why."""
    return {"status": status, "cycle_ms": max(0, closed_ms - created_ms), "lost_reason": why}


def lost_reason(told: Story, loss: Point) -> str | None:
    """Return why a deal was lost."""
    return reason(told, loss, "lost_reason")


def _stuck(told: Story, days: Mapping[str, float]) -> Iterator[tuple[int, Facts | None]]:
    """From when on the deal is open in a stage for longer than so many days."""
    steps = stages.steps(told)

    def due_ns(point: Point) -> int | None:
        step = next(step for step in reversed(steps) if step.at_ns <= point.time_ns)
        said = None if step.status in CLOSED else days.get(step.place[1])
        return None if said is None else step.at_ns + round(said * DAY_NS)

    return late(told, map(due_ns, told.points))


def _steps(told: Story) -> Iterator[tuple[int, Facts | None]]:
    for point in told.points:
        facts = point.facts
        if facts.get("status", "open") in CLOSED:
            yield point.time_ns, None
        else:
            yield point.time_ns, opened(told.seen(facts), facts)


def opened(seen: Facts, timed: Facts) -> dict[str, Any]:
    """Return the facts of an open deal: what is seen of it, with what it was worth and its probability at the time."""
    probability = timed.get("probability")
    return {**seen, **worth(timed), "parts": None if probability is None else round(probability * PROBABILITY)}


def worth(facts: Facts) -> dict[str, Any]:
    """Return the amount of a deal or of its lines, and what these tell of each product and in all."""
    lines, value = facts.get("lines"), facts.get("value")
    found = dict.fromkeys(("products", "quantity", "profit", "uncosted"))
    if not lines:
        return {"amount": amount(value), "sold": {}, **found}
    currency = value["currency"] if value else ""
    products, parts = by_product(lines, currency), sold(lines, currency)
    return {
        "amount": amount(value) or _sum(products.values()),
        "sold": parts,
        "products": products,
        **{name: _sum(part[name] for part in parts.values()) for name in ("quantity", "profit", "uncosted")},
    }


def _sum(amounts: Iterable[Amount]) -> Amount:
    """The sum of amounts of one currency."""
    each = [*amounts]
    return Amount(sum(one.units for one in each), each[0].currency)
