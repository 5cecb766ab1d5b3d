"""What it takes to win customers, and where they come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction

from tests.recounts import links
from tests.recounts.activities import connected, logged, meetings_held
from tests.recounts.costs import spent
from tests.recounts.deals import closed, deal_part, worth
from tests.recounts.orders import orders_value
from tests.recounts.record import EVER_NS, Part
from tests.recounts.told import Told


def customer_acquisition_cost(it: Told) -> Iterator[Part]:
    yield from spent(it, "marketing", "sales")
    for part in links.account_sales(it, first=True):
        yield replace(part, top=Fraction(0))


def account_channel_effectiveness(it: Told) -> Iterator[Part]:
    won = [deal.final("account_id") for deal, *_ in closed(it, "won")]
    for account in it.live("account"):
        at_ns = account.created_ns
        yield Part(at_ns, *account.holder(at_ns), account.timeless, Fraction(account.key in won))


def touchpoint_conversion_rate(it: Told) -> Iterator[Part]:
    for sale, at_ns, _ in links.sales(it):
        yield replace(deal_part(it, sale, at_ns), bottom=0)
    yield from touchpoints(it, it.variant)


def touchpoints(it: Told, kind: str) -> Iterator[Part]:
    if kind == "meeting":
        yield from (replace(part, top=Fraction(0)) for part in meetings_held(it))
    elif kind == "call":
        yield from (replace(part, top=Fraction(0)) for call, part in logged(it, "call") if connected(call))
    for visit, part in logged(it, "visit"):
        if (visit.final("kind") or "session") == kind:
            said = visit.final("count")
            yield replace(part, top=Fraction(0), bottom=1 if said is None else said)


def revenue_per_visitor(it: Told) -> Iterator[Part]:
    for deal, _, at_ns, _ in closed(it, "won"):
        if not links.orders_of(it, deal):
            yield replace(worth(it, deal, at_ns, EVER_NS), bottom=0)
    for part in orders_value(it):
        yield replace(part, bottom=0)
    for kind in ("session", "store_entry"):
        yield from touchpoints(it, kind)


FLOWS: dict[str, Callable[[Told], Iterator[Part]]] = {
    "customer_acquisition_cost": customer_acquisition_cost,
    "account_channel_effectiveness": account_channel_effectiveness,
    "touchpoint_conversion_rate": touchpoint_conversion_rate,
    "revenue_per_visitor": revenue_per_visitor,
}
RATIOS: set[str] = {*FLOWS}
MONEY: set[str] = {"customer_acquisition_cost", "revenue_per_visitor"}
