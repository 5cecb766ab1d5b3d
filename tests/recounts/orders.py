"""Quotes, orders and contracts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction

from tests.recounts import links
from tests.recounts.deals import deal_part, line_amount, pipeline, worth
from tests.recounts.record import EVER_NS, Part, Record, data, time_ns
from tests.recounts.told import Told, created


def quotes_created(it: Told) -> Iterator[Part]:
    for quote, part in zip(it.live("quote"), created(it, "quote"), strict=True):
        yield replace(part, dims={**part.dims, "pipeline": pipeline(it, quote, part.at_ns)})


def confirmed(it: Told) -> Iterator[tuple[Record, int]]:
    """Orders that count, and since when."""
    for order_ in it.live("order"):
        since: list[int] = []
        for event in order_.happened("crm.order.status_changed"):
            if data(event)["new"] == "confirmed":
                since.append(time_ns(event["time"]))
            elif data(event)["new"] == "cancelled":
                since.clear()
        if since:
            yield order_, since[0]


def orders_count(it: Told) -> Iterator[Part]:
    for order_, at_ns in confirmed(it):
        yield deal_part(it, order_, at_ns)


def orders_value(it: Told) -> Iterator[Part]:
    for order_, at_ns in confirmed(it):
        yield worth(it, order_, at_ns, EVER_NS)
        left = dict[str, Fraction]()
        if value := order_.final("value"):
            left[value["currency"]] = Fraction(value["amount"])
        else:
            for amount, currency in (line_amount(it, order_, line) for line in order_.final("lines") or []):
                left[currency] = left.get(currency, Fraction(0)) + amount
        own = [*left]
        for event in order_.happened("crm.order.status_changed"):
            if data(event)["new"] == "refunded":
                if all(left.get(c, 0) <= 0 for c in own):
                    left = {}
                refund = data(event).get("refund")
                paid = {refund["currency"]: Fraction(refund["amount"])} if refund else left
                when = time_ns(event["time"])
                part = replace(deal_part(it, order_, when), products={})
                top, part.missing_rate = it.money([(a, c) for c, a in paid.items()], it.day(when))
                part.top = -top
                left = {c: left.get(c, Fraction(0)) - paid.get(c, Fraction(0)) for c in {*left, *paid}}
                yield part


def sold(it: Told, *, profit: bool) -> Iterator[Part]:
    for sale, at_ns, _ in links.sales(it):
        part = deal_part(it, sale, at_ns)
        part.top, part.products = Fraction(0), {product: (Fraction(0), False) for product in part.products}
        for line in sale.final("lines") or []:
            found = Fraction(round(Fraction(str(line.get("quantity", 1))) * 10_000), 10_000)
            if profit:
                found = Fraction(0)
                if line.get("unit_cost") and line.get("unit_price"):
                    price = line_amount(it, sale, line)
                    cost = line_amount(it, sale, {**line, "unit_price": line["unit_cost"]})
                    found, part.missing_rate = it.money([price, (-cost[0], cost[1])], it.day(at_ns))
            part.top += found
            part.products[line["product_id"]] = part.products[line["product_id"]][0] + found, False
        yield part


def contracts_signed(it: Told) -> Iterator[Part]:
    for contract in it.live("contract"):
        signed = [e for e in contract.happened("crm.contract.status_changed") if data(e)["new"] == "signed"]
        if signed:
            at_ns = time_ns(signed[0]["time"])
            yield Part(at_ns, *contract.holder(at_ns), contract.timeless)


FLOWS: dict[str, Callable[[Told], Iterator[Part]]] = {
    "quotes_created": quotes_created,
    "orders_count": orders_count,
    "orders_value": orders_value,
    "contracts_signed": contracts_signed,
    "units_sold": lambda it: sold(it, profit=False),
    "gross_profit": lambda it: sold(it, profit=True),
}
MONEY = {"orders_value", "units_sold", "gross_profit"}
