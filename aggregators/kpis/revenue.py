"""What is sold, and what it earns."""

from aggregators.formulas import Mean, Total
from aggregators.kpi import Kpi
from aggregators.unsummed import Growth

AREA = "Revenue, profit & orders"

KPIS: tuple[Kpi, ...] = (
    Kpi("revenue_won", AREA, "core", "sum", "money",
        "user team org pipeline source channel region deal_type deal_subtype product custom", Total("revenue_won", "deals_won"),
        "Sum of the amounts of won deals at their close; the latest amount counts, the sum of the lines where none is given. Other "
        "currencies at the rate of the local day of the close; `fx_missing` tells what has no rate. By product, each line counts "
        "with its own value."),
    Kpi("growth_rate", AREA, "derived", "ratio", "ratio", "all", Growth(),
        "(X - X before) / |X before| of another KPI X (`of`), by the dimensions of that. Before is the window before, "
        "with variant `last_year` the same a year earlier; null where it was 0.", ("of", "variant")),
    Kpi("avg_deal_size", AREA, "derived", "mean", "money",
        "user team org pipeline source channel region deal_type deal_subtype product", Mean("revenue_won", "deals_won"),
        "revenue_won / deals_won."),
)  # fmt: skip
