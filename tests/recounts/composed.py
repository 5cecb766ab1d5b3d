"""What is made of several other numbers, each recounted by itself."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from tests.recounts.costs import spent
from tests.recounts.forecasts import before, grouped
from tests.recounts.record import MS_NS

if TYPE_CHECKING:
    from tests.oracle import Oracle

By = list[str]
Where = list[tuple[str, str]]


def marketing_roi(it: Oracle, scope: str, from_ms: int, to_ms: int, by: By, where: Where) -> dict[str, Any]:
    revenue = it.kpi("attributed_revenue", scope, from_ms, to_ms, by, where)
    days = [part for part in spent(it, "marketing") if from_ms * MS_NS <= part.at_ns < to_ms * MS_NS]
    spend = grouped(it, "", days, scope, by, where, lambda own: {"value": sum((p.top for p in own), Fraction(0))})

    def told(key: tuple[str, ...] | None) -> dict[str, Any]:
        earned, paid = (_at(one, key) or 0 for one in (revenue, spend))
        return {"value": (earned - paid) / paid if paid else None}

    return _all(told, by, revenue, spend)


def contact_value(it: Oracle, scope: str, from_ms: int, to_ms: int, by: By, where: Where) -> dict[str, Any]:
    until_ms = min(to_ms, it.now_ns // MS_NS)
    flows = [it.kpi(name, scope, from_ms, to_ms, by, where) for name in ("revenue_won", "win_rate", "avg_deal_size")]
    levels = [it.kpi(name, scope, 0, until_ms, by, where) for name in ("contacts_total", "engagement_level")]

    def told(key: tuple[str, ...] | None) -> dict[str, Any]:
        revenue, rate, size = (_at(one, key) or Fraction(0) for one in flows)
        contacts, engagement = (_at(one, key) or Fraction(0) for one in levels)
        return {"value": revenue / contacts + engagement * rate * size / 100 if contacts else None}

    return _all(told, by, *flows, *levels)


def source_effectiveness(it: Oracle, scope: str, from_ms: int, to_ms: int, by: By, where: Where) -> dict[str, Any]:
    found = it.kpi("lead_to_customer_rate", scope, from_ms, to_ms, by, where)

    def told(key: tuple[str, ...] | None) -> dict[str, Any]:
        rate = _at(found, key)
        return {"value": None if rate is None else rate * 100}

    return _all(told, by, found)


def crm_roi(it: Oracle, scope: str, from_ms: int, to_ms: int, by: By, where: Where) -> dict[str, Any]:
    start_ms, _ = before(it, from_ms, to_ms)
    revenue = it.kpi("attributed_revenue", scope, from_ms, to_ms)["value"]
    baseline = it.kpi("attributed_revenue", scope, start_ms, from_ms)["value"]
    hours = it.kpi("automation_savings", scope, from_ms, to_ms)["value"]
    days = [part for part in spent(it, "crm") if from_ms * MS_NS <= part.at_ns < to_ms * MS_NS]
    cost = grouped(it, "", days, scope, [], [], lambda own: {"value": sum((p.top for p in own), Fraction(0))})["value"]
    price = next((said for org in it.records["org"].values() if (said := org.final("hourly_cost"))), None)
    rate = it.rate(price["currency"], it.day(to_ms * MS_NS - MS_NS)) if price else None
    saved = hours * Fraction(price["amount"]) * rate if price and rate is not None else 0
    return {"value": (revenue - baseline + saved - cost) / cost if cost else None}


def _at(answer: dict[str, Any], key: tuple[str, ...] | None) -> Fraction | None:
    found: Fraction | None = (answer if key is None else answer.get("groups", {}).get(key, {})).get("value")
    return found


def _all(told: Callable[[tuple[str, ...] | None], dict[str, Any]], by: By, *parts: dict[str, Any]) -> dict[str, Any]:
    keys = {key for part in parts for key in part.get("groups", {})}
    return told(None) | ({"groups": {key: told(key) for key in keys}} if by else {})


TOLD: dict[str, Callable[..., dict[str, Any]]] = {
    "marketing_roi": marketing_roi,
    "contact_value": contact_value,
    "crm_roi": crm_roi,
    "source_effectiveness": source_effectiveness,
}
