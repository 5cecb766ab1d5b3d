"""What is added up of quotes, orders and contracts."""

from aggregators.measure import Measure, one

MEASURES: tuple[Measure, ...] = (
    Measure("quotes_created", ("quote.created",), "count", "", one),
    Measure("orders_count", ("order.confirmed",), "count", "", one),
    Measure("orders_value", ("order.confirmed", "order.refunded"), "money", "amount", lambda f: f["amount"]),
    Measure("contracts_signed", ("contract.signed",), "count", "", one),
)
