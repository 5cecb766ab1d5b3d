"""What is sold, and what it earns."""

from aggregators.attribution import MODELS
from aggregators.composed import Composed, Part, marketing_return
from aggregators.formulas import Count, Mean, Sold, Total
from aggregators.kpi import Kpi
from aggregators.results import Either
from aggregators.unsummed import Growth, Seasonality

AREA = "Revenue, profit & orders"

KPIS: tuple[Kpi, ...] = (
    Kpi("revenue_won", AREA, "core", "sum", "money",
        "user team org pipeline source channel region deal_type deal_subtype product custom", Total("revenue_won", "deals_won"),
        "Sum of the amounts of won deals at their close; the latest amount counts, the sum of the lines where none is given. Other "
        "currencies at the rate of the local day of the close; `fx_missing` tells what has no rate. By product, each line counts "
        "with its own value. Where confirmed orders name the deal they are the same sale: their amounts and products count "
        "instead of the deal's, at its close."),
    Kpi("attributed_revenue", AREA, "core", "sum", "money", "user team org source channel activity",
        Total("attributed_revenue", "attributions", variants=MODELS),
        "revenue_won, split over the touches of each deal until its close (as in touches_per_won_deal), at that close. `model` says "
        "how: `linear` gives all alike, `first` and `last` all to one, `u_shape` 40 % each to the first and the last and the rest to "
        "those between, half each to two. Credited to who did the touch, else to its owner, else to the deal's; by the "
        "source and the channel of the touch, else of the deal. A deal without touches counts as it is, with no activity. To "
        "1/10,000: all shares up to a touch are rounded down together, so that their sum is the revenue.", ("model",)),
    Kpi("marketing_roi", AREA, "derived", "ratio", "ratio", "org source channel",
        Composed({"revenue": Part(Total("attributed_revenue", "attributions")), "spend": Part(Total("spend_marketing", "spend_days"))},
                 marketing_return, variants=MODELS),
        "(attributed_revenue - marketing spend) / marketing spend (as in cost_per_lead) of the window, by the source and the channel "
        "of each; null where nothing was spent. `model` as in attributed_revenue.", ("model",)),
    Kpi("growth_rate", AREA, "derived", "ratio", "ratio", "all", Growth(variants=("previous", "last_year")),
        "(X - X before) / |X before| of another KPI X (`of`), by the dimensions of that. Before is the window before, "
        "with variant `last_year` the same a year earlier; null where it was 0.", ("of", "variant")),
    Kpi("seasonality_index", "Relationship health", "derived", "ratio", "index", "user team org channel source",
        Seasonality(variants=("year", "week")),
        "Another KPI X (`of`, by the dimensions of that) in the window / the mean of X in the same window of each earlier year,"
        " back to the first month of which anything is known; so with `every=month` the index of each month. Variant `week` "
        "compares with the same weekdays and hours of each of the 52 weeks before, for windows and buckets of at most 7 days. "
        "Of a window that is not over, the part up to now is compared with the same part. Null where X was told of fewer than 2"
        " of them, or was 0 on average; a group that has nothing of a count or sum in one of them has 0 there.", ("of", "variant")),
    Kpi("sales_heatmap", AREA, "derived", "sum", "money", "user team org region pipeline product weekday hour",
        Either({"won": Total("revenue_won", "deals_won"), "lost": Total("lost_value", "deals_lost")}),
        "revenue_won, or with variant `lost` deals_lost_value: by region, or by the weekday (`monday`, ...) and the hour (`00` to "
        "`23`) of the close in the organisation's zone. Region is that of the deal, ISO 3166-2.", ("variant",)),
    Kpi("quotes_created", AREA, "core", "count", "quotes", "user team org pipeline region product", Count("quotes_created"),
        "Distinct quotes created, credited to the owner at creation; revisions of one quote count once. `pipeline` is that of the "
        "deal that the quote names; a quote has no products."),
    Kpi("orders_count", AREA, "core", "count", "orders", "user team org source channel region product", Count("orders_count"),
        "Distinct orders confirmed, at the first confirmation since they were last cancelled, credited to the owner then. Cancelled "
        "ones are retracted, refunded ones are not; one that was never confirmed does not count. By product, an order counts once "
        "for each of its products. Orders that name one deal are each an order."),
    Kpi("orders_value", AREA, "core", "sum", "money", "user team org source channel region product",
        Total("orders_value", "orders_count"),
        "Sum of the amounts of the orders that orders_count counts, at their confirmation, less what was paid back, at the refund; "
        "a refund without an amount is of all that is left; what was paid back before in another currency counts against it at the "
        "rate of that day, also where it was more than all. The latest amount counts, the sum of the lines where none is given. "
        "Other currencies at the rate of the local day of each. By product each line counts with its own value, and refunds have "
        "none."),
    Kpi("units_sold", AREA, "core", "sum", "units", "user team org region product",
        Sold("units_sold", ("sales",)),
        "Sum of the quantities of the lines of deals won and orders confirmed, as deals_won and orders_count count them, to 1/10,000. "
        "Refunds take off nothing. A deal that confirmed orders name is the same sale as these: it counts by them alone."),
    Kpi("gross_profit", AREA, "core", "sum", "money", "user team org pipeline region deal_type deal_subtype product",
        Sold("gross_profit", ("sales",), "uncosted_value"),
        "Sum of quantity x (price - cost) over the lines of deals won and orders confirmed, as deals_won and orders_count count "
        "them, at the rate of that day. Lines without a cost are left out and their value is told as `cost_missing`; so are those "
        "without a price. Refunds take off nothing. Pipeline and deal types of an order are those of the deal that it names; that "
        "deal counts by its confirmed orders alone."),
    Kpi("primary_sales", AREA, "core", "count sum", "sales, money", "user team org source channel region product",
        Count("primary_sales", "primary_value"),
        "First sales of accounts: of all deals won and orders confirmed of an account the earliest, as deals_won and orders_count "
        "count them. A deal that confirmed orders name is the same sale as these, which count alone, each by itself; an order that "
        "names no account is its deal's. What is of no account is no sale of one. `stat=sum` for their amounts, without refunds. "
        "Where the first is deleted, reopened or cancelled the next is the first.", ("stat",)),
    Kpi("repeat_sales", AREA, "core", "count sum", "sales, money", "user team org source channel region product",
        Count("repeat_sales", "repeat_value"),
        "Sales of accounts (as in primary_sales) that are not the first; `stat=sum` for their amounts, without refunds.", ("stat",)),
    Kpi("new_customers", AREA, "core", "distinct", "accounts", "user team org source channel region", Count("primary_sales"),
        "Distinct accounts whose first sale (as in primary_sales) is in the window, credited as that is."),
    Kpi("contracts_signed", AREA, "core", "count", "contracts", "user team org region product", Count("contracts_signed"),
        "Distinct contracts signed, the first time, credited to the owner then; a renewal or an end changes nothing. A contract has "
        "no products."),
    Kpi("avg_deal_size", AREA, "derived", "mean", "money",
        "user team org pipeline source channel region deal_type deal_subtype product", Mean("revenue_won", "deals_won"),
        "revenue_won / deals_won."),
)  # fmt: skip
