"""What is added up of contacts and accounts."""

from aggregators.measure import Measure, one

MEASURES: tuple[Measure, ...] = (
    Measure("accounts_created", ("account.created",), "count", "", one),
    Measure("contacts_created", ("contact.created",), "count", "", one),
    Measure("contacts_created_customers", ("contact.created",), "count", "customer", lambda f: f["customer"]),
    Measure("contacts_total", ("contact.live",), "count", "", one),
    Measure("lifecycle_transitions", ("contact.moved",), "count", "", one),
)
