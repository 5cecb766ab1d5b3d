"""Sales: deals won and orders confirmed, and which of an account's was its first.

An order that names a deal is the same sale as that deal, and its figures win: where a deal has confirmed orders they are the
sales, and the deal is none beside them.
"""

from collections.abc import Mapping
from typing import Any

from aggregators.story import Facts

SALE = "sale"
"""The topic of an account's sales; of them it keeps the first: its instant (ns) and subject."""
MEMBER = "member"
"""The topic of an account's contacts and leads; of them it keeps all while it has a sale."""
ACCOUNT = "account_id"
SOLD = "order/"
"""What the subjects of those begin with that tell a deal that it is sold."""
FIRST, REPEAT = "first", "repeat"

Links = Mapping[str, list[Any]]


def of(facts: Facts, links: Links) -> str | None:
    """Return the account that a sale is of: the record's own, else that of the deal that it names."""
    known = [link[0] for teller, link in links.items() if teller.startswith("deal/")]
    return facts.get(ACCOUNT) or (known[0] if known else None)


def kind(facts: Facts, links: Links) -> str | None:
    """Return whether a sale is the first of its account or a later one, None where it is no account's."""
    if any(teller.startswith("account/") for teller in links):
        return FIRST
    return REPEAT if of(facts, links) else None


def is_customer(links: Links) -> bool:
    """Tell whether a contact or a lead has a sale: one that names it, or one of its account or of a contact of it."""
    return any(teller.startswith(("deal/", "order/", "account/", "contact/")) for teller in links)
