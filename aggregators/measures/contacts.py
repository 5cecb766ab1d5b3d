"""What is added up of contacts and accounts."""

from aggregators.measure import Measure, one

MEASURES: tuple[Measure, ...] = (
    Measure("accounts_created", ("account.created",), "count", "", one),
    Measure("contacts_created", ("contact.created",), "count", "", one),
    Measure("contacts_created_customers", ("contact.created",), "count", "customer", lambda f: f["customer"]),
    Measure("contacts_total", ("contact.live",), "count", "", one),
    Measure("fields_filled", ("contact.live",), "names", "filled", lambda f: f.get("filled")),
    Measure("contacts_compared", ("contact.compared",), "count", "", one),
    Measure("contacts_doubled", ("contact.compared",), "count", "doubled", lambda f: f["doubled"]),
    Measure("customers_before", ("customer.counted",), "count", "", one),
    Measure("customers_kept", ("customer.counted",), "count", "stays", lambda f: f["stays"]),
    Measure("lifecycle_transitions", ("contact.moved",), "count", "", one),
)
