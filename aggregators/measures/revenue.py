"""What is added up of quotes, orders and contracts."""

from aggregators.measure import Measure, one
from aggregators.money import Amount
from aggregators.sales import FIRST, REPEAT
from aggregators.story import Facts

_SALES = ("deal.closed", "order.confirmed")


def _of_sale(facts: Facts, name: str) -> Amount | None:
    """A part of what was sold; quantities are amounts of no currency."""
    return facts.get(name) if facts.get("status") != "lost" else None


MEASURES: tuple[Measure, ...] = (
    Measure("quotes_created", ("quote.created",), "count", "", one),
    Measure("orders_count", ("order.confirmed",), "count", "", one),
    Measure("orders_value", ("order.confirmed", "order.refunded"), "money", "amount", lambda f: f["amount"]),
    Measure("sales", _SALES, "count", "status ordered", lambda f: f.get("status") != "lost" and not f.get("ordered")),
    Measure("sales_value", (*_SALES, "order.refunded"), "money", "status amount", lambda f: _of_sale(f, "amount")),
    Measure("primary_sales", _SALES, "count", "sale", lambda f: f.get("sale") == FIRST),
    Measure("primary_value", _SALES, "money", "sale amount", lambda f: f["amount"] if f.get("sale") == FIRST else None),
    Measure("repeat_sales", _SALES, "count", "sale", lambda f: f.get("sale") == REPEAT),
    Measure("repeat_value", _SALES, "money", "sale amount", lambda f: f["amount"] if f.get("sale") == REPEAT else None),
    Measure("units_sold", _SALES, "money", "status quantity sold", lambda f: _of_sale(f, "quantity")),
    Measure("gross_profit", _SALES, "money", "status profit sold", lambda f: _of_sale(f, "profit")),
    Measure("uncosted_value", _SALES, "money", "status uncosted sold", lambda f: _of_sale(f, "uncosted")),
    Measure("contracts_signed", ("contract.signed",), "count", "", one),
)  # fmt: skip
