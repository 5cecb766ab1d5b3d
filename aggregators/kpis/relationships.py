"""How customers answer."""

from aggregators.attribution import BANDS
from aggregators.averages import Average, Bands, Frequency, Outcome, Score
from aggregators.formulas import DAY_MS, Count, Duration, Ratio
from aggregators.kpi import Kpi
from aggregators.outreach import DEAL_DAYS, REPLY_DAYS
from aggregators.standing import CADENCE_DAYS, LONG_DAYS, MANY, OFTEN, RECENT_DAYS, TIES, WEIGHTS

AREA = "Relationship health"

_MUTUAL = "They took part where a call connected, a meeting was held, or a person of theirs wrote."

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
        "of these, credited to who wrote the first message, else to its owner; channel and segment are that message's. Automated mail "
        "and bots answer nothing.", due=True),
    Kpi("customer_reply_time", AREA, "core", "duration", "s", "user team org activity channel segment", Duration("customer_reply"),
        "Time from our message in a conversation (as in customer_reply_rate), the first since the customer's last one, to the "
        "customer's next; each turn by itself, counted at the answer and credited to who wrote ours, else to its owner; channel and "
        "segment are those of ours. Automated mail and bots are left out.", ("stat",)),
    Kpi("touch_frequency", AREA, "core", "mean", "touches", "user team org activity channel segment",
        Frequency({"customers": ("customer_touches", "customers_touched"), "prospects": ("prospect_touches", "prospects_touched")}),
        "Touches of accounts (as in touches_per_won_deal and accounts_touched, of ours and of theirs) / accounts with such a touch "
        "in the window / the days of the window until now, at least one, / 30; null where there was none. All time begins with the "
        "first touch. Variants `customers` and `prospects` tell those of accounts apart that had a sale by the touch (as in "
        "primary_sales), `parts` both; an account that became a customer within the window is in both.", ("variant",)),
    Kpi("channel_effectiveness", AREA, "derived", "ratio", "ratio", "user team org activity channel",
        Outcome("contacts_tried", {"reply": "contacts_replied", "meeting": "contacts_met", "win": "contacts_won"}),
        "Distinct contacts with a touch of ours in the window after which something came of it / distinct contacts with a touch "
        "of ours; by the channel and the activity of that touch, credited to who did it, else to its owner, else to that of the "
        f"contact. Variant `reply`: they took part in it or in another touch within {REPLY_DAYS} x 24 hours; `meeting`: in a "
        f"meeting within {DEAL_DAYS} days after it; `win`: a deal of theirs (as in outreach_to_deal_rate) that is won "
        f"was so within {DEAL_DAYS} days. {_MUTUAL}",
        ("variant",)),
    Kpi("frequency_response_curve", AREA, "core", "ratio", "ratio", "org pipeline channel segment",
        Bands("deals_paced_won", "deals_paced", tuple(BANDS)),
        "win_rate by how often deals were touched: `parts` has for each band of touches in 30 days (`0-1` is less than 2, `2-3` "
        "less than 4, `4-6` less than 7, `7+` the rest) deals won / deals won or lost (`value`) and the latter (`n`), at their "
        "close. Touches are those of touches_per_won_deal, the time is that in which they count, at least 30 days. The "
        "value is that of all bands."),
    Kpi("days_since_last_touch", AREA, "core", "duration gauge", "days", "user team org segment",
        Average("away", DAY_MS, ("p50", "p90", "mean", "count")),
        f"Days from the last touch of each account in which they took part to an instant, by the owner of the account then. {_MUTUAL} "
        "Accounts without one are left out, deleted ones too.", ("stat",)),
    Kpi("accounts_neglected", AREA, "core", "gauge", "accounts", "user team org segment", Count("accounts_neglected"),
        "Active accounts as of an instant whose last touch in which they took part (as in days_since_last_touch), else their "
        "first touch or sale, is longer ago than their cadence: the least `cadence_days` of the segments of accounts that they are in "
        f"now, else {CADENCE_DAYS} days. Active is an account with a sale at any time (as in primary_sales), or a touch within "
        f"{LONG_DAYS} days, by the owner of then. An account that others name and nothing was said of is not known of."),
    Kpi("engagement_level", AREA, "core", "gauge", "score", "user team org segment",
        Score("engagement_level", "accounts_known", {name: f"engagement_{name}" for name in WEIGHTS}),
        "Mean over the accounts that were ever touched of a score of 0 to 100 as of an instant: "
        + ", ".join(f"{points} for {name}" for name, points in WEIGHTS.items())
        + f". Recency falls from 1 to 0 in {RECENT_DAYS} days, day by day, since they last took part in a touch or opened or "
        f"clicked a mail of ours; the others are of the {RECENT_DAYS} days before: frequency is touches / {OFTEN}, reply is "
        f"touches in which they took part / touches, breadth is contacts who took part / {MANY}, each at most 1 and rounded "
        f"down to a millionth. `parts` are their means x 100. {_MUTUAL}"),
    Kpi("relationship_strength", AREA, "core", "gauge", "score", "user team org segment",
        Score("relationship_strength", "accounts_tied", {name: f"strength_{name}" for name in TIES}),
        "Mean over the accounts that were ever touched of 100 x reciprocity x recency x contacts x csat as of an instant. Reciprocity "
        f"is the lesser / the greater of the touches of ours and of those in which they took part, of {RECENT_DAYS} days; a meeting is "
        "both. Recency and contacts are recency and breadth of engagement_level. Csat is satisfied / rated (as in csat_score) of the "
        f"account's tickets and feedback in {LONG_DAYS} days, 1 without any. It is made of the exact parts, and rounded down to a "
        "millionth. `parts` are their means x 100."),
)  # fmt: skip
