"""What the system brings: what is earned, spared and spent in a window, and what was earned in the one that it is compared with."""

from collections.abc import Sequence
from typing import Any

from aggregators.composed import SystemReturn, system_return
from aggregators.formulas import Formula
from aggregators.values import Value
from aggregators.windows import Window
from api.query.answer import before, context_for, form, times
from api.query.question import Question
from api.query.sums import Summing
from api.query.tables import Directory, Tables


async def tell_system_return(
    asked: Question, tables: Tables, directory: Directory, windows: Sequence[Window]
) -> list[dict[str, Any]]:
    """Return it for each window; ``parts`` says what the baseline is, and of when."""
    formula = asked.kpi.formula
    assert isinstance(formula, SystemReturn)
    earlier = [before(asked, window, asked.variant or formula.variants[0]) for window in windows]

    async def values(part: Formula, of: Sequence[Window], stat: str = "") -> list[Value]:
        each = asked._replace(kpi=asked.kpi._replace(kind="sum", formula=part), stat=stat, variant="")
        sums = await Summing(each, tables, directory).over(of)
        return [
            part.value(one.whole, context_for(each, directory.org, window))
            for one, window in zip(sums, of, strict=True)
        ]

    found = [
        await values(formula.revenue, windows),
        await values(formula.revenue, earlier),
        await values(formula.savings, windows, "sum"),
        await values(formula.cost, windows),
    ]
    told = [form(system_return(*of_window)) for of_window in zip(*found, strict=True)]
    return [
        one | {"parts": {**one["parts"], "baseline_of": times(then, asked)}}
        for one, then in zip(told, earlier, strict=True)
    ]
