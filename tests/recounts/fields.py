"""Custom fields of an entity, one or all of those that are declared or in use."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from tests.recounts.activities import logged
from tests.recounts.deals import closed, deal_part
from tests.recounts.record import MS_NS, NONE, Holder, Part, Record, data, label, time_ns

if TYPE_CHECKING:
    from tests.oracle import Oracle


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
            value = written(record.custom(now_ns).get(key))
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
    with suppress(re.error):
        if pattern and not re.compile(pattern).fullmatch(text):
            return False
    if kind == "number":
        return (
            value is not True
            and value is not False
            and re.fullmatch(r"[-+]?[0-9]+([.][0-9]+)?", str(value)) is not None
        )
    if kind == "date":
        with suppress(ValueError):
            return bool(re.fullmatch("....-..-..", str(value)) and date.fromisoformat(str(value)))
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
    yield from (part for _, part in beats(it))


def beats(it: Oracle) -> Iterator[tuple[Record, Part]]:
    """Heartbeats that name a field, by it."""
    for heartbeat, part in logged(it, "heartbeat"):
        name = heartbeat.final("field") or ""
        at_home = heartbeat.final("module") == it.entity
        key = name.removeprefix(f"{it.entity}.") if name.startswith(f"{it.entity}.") else name if at_home else ""
        if key and key == (it.field or key):
            part.dims = {"field": key}
            yield heartbeat, part


def decided(
    it: Oracle, scope: str, from_ms: int, to_ms: int, by: list[str], where: list[tuple[str, str]]
) -> tuple[dict[str, Any], dict[tuple[str, ...], tuple[int, Fraction]]]:
    """The lift of each group, and of how many deals with the value or the field; that of all only for one field."""
    free = [(name, value) for name, value in where if name not in ("value", "field")]
    chosen = [value for name, value in where if name == "field"]
    values = [value for name, value in where if name == "value"]
    known = [it.field] if it.field else fields(it)
    closes = [
        (deal_part(it, deal, at_ns), deal, end == "won")
        for deal, end, at_ns, _ in closed(it, "won", "lost")
        if from_ms * MS_NS <= at_ns < to_ms * MS_NS
    ]
    closes = [one for one in closes if it.in_scope(one[0], scope)]
    for name, value in free:
        closes = [one for one in closes if value in [text for text, _ in it.split("", one[0], name)]]
    lifts: dict[tuple[str, ...], tuple[int, Fraction | None]] = {}
    for field in known:
        if any(field != one for one in chosen):
            continue
        texts = {written(deal.custom().get(field)) for _, deal, _ in closes} - {None}
        for group in {tuple(part.dims.get(name, NONE) for name in by if name == "pipeline") for part, *_ in closes}:
            for text in texts if "value" in by else [None]:
                own = [one for one in closes if group in ((), (one[0].dims.get("pipeline", NONE),))]
                wanted = [*values, *([text] if text else [])]
                names = iter([*group])
                key = tuple({"field": field, "value": text}.get(name) or next(names) for name in by)
                lifts[key] = lift(own, field, wanted)
        if it.field or chosen:
            lifts[()] = lift(closes, field, values)
    told = {key: {"value": value} for key, (_, value) in lifts.items()}
    return told.pop((), {"value": None}) | ({"groups": told} if by else {}), {
        key: (n, value) for key, (n, value) in lifts.items() if value is not None
    }


def lift(closes: list[tuple[Part, Record, bool]], field: str, wanted: list[str]) -> tuple[int, Fraction | None]:
    having, lacking = list[bool](), list[bool]()
    for _, deal, won in closes:
        text = written(deal.custom().get(field))
        (having if text is not None and all(text == one for one in wanted) else lacking).append(won)
    if not having or not lacking:
        return len(having), None
    return len(having), 100 * (Fraction(sum(having), len(having)) - Fraction(sum(lacking), len(lacking)))


def field_lift(
    it: Oracle, scope: str, from_ms: int, to_ms: int, by: list[str], where: list[tuple[str, str]]
) -> dict[str, Any]:
    return decided(it, scope, from_ms, to_ms, by, where)[0]


def field_roi(
    it: Oracle, scope: str, from_ms: int, to_ms: int, by: list[str], where: list[tuple[str, str]]
) -> dict[str, Any]:
    told, lifts = decided(it, scope, from_ms, to_ms, by, where)
    size = it.kpi("avg_deal_size", scope, from_ms, to_ms)["value"]
    seen = [
        (part.dims["field"], heartbeat.final("active_ms") or 0)
        for heartbeat, part in beats(it)
        if from_ms * MS_NS <= part.at_ns < to_ms * MS_NS and it.in_scope(part, scope)
    ]
    price = next((cost for org in it.records["org"].values() if (cost := org.final("hourly_cost"))), None)

    def worth(key: tuple[str, ...]) -> dict[str, Any]:
        field = key[0] if key else it.field or dict(where)["field"]
        deals, lift = lifts[key]
        rule = it.records["field"].get(f"deal.{field}")
        minutes = rule.final("capture_minutes") if rule and not rule.deleted else None
        hours = Fraction(sum(ms for name, ms in seen if name == field), 3_600_000)
        hours = hours if minutes is None else Fraction(str(minutes)) * deals / 60
        rate = it.rate(price["currency"], it.day(to_ms * MS_NS - MS_NS)) if price else None
        cost = hours * Fraction(price["amount"]) * rate if price and rate is not None else None
        return {"value": (lift / 100 * deals * size - cost) / cost if cost and size is not None else None}

    groups = {key: worth(key) if key in lifts else {"value": None} for key in told.get("groups", {})}
    return (worth(()) if () in lifts else {"value": None}) | ({"groups": groups} if by else {})


TOLD: dict[str, Callable[..., dict[str, Any]]] = {"field_lift": field_lift, "field_roi": field_roi}
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
