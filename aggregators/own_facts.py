"""What a KPI of one's own may filter by, add up and be told by: what is known of the events or moments that it counts."""

from collections.abc import Iterable
from functools import cache

from msgspec import inspect

from aggregators.catalogue import KPIS, anchors_of
from aggregators.contribution import DIMENSIONS
from aggregators.happened import own_members
from aggregators.measures import MEASURES
from aggregators.story import facts_told
from events import EVENTS, Data, Money

OF_MOMENTS = frozenset({"lost_reason", "activity"})
"""Dimensions that the moments of the catalogue tell and plain events do not."""
MOMENTS = tuple(dict.fromkeys(anchor for measure in MEASURES for anchor in measure.anchors))


@cache
def facts(anchor: str) -> frozenset[str]:
    """Return the facts that are known of an anchor, but for custom fields and what ``changed`` tells."""
    found = {name for kind in _kinds(anchor) for name in facts_told(kind)}
    kind = EVENTS.get(anchor)
    return frozenset(found | (own_members(kind) if kind else _read(anchor)))


@cache
def amounts(anchor: str) -> frozenset[str]:
    """Return those of the facts that are numbers or money."""
    kinds = _kinds(anchor)
    found = {field.encode_name for kind in kinds for field in _fields(kind) if _is_amount(field.type)}
    told = {"amount"} if anchor not in EVENTS and "amount" in _read(anchor) else set()
    return frozenset(found & facts(anchor)) | told | durations(anchor)


@cache
def durations(anchor: str) -> frozenset[str]:
    """Return those of the facts that are milliseconds."""
    return frozenset(name for name in facts(anchor) if name.endswith("_ms"))


@cache
def dimensions(anchor: str) -> tuple[str, ...]:
    """Return the dimensions that an anchor may be told by."""
    known = facts(anchor)
    sold = anchor not in EVENTS and any("product" in kpi.by and anchor in anchors_of(kpi) for kpi in KPIS)
    plain = [
        name
        for name, fact in DIMENSIONS.items()
        if (sold if name == "product" else fact in known and (anchor not in EVENTS or name not in OF_MOMENTS))
    ]
    return ("user", "team", "org", *plain, "custom")


def _kinds(anchor: str) -> list[type[Data]]:
    """The types of events of the records that an anchor is of."""
    kind = EVENTS.get(anchor)
    entity = kind.entity if kind else anchor.partition(".")[0]
    return [one for one in EVENTS.values() if one.entity in ("", entity)]


def _read(anchor: str) -> set[str]:
    """The facts that measures of the catalogue read off a moment, and those that dimensions do."""
    reading = [
        measure for measure in MEASURES if anchor in measure.anchors and measure.kept and "~" not in measure.name
    ]
    return {name for measure in reading for name in measure.reads.split()}


def _fields(kind: type[Data]) -> Iterable[inspect.Field]:
    return getattr(inspect.type_info(kind), "fields", [])


def _is_amount(node: inspect.Type) -> bool:
    match node:
        case inspect.Metadata(type=inner):
            return _is_amount(inner)
        case inspect.UnionType(types=types):
            return any(map(_is_amount, types))
        case inspect.StructType(cls=cls):
            return cls is Money
    return isinstance(node, inspect.IntType | inspect.FloatType)
