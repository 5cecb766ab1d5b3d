"""Which stages of pipelines let the fewest deals through."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from aggregators.formulas import Duration, Together
from aggregators.tables import Row
from aggregators.unsummed import Bottlenecks
from aggregators.values import Context, Number
from aggregators.windows import Window
from api.query.answer import context_of, ordered, paged
from api.query.question import Question
from api.query.scan import Key
from api.query.sums import Summing
from api.query.tables import Directory, Tables

PLACE = ("pipeline", "stage")


class _Stage(NamedTuple):
    """What is known of a stage; ``stuck`` are the deals that went no further, ``p90`` (s) is None where none left it."""

    place: Key
    entered: int
    converted: int
    p90: Number | None

    @property
    def stuck(self) -> int:
        return self.entered - self.converted

    @property
    def weight(self) -> tuple[int, Number]:
        return self.stuck, self.p90 or 0


async def tell_bottlenecks(
    asked: Question, tables: Tables, directory: Directory, windows: Sequence[Window]
) -> list[dict[str, Any]]:
    """Return the stages of each window with their places, within each group where any are asked for."""
    formula = asked.kpi.formula
    assert isinstance(formula, Bottlenecks)
    kpi = asked.kpi._replace(kind="count", formula=Together(formula.measures))
    names = (*(name for name in asked.by if name not in PLACE), *PLACE)
    sums = await Summing(asked._replace(kpi=kpi, by=names), tables, directory).over(windows)
    return [
        _told(asked, names, formula, one.groups, context_of(directory.org, window.to_ms, "p90"))
        for window, one in zip(windows, sums, strict=True)
    ]


def _told(
    asked: Question, names: Sequence[str], formula: Bottlenecks, rows: Mapping[Key, Row], context: Context
) -> dict[str, Any]:
    entered = formula.measures[0]
    known = {key: _stage(key[-2:], row, formula, context) for key, row in rows.items() if row.get(entered)}
    within: dict[Key, list[_Stage]] = defaultdict(list)
    for key, stage in known.items():
        # By pipeline, each pipeline is a group of its own.
        within[key[:-1] if "pipeline" in asked.by else key[:-2]].append(stage)
    groups = [
        {"key": dict(zip(names, (*group[: len(names) - 2], *stage.place), strict=True)), **_form(stage, stages)}
        for group, stages in ordered(within)
        for stage in sorted(stages, key=lambda one: (-one.stuck, -(one.p90 or 0), one.place))
    ]
    return {"value": None, "n": sum(stage.entered for stage in known.values()), **paged(asked, groups)}


def _stage(place: Key, row: Row, formula: Bottlenecks, context: Context) -> _Stage:
    entered, converted, took = formula.measures
    p90 = Duration(took).value(row, context).value
    return _Stage(place, row[entered], row.get(converted, 0), p90)


def _form(stage: _Stage, among: Sequence[_Stage]) -> dict[str, Any]:
    parts = {
        "entered": stage.entered,
        "converted": stage.converted,
        "rate": Fraction(stage.converted, stage.entered),
        "stuck": stage.stuck,
        "time_in_stage_p90": stage.p90,
    }
    rank = 1 + sum(other.weight > stage.weight for other in among)
    return {"value": rank, "n": stage.entered, "parts": parts}
