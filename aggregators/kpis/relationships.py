"""How customers answer."""

from aggregators.formulas import Duration, Ratio
from aggregators.kpi import Kpi

AREA = "Relationship health"

KPIS: tuple[Kpi, ...] = (
    Kpi("customer_retention_rate", AREA, "core", "ratio", "ratio", "user team org region segment",
        Ratio(("customers_kept",), ("customers_before",)),
        "Customers as of the window's beginning that had an order in it or have an active contract as of its end, or of now / all of "
        "them. Customers are accounts with an active contract, or with an order confirmed in the 365 x 24 hours before; an order that "
        "names no account is its deal's, a cancelled one is none. A contract is active from its signing and its `start` to its "
        "`end`, that day included, and to where it is said to have ended; the latest dates count. Owner, region and segment are the "
        "account's; deleted accounts are no customers.", due=True),
    Kpi("customer_reply_rate", AREA, "core", "ratio", "ratio", "user team org activity channel segment",
        Ratio(("threads_answered",), ("threads_due",)),
        "Conversations that began with our message, an e-mail with a `thread_id` or a message with a `conversation_id` by a person, "
        "and that the customer answered within 14 days / those and the ones whose 14 days are past; at the answer, else at the end "
        "of these, credited to who wrote the first message, else to its owner. Automated mail and bots answer nothing.", due=True),
    Kpi("customer_reply_time", AREA, "core", "duration", "s", "user team org activity channel segment", Duration("customer_reply"),
        "Time from our message in a conversation (as in customer_reply_rate), the first since the customer's last one, to the "
        "customer's next; each turn by itself, counted at the answer and credited to who wrote ours, else to its owner. Automated "
        "mail and bots are left out.", ("stat",)),
)  # fmt: skip
