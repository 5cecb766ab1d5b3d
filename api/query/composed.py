"""The sums of KPIs that are made of others: each part by itself, by the same groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aggregators.composed import Composed, Part
from aggregators.formulas import read_by
from aggregators.tables import Row
from aggregators.windows import Window
from api.query.scan import Key
from api.query.selection import reach

if TYPE_CHECKING:
    from api.query.distinct import Sums
    from api.query.sums import Summing


async def parts_of(summing: Summing, formula: Composed, windows: Sequence[Window]) -> list[Sums]:
    """Return the sums of all parts in each window."""
    found = [await _sums(summing, part, windows) for part in formula.of.values()]
    return [joined(each) for each in zip(*found, strict=True)]


async def _sums(summing: Summing, part: Part, windows: Sequence[Window]) -> list[Sums]:
    asked = summing.asked
    kpi = summing.kpi._replace(kind="gauge" if part.gauge else "count", formula=part.formula)
    if part.gauge:
        windows = [Window(0, min(window.to_ms, asked.now_ms)) for window in windows]
    reached = reach(windows)
    each = asked._replace(kpi=kpi, of=None, window=reached, at_ms=reached.to_ms, stat="")
    return [
        one._replace(
            whole=read_by(part.formula, one.whole), groups={k: read_by(part.formula, r) for k, r in one.groups.items()}
        )
        for one in await summing.asking(each).over(windows)
    ]


def joined(sums: Sequence[Sums]) -> Sums:
    """Return sums of different measures as one."""
    whole: Row = {}
    groups: dict[Key, Row] = {}
    for one in sums:
        whole |= one.whole
        for key, row in one.groups.items():
            groups[key] = {**groups.get(key, {}), **row}
    return sums[0]._replace(whole=whole, groups=groups)
