"""What it takes to win customers, and where they come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction

from tests import oracle
from tests.oracle import Oracle, Part, connected, logged
from tests.recounts import links
from tests.recounts.costs import spent


def customer_acquisition_cost(it: Oracle) -> Iterator[Part]:
    yield from spent(it, "marketing", "sales")
    for part in links.account_sales(it, first=True):
        yield replace(part, top=Fraction(0))


def account_channel_effectiveness(it: Oracle) -> Iterator[Part]:
    won = [deal.final("account_id") for deal, *_ in oracle.closed(it, "won")]
    for account in it.live("account"):
        at_ns = account.created_ns
        yield Part(at_ns, *account.holder(at_ns), account.timeless(), Fraction(account.key in won))


def touchpoint_conversion_rate(it: Oracle) -> Iterator[Part]:
    for sale, at_ns, _ in links.sales(it):
        yield replace(oracle.deal_part(it, sale, at_ns), bottom=0)
    yield from touchpoints(it, it.variant)


def touchpoints(it: Oracle, kind: str) -> Iterator[Part]:
    if kind == "meeting":
        yield from (replace(part, top=Fraction(0)) for part in oracle.meetings_held(it))
    elif kind == "call":
        yield from (replace(part, top=Fraction(0)) for call, part in logged(it, "call") if connected(call))
    for visit, part in logged(it, "visit"):
        if (visit.final("kind") or "session") == kind:
            said = visit.final("count")
            yield replace(part, top=Fraction(0), bottom=1 if said is None else said)


def revenue_per_visitor(it: Oracle) -> Iterator[Part]:
    for deal, _, at_ns, _ in oracle.closed(it, "won"):
        if not links.orders_of(it, deal):
            yield replace(oracle.worth(it, deal, at_ns, oracle.EVER_NS), bottom=0)
    for part in oracle.orders_value(it):
        yield replace(part, bottom=0)
    for kind in ("session", "store_entry"):
        yield from touchpoints(it, kind)


FLOWS: dict[str, Callable[[Oracle], Iterator[Part]]] = {
    "customer_acquisition_cost": customer_acquisition_cost,
    "account_channel_effectiveness": account_channel_effectiveness,
    "touchpoint_conversion_rate": touchpoint_conversion_rate,
    "revenue_per_visitor": revenue_per_visitor,
}
RATIOS: set[str] = {*FLOWS}
MONEY: set[str] = {"customer_acquisition_cost", "revenue_per_visitor"}
