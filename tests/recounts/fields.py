"""Custom fields of an entity, one or all of those that are declared or in use."""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from fractions import Fraction
from typing import Any

from tests.oracle import Holder, Oracle, Part, Record, data, label, logged, time_ns


def written(value: Any) -> str | None:
    return None if value is None or not str(value).strip() else label(value)


def fields(it: Oracle) -> list[str]:
    """The one that is asked about, or all."""
    declared = [key for key, field in it.records["field"].items() if not field.deleted]
    own = [key.removeprefix(f"{it.entity}.") for key in declared if key.startswith(f"{it.entity}.")]
    return (
        [it.field] if it.field else sorted({*own, *(key for record in it.live(it.entity) for key in record.custom())})
    )


def field_fill_rate(it: Oracle, now_ns: int, *, every: bool = True) -> Iterator[Part]:
    for record in it.live(it.entity):
        for key in fields(it):
            value = written(record.custom().get(key))
            if record.created_ns <= now_ns and (every or value is not None):
                dims = {"field": key, **({} if value is None else {"value": value})}
                yield Part(now_ns, *record.holder(now_ns), dims, Fraction(value is not None))


def field_invalid_rate(it: Oracle) -> Iterator[Part]:
    for record in it.live(it.entity):
        for key, value in record.custom().items():
            if written(value) is not None and key == (it.field or key):
                rule = it.records["field"].get(f"{it.entity}.{key}")
                wrong = rule is not None and not rule.deleted and not proper(value, rule)
                at_ns = record.created_ns
                yield Part(at_ns, *record.holder(at_ns), {"field": key}, Fraction(wrong))


def proper(value: Any, rule: Record) -> bool:
    text, kind, choices, pattern = written(value) or "", *(rule.final(name) for name in ("kind", "choices", "pattern"))
    if (kind == "choice" or choices) and text not in (choices or []):
        return False
    if pattern:
        try:
            return re.compile(pattern).fullmatch(text) is not None
        except re.error:
            return True
    if kind == "number":
        return (
            value is not True
            and value is not False
            and re.fullmatch(r"[-+]?[0-9]+([.][0-9]+)?", str(value)) is not None
        )
    if kind == "date":
        with suppress(ValueError):
            return bool(date.fromisoformat(str(value)))
        return False
    return True


def statements(record: Record) -> Iterator[tuple[Any, int, dict[str, Any]]]:
    """Each event that tells of custom fields: it, since when it holds, and what it says."""
    for event in [*([record.created] if record.created else []), *record.explicit]:
        said = dict(data(event).get("custom") or {})
        for name, change in (data(event).get("changed") or {}).items():
            if name.startswith("custom."):
                said[name.removeprefix("custom.")] = change["new"]
        yield event, record.effective_ns(event), said


def field_value_trend(it: Oracle) -> Iterator[Part]:
    for record in it.live(it.entity):
        held: dict[str, str | None] = {}
        for _, at_ns, said in statements(record):
            for key, value in said.items():
                was, now = held.get(key), written(value)
                held[key] = now
                for text, step in ((was, -1), (now, 1)) if was != now and key == (it.field or key) else ():
                    if text is not None:
                        yield Part(at_ns, *record.holder(at_ns), {"field": key, "value": text}, Fraction(step))


def field_usage(it: Oracle) -> Iterator[Part]:
    for record in it.live(it.entity):
        for event, _, said in statements(record):
            at_ns = time_ns(event["time"])
            holder: Holder = (event["actorid"], None) if event.get("actorid") else record.holder(at_ns)
            for key in said:
                if key == (it.field or key):
                    yield Part(at_ns, *holder, {"field": key})
    for heartbeat, part in logged(it, "heartbeat"):
        name = heartbeat.final("field") or ""
        at_home = heartbeat.final("module") == it.entity
        key = name.removeprefix(f"{it.entity}.") if name.startswith(f"{it.entity}.") else name if at_home else ""
        if key and key == (it.field or key):
            part.dims = {"field": key}
            yield part


FLOWS: dict[str, Callable[[Oracle], Iterator[Part]]] = {
    "field_invalid_rate": field_invalid_rate,
    "field_value_trend": field_value_trend,
    "field_usage": field_usage,
}
GAUGES: dict[str, Callable[[Oracle, int], Iterator[Part]]] = {
    "field_fill_rate": field_fill_rate,
    "field_value_distribution": lambda it, now_ns: field_fill_rate(it, now_ns, every=False),
}
RATIOS: set[str] = {"field_fill_rate", "field_invalid_rate"}
