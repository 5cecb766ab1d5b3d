"""Where clients stand, which of them stay, and how long processes take."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from fractions import Fraction
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from tests.recounts.activities import logged
from tests.recounts.deals import deal_part, open_deals
from tests.recounts.forecasts import grouped
from tests.recounts.leads import conversion_ns
from tests.recounts.orders import confirmed
from tests.recounts.record import EVER_NS, MS_NS, NONE, Part, Record, data, seconds_between, status, time_ns
from tests.recounts.tickets import resolutions_ns
from tests.recounts.told import Told

if TYPE_CHECKING:
    from tests.oracle import Oracle

YEAR_NS = 365 * 86_400 * 1000 * MS_NS


def known(it: Told, entity: str, key: str | None) -> Record | None:
    """A record of which anything is known, deleted ones too."""
    return it.records[entity].get(key) if key else None


def gone(it: Told, entity: str, key: str) -> bool:
    record = known(it, entity, key)
    return record is not None and record.deleted


def clients_of(it: Told, deal: Record) -> set[tuple[str, str]]:
    found = set[tuple[str, str]]()
    if account := deal.final("account_id"):
        found.add(("account", account))
    else:
        for contact in deal.final("contact_ids") or ():
            record = known(it, "contact", contact)
            if not gone(it, "contact", contact):
                of = record.final("account_id") if record else None
                found.add(("account", of) if of else ("contact", contact))
    return {(entity, key) for entity, key in found if not gone(it, entity, key)}


def progress(it: Told, deal: Record, now_ns: int) -> int:
    """The place of its stage among those that its pipeline lists, 0 for none."""
    pipeline = known(it, "pipeline", deal.at("pipeline_id", now_ns))
    stages = (pipeline.final("stages") if pipeline and not pipeline.deleted else None) or []
    line = sorted(stages, key=lambda stage: stage["order"])
    if any(stage.get("probability") for stage in line):
        worthless = list(takewhile(lambda stage: not stage.get("probability"), reversed(line)))
        line = [stage for stage in line if not (stage in worthless and stage.get("probability") == 0)]
    stage = deal.at("stage_id", now_ns)
    return line.index(stage) + 1 if stage in line else 0


def clients_by_funnel_stage(it: Told, now_ns: int) -> Iterator[Part]:
    deals = sorted(open_deals(it, now_ns), key=lambda d: (-progress(it, d, now_ns), d.created_ns, f"deal/{d.key}"))
    seen = set[tuple[str, str]]()
    for deal in deals:
        for client in sorted(clients_of(it, deal)):
            if client not in seen:
                seen.add(client)
                yield deal_part(it, deal, now_ns)


def runs(it: Told, contract: Record, at_ns: int) -> bool:
    """`at_ns` is the last nanosecond before the instant in question."""
    said = [e for e in contract.happened("crm.contract.status_changed") if time_ns(e["time"]) <= at_ns]
    if not said or data(said[-1])["new"] not in ("signed", "renewed"):
        return False
    start, end = (contract.final(name) for name in ("start", "end"))
    day = it.day(at_ns // MS_NS * MS_NS)
    return (not start or date.fromisoformat(start) <= day) and (not end or day <= date.fromisoformat(end))


def account_of(it: Told, order: Record) -> str | None:
    deal = known(it, "deal", order.final("deal_id"))
    return order.final("account_id") or (deal.final("account_id") if deal and not deal.deleted else None)


def retained(
    it: Oracle, scope: str, from_ms: int, to_ms: int, by: list[str], where: list[tuple[str, str]]
) -> dict[str, Any]:
    if from_ms >= to_ms:
        return {"value": None}
    from_ns, to_ns = from_ms * MS_NS, to_ms * MS_NS
    bought: dict[str, list[int]] = {}
    contracts: dict[str, list[Record]] = {}
    for order, at_ns in confirmed(it):
        if account := account_of(it, order):
            bought.setdefault(account, []).append(at_ns)
    for contract in it.live("contract"):
        signed = [e for e in contract.happened("crm.contract.status_changed") if data(e)["new"] == "signed"]
        if signed and (account := contract.final("account_id")):
            contracts.setdefault(account, []).append(contract)
    parts = []
    for account in {**bought, **contracts}:
        orders, own = bought.get(account, ()), contracts.get(account, ())
        before = any(from_ns - YEAR_NS <= at < from_ns for at in orders) or any(runs(it, c, from_ns - 1) for c in own)
        if before and not gone(it, "account", account):
            stays = any(from_ns <= at < to_ns for at in orders) or any(runs(it, c, to_ns - 1) for c in own)
            record = known(it, "account", account)
            holder = record.holder(from_ns) if record else (None, None)
            dims = record.timeless if record else {"(subject)": f"account/{account}"}
            parts.append(Part(from_ns, *holder, dims, Fraction(stays)))

    def share(own: list[Part]) -> dict[str, Any]:
        return {"value": sum((part.top for part in own), Fraction(0)) / len(own) if own else None}

    return grouped(it, "", parts, scope, by, where, share)


def process_duration(it: Told) -> Iterator[Part]:
    for run, part in logged(it, "automation"):
        took, started = run.final("duration_ms"), run.final("started_at")
        if took is not None or started:
            part.top = seconds_between(time_ns(started), part.at_ns) if took is None else Fraction(took, 1000)
            part.dims = {**part.dims, "process": run.final("workflow_id") or NONE}
            yield part
    ends = [(lead, "lead_to_deal", lead.created_ns, conversion_ns(lead)) for lead in it.live("lead")]
    for order, at_ns in confirmed(it):
        quote = known(it, "quote", order.final("quote_id"))
        if quote and not quote.deleted:
            ends.append((order, "quote_to_order", quote.created_ns, at_ns))
    for ticket in it.live("ticket"):
        solved = status(ticket, "new", EVER_NS) in ("solved", "closed")
        times = resolutions_ns(ticket)
        ends.append((ticket, "ticket", ticket.created_ns, times[-1] if solved and times else None))
    for record, process, since_ns, end_ns in ends:
        if end_ns is not None:
            dims = record.timeless | {"process": process}
            yield Part(end_ns, *record.holder(end_ns), dims, seconds_between(since_ns, end_ns))


FLOWS: dict[str, Callable[[Told], Iterator[Part]]] = {"process_duration": process_duration}
GAUGES: dict[str, Callable[[Told, int], Iterator[Part]]] = {"clients_by_funnel_stage": clients_by_funnel_stage}
DURATIONS: set[str] = {"process_duration"}
TOLD: dict[str, Callable[..., dict[str, Any]]] = {"customer_retention_rate": retained}
