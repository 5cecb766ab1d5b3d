"""Deals: made, won, lost, open, and what they are worth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

from tests.recounts import links
from tests.recounts.record import EVER_NS, NONE, Event, Part, Record, data, label, order, seconds_between, time_ns
from tests.recounts.told import Told

DEAL_STATUS = {"crm.deal.won": "won", "crm.deal.lost": "lost", "crm.deal.reopened": "open"}


def deals_created(it: Told) -> Iterator[Part]:
    for deal in it.live("deal"):
        yield deal_part(it, deal, deal.created_ns)


def closed(it: Told, *wanted: str) -> Iterator[tuple[Record, str, int, Event]]:
    """Deal, how it ended, when, and the event that says so."""
    for deal in it.live("deal"):
        ends = deal.happened(*DEAL_STATUS)
        if ends and (end := DEAL_STATUS[ends[-1]["type"]]) in wanted:
            yield deal, end, time_ns(ends[-1]["time"]), ends[-1]


def deals_won(it: Told) -> Iterator[Part]:
    for deal, _, at_ns, _ in closed(it, "won"):
        yield links.won_part(it, deal, at_ns)


def deals_lost(it: Told) -> Iterator[Part]:
    for deal, _, at_ns, event in closed(it, "lost"):
        yield deal_part(it, deal, at_ns, lost_reason=reason(deal, event))


def deals_lost_value(it: Told) -> Iterator[Part]:
    for deal, _, at_ns, event in closed(it, "lost"):
        until = replace(
            deal, events=[e for e in deal.events if e is deal.created or order(e) <= order(event)], known={}
        )
        lost = worth(it, until, at_ns, EVER_NS)
        part = deal_part(it, deal, at_ns, lost_reason=reason(deal, event))
        part.top, part.missing_rate, part.products = lost.top, lost.missing_rate, lost.products
        yield part


def opportunities_per_sale(it: Told) -> Iterator[Part]:
    for deal, end, at_ns, _ in closed(it, "won", "lost"):
        part = deal_part(it, deal, at_ns)
        part.bottom = int(end == "won")
        yield part


def win_back_rate(it: Told) -> Iterator[Part]:
    for deal in it.live("deal"):
        ends = deal.happened(*DEAL_STATUS)
        kinds = ["", *(event["type"] for event in ends)]
        for before, event in zip(kinds, ends, strict=False):
            if event["type"] != "crm.deal.lost" or before == "crm.deal.lost":
                continue
            part = deal_part(it, deal, time_ns(event["time"]), lost_reason=reason(deal, event))
            part.top = Fraction(ends[-1]["type"] == "crm.deal.won")
            yield part


def win_rate(it: Told) -> Iterator[Part]:
    for deal, end, at_ns, event in closed(it, "won", "lost"):
        part = (
            links.won_part(it, deal, at_ns)
            if end == "won"
            else deal_part(it, deal, at_ns, lost_reason=reason(deal, event))
        )
        part.top = Fraction(end == "won")
        yield part


def sales_cycle_length(it: Told) -> Iterator[Part]:
    for deal, _, at_ns, _ in closed(it, "won"):
        part = links.won_part(it, deal, at_ns)
        part.top = seconds_between(deal.created_ns, at_ns)
        yield part


def open_deals(it: Told, now_ns: int) -> Iterator[Record]:
    for deal in it.live("deal"):
        known = [event for event in deal.happened(*DEAL_STATUS) if deal.effective_ns(event) <= now_ns]
        if deal.created_ns <= now_ns and (not known or DEAL_STATUS[known[-1]["type"]] == "open"):
            yield deal


def deals_open(it: Told, now_ns: int) -> Iterator[Part]:
    for deal in open_deals(it, now_ns):
        yield deal_part(it, deal, now_ns)


def deals_with_problems(it: Told, now_ns: int) -> Iterator[Part]:
    for deal in open_deals(it, now_ns):
        judged = [event for event in deal.happened("crm.deal.health_changed") if deal.effective_ns(event) <= now_ns]
        if judged and data(judged[-1])["new"] == "has_problems":
            yield deal_part(it, deal, now_ns)


def pipeline_value(it: Told, now_ns: int) -> Iterator[Part]:
    for deal in open_deals(it, now_ns):
        yield worth(it, deal, now_ns, now_ns)


def weighted_pipeline(it: Told, now_ns: int) -> Iterator[Part]:
    for deal in open_deals(it, now_ns):
        probability = it.probability(deal, now_ns)
        if probability is not None:
            part = worth(it, deal, now_ns, now_ns)
            part.top *= probability
            part.products = {name: (top * probability, missing) for name, (top, missing) in part.products.items()}
            yield part


def deal_part(it: Told, deal: Record, at_ns: int, lost_reason: str = NONE, lines_ns: int = EVER_NS) -> Part:
    """One deal, as it stood then; `products` has what the lines of each are worth, as of `lines_ns`."""
    named = it.records["deal"].get(deal.final("deal_id") or "")
    kind = {d: named.timeless[d] for d in ("deal_type", "deal_subtype")} if named and not named.deleted else {}
    dims = {**deal.timeless, **(kind if deal.entity == "order" else {})} | {
        "pipeline": pipeline(it, deal, at_ns),
        "stage": label(deal.at("stage_id", at_ns)),
        "lost_reason": lost_reason,
    }
    amounts: dict[str, list[tuple[Fraction, str]]] = defaultdict(list)
    for line in deal.at("lines", lines_ns) or []:
        amounts[line["product_id"]].append(line_amount(it, deal, line, lines_ns))
    products = {name: it.money(own, it.day(at_ns)) for name, own in amounts.items()}
    return Part(at_ns, *deal.holder(at_ns), dims, products=products)


def pipeline(it: Told, record: Record, at_ns: int) -> str:
    """Its own, else that of the deal that it names."""
    own, named = record.at("pipeline_id", at_ns), it.records["deal"].get(record.final("deal_id") or "")
    if own is None and record.entity != "deal" and named and not named.deleted:
        own = named.final("pipeline_id")
    return label(own)


def worth(it: Told, deal: Record, at_ns: int, value_ns: int) -> Part:
    """The same with the deal's value as of `value_ns`, or where it has none, that of its lines as of then."""
    part = deal_part(it, deal, at_ns, lines_ns=value_ns)
    value = deal.at("value", value_ns)
    lines = [line_amount(it, deal, line, value_ns) for line in deal.at("lines", value_ns) or []]
    amounts = [(Fraction(value["amount"]), value["currency"])] if value else lines
    part.top, part.missing_rate = it.money(amounts, it.day(at_ns))
    return part


def line_amount(it: Told, deal: Record, line: dict[str, Any], value_ns: int = EVER_NS) -> tuple[Fraction, str]:
    """Quantity times price to 1/10,000, half to even; a bare price is in the currency of the value."""
    currency = (deal.at("value", value_ns) or {}).get("currency", it.currency)
    price = line.get("unit_price") or "0"
    bare = price if isinstance(price, str) else price["amount"]
    units = round(Fraction(bare) * Fraction(str(line.get("quantity", 1))) * 10_000)
    return Fraction(units, 10_000), currency if isinstance(price, str) else price["currency"]


def reason(deal: Record, event: Event) -> str:
    """As the loss says, or a correction before the next time that it is won, lost or reopened."""
    later = deal.explicit[deal.explicit.index(event) + 1 :]
    ends = [n for n, each in enumerate(later) if each["type"] in DEAL_STATUS]
    changes = [data(each).get("changed") or {} for each in later[: ends[0] if ends else None]]
    said = [data(event).get("lost_reason"), *(c["lost_reason"]["new"] for c in changes if "lost_reason" in c)]
    return " ".join((said[-1] or "").split()).casefold() or NONE


FLOWS: dict[str, Callable[[Told], Iterator[Part]]] = {
    "deals_lost_value": deals_lost_value,
    "opportunities_per_sale": opportunities_per_sale,
    "win_back_rate": win_back_rate,
    "deals_created": deals_created,
    "deals_won": deals_won,
    "deals_lost": deals_lost,
    "win_rate": win_rate,
    "sales_cycle_length": sales_cycle_length,
    "lost_reason_share": deals_lost,
}
GAUGES: dict[str, Callable[[Told, int], Iterator[Part]]] = {
    "deals_open": deals_open,
    "deals_with_problems": deals_with_problems,
    "pipeline_value": pipeline_value,
    "weighted_pipeline": weighted_pipeline,
}
DURATIONS = {"sales_cycle_length"}
RATIOS = {"win_rate", "avg_deal_size", "opportunities_per_sale", "win_back_rate"}
SHARES = {
    "lost_reason_share": "lost_reason",
}
MONEY = {"revenue_won", "avg_deal_size", "deals_lost_value", "pipeline_value", "weighted_pipeline"}
