"""What was earned beside what was done: the one is by no activity, and comes some time after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aggregators.results import LAGGED, PerActivity, usual_ms
from aggregators.tables import Row
from aggregators.windows import Window
from api.query.scan import Key

if TYPE_CHECKING:
    from api.query.distinct import Sums
    from api.query.sums import Summing

BY = "activity"


async def earned_and_done(summing: Summing, formula: PerActivity, windows: Sequence[Window]) -> list[Sums]:
    """Return the sums of each window: by activity all that was earned; lagged, what was done a sales cycle before."""
    asked = summing.asked
    by = tuple(name for name in asked.by if name != BY)
    where = tuple(pair for pair in asked.where if pair[0] != BY)
    free = summing.asking(asked._replace(by=by, where=where))
    earned = await free.part("count", (formula.earned,), windows)
    if asked.variant == LAGGED:
        cycles = await free.asking(free.asked._replace(by=())).part("count", (formula.cycle,), windows)
        windows = [_before(window, formula, of.whole) for window, of in zip(windows, cycles, strict=True)]
    done = await summing.part("count", (formula.done,), windows)
    return [_joined(asked.by, of, did) for of, did in zip(earned, done, strict=True)]


def _before(window: Window, formula: PerActivity, cells: Row) -> Window:
    """The same window earlier by a usual sales cycle; one of nothing where there is none."""
    lag_ms = usual_ms(cells, formula.cycle)
    return Window(0, 0) if lag_ms is None else Window(window.from_ms - lag_ms, window.to_ms - lag_ms)


def _joined(by: Sequence[str], earned: Sums, done: Sums) -> Sums:
    def less_activity(key: Key) -> Key:
        return tuple(value for name, value in zip(by, key, strict=True) if name != BY)

    shared: dict[Key, Row] = earned.groups if by != (BY,) else {(): earned.whole}
    keys = dict.fromkeys([*done.groups, *(earned.groups if BY not in by else ())])
    groups = {key: {**shared.get(less_activity(key), {}), **done.groups.get(key, {})} for key in keys}
    return done._replace(whole={**earned.whole, **done.whole}, groups=groups)
