"""What is sold, and what it earns."""

from aggregators.formulas import Mean, Total
from aggregators.kpi import Kpi

AREA = "Revenue, profit & orders"

KPIS: tuple[Kpi, ...] = (
    Kpi("revenue_won", AREA, "core", "sum", "money",
        "user team org pipeline source channel region deal_type deal_subtype product custom", Total("revenue_won", "deals_won"),
        "Sum of the amounts of won deals at their close; the latest amount counts, the sum of the lines where none is given. Other "
        "currencies at the rate of the local day of the close; `fx_missing` tells what has no rate. By product, each line counts "
        "with its own value."),
    Kpi("avg_deal_size", AREA, "derived", "mean", "money",
        "user team org pipeline source channel region deal_type deal_subtype product", Mean("revenue_won", "deals_won"),
        "revenue_won / deals_won."),
)  # fmt: skip
