"""What custom fields go together with: each value of one against all other deals."""

from collections.abc import Mapping, Sequence
from typing import Any

from aggregators.catalogue import BY_ID
from aggregators.fields import declared
from aggregators.formulas import Together
from aggregators.lift import Decided, Lift, Return, lifted, returned
from aggregators.savings import Saved
from aggregators.values import Value
from aggregators.windows import Window
from api.query.answer import context_for, form, grouped, value
from api.query.distinct import VALUE
from api.query.errors import ImpossibleError, Mistake
from api.query.question import Question
from api.query.scan import Key
from api.query.selection import NONE
from api.query.sums import Summing
from api.query.tables import Directory, Tables

FIELD, ENTITY = "field", "deal"
MINUTE_MS = 60_000
_COST = Saved("capture_ms", "captures", "hourly_cost")
Lifts = dict[Key, Value]
"""By the dimensions that are asked about; that of all has no key."""


async def tell_lift(
    asked: Question, tables: Tables, directory: Directory, windows: Sequence[Window]
) -> list[dict[str, Any]]:
    """Return how much more often deals are won with a field, or one of its values, in each window."""
    return [_told(asked, lifts) for lifts in await _lifts(asked, asked.kpi.formula, tables, directory, windows)]


def _told(asked: Question, found: Lifts) -> dict[str, Any]:
    groups = {key: form(one) for key, one in found.items() if key}
    return form(found[()]) | (grouped(asked, groups) if asked.by else {})


async def _lifts(
    asked: Question, formula: Any, tables: Tables, directory: Directory, windows: Sequence[Window]
) -> list[Lifts]:
    assert isinstance(formula, Lift)
    _check(asked)
    free = tuple(name for name in asked.by if name != VALUE)
    where = tuple(pair for pair in asked.where if pair[0] != VALUE)
    each = asked._replace(
        kpi=asked.kpi._replace(formula=formula), by=(*free, VALUE), where=where, entity=ENTITY, limit=asked.limit
    )
    sums = await Summing(each, tables, directory).over(windows)
    return [_compared(asked, {key: formula.of(row) for key, row in one.groups.items()}) for one in sums]


def _compared(asked: Question, rows: Mapping[Key, Decided]) -> Lifts:
    """What was decided with the values that are meant, against what was without."""
    wanted = [text for name, text in asked.where if name == VALUE]
    having: dict[Key, Decided] = {(): Decided()}
    whole: dict[Key, Decided] = {(): Decided()}
    for (*group, found), decided in rows.items():
        names = iter(group)
        key = tuple(found if name == VALUE else next(names) for name in asked.by)
        of = tuple(group)
        for kept in {(), of}:
            whole[kept] = whole.get(kept, Decided()).plus(decided)
        if found != NONE and all(found == text for text in wanted):
            for kept in {(), key}:
                having[kept] = having.get(kept, Decided()).plus(decided)
    keys = dict.fromkeys([*having, *((key for key in whole) if VALUE not in asked.by else ())])
    named = asked.field or FIELD in dict(asked.where)
    keys = keys if named else {key: None for key in keys if key}
    return {(): Value(None)} | {
        key: lifted(own := having.get(key, Decided()), _group(key, asked, whole).plus(own, -1)) for key in keys
    }


def _group(key: Key, asked: Question, whole: Mapping[Key, Decided]) -> Decided:
    return whole[tuple(part for part, name in zip(key, asked.by, strict=False) if name != VALUE)]


def _check(asked: Question) -> None:
    if not asked.field and FIELD not in asked.by and FIELD not in dict(asked.where):
        raise ImpossibleError(Mistake(FIELD, "says which custom field of deals; or ask by=field for each"))


async def tell_return(
    asked: Question, tables: Tables, directory: Directory, windows: Sequence[Window]
) -> list[dict[str, Any]]:
    """Return what filling a field earned beyond what it cost, in each window."""
    formula = asked.kpi.formula
    assert isinstance(formula, Return)
    lifts = await _lifts(asked, formula.lift, tables, directory, windows)
    beats = asked._replace(kpi=asked.kpi._replace(formula=Together((formula.active,))), by=(FIELD,), entity=ENTITY)
    used = await Summing(beats, tables, directory).over(windows)
    sold = asked._replace(kpi=BY_ID["avg_deal_size"], by=(), where=(), field="")
    sizes = await Summing(sold, tables, directory).over(windows)
    told = []
    for window, of, spent, size in zip(windows, lifts, used, sizes, strict=True):
        mean = value(sold, context_for(sold, directory.org, window), size.whole)
        active = {key[0]: row.get(formula.active, 0) for key, row in spent.groups.items()}
        returns = {key: _return(asked, directory, window, key, one, mean, active) for key, one in of.items()}
        told.append(_told(asked, returns))
    return told


def _return(
    asked: Question, directory: Directory, window: Window, key: Key, lift: Value, size: Value, active: Mapping[str, int]
) -> Value:
    """Of one field: what is declared that a capture takes, else the time that people were seen at it."""
    field = key[0] if key else asked.field or dict(asked.where).get(FIELD, "")
    if not field:
        return Value(None)
    minutes = declared(directory.org.entries, ENTITY).get(field, {}).get("capture_minutes")
    spent_ms = active.get(field, 0) if minutes is None else round(minutes * MINUTE_MS) * lift.n
    context = context_for(asked, directory.org, window)._replace(stat="sum")
    cost = _COST.value({_COST.measure: spent_ms}, context)
    assumed = {
        "capture_minutes": minutes,
        "minutes": spent_ms / MINUTE_MS,
        "hourly_cost": directory.org.own.get("hourly_cost"),
    }
    return returned(lift, size, cost, assumed)
