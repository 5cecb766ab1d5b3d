"""Whether an engine did the work: 12 measures by organisation, user and hour, and where each deal stands."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from bench.mix import Event

MEASURES = (
    "calls_made calls_connected talk_ms emails_sent meetings_held tasks_completed "
    "deals_created deals_won revenue_won deals_lost leads_created tickets_created"
).split()
"""The work that is the same for all, in the order of a row; revenue is in 1/10,000 of the currency."""


class Totals(NamedTuple):
    """What was counted.

    ``rows`` has the measures by user and hour (UTC), ``{"org-0/u7/2026-01-05T09": [1, 1, 5000, …]}``, only such as are not all
    zero; a team's are the sums of its members'. ``deals`` has status, stage and amount, ``{"org-0/deal/12": ["won", "propose", 1]}``.
    """

    rows: dict[str, list[int]]
    deals: dict[str, list[Any]]


class CountedWrongError(Exception):
    """An engine counted something else than what happened; the message says where."""


def happened(events: Iterable[Event], into: Totals) -> Iterator[Event]:
    """Pass the events on, and add to ``into`` what there is to count in them."""
    for event in events:
        for measure, amount in _counted(event["type"], event["data"]):
            key = f"{event['orgid']}/{event['actorid']}/{event['time'][:13]}"
            into.rows.setdefault(key, [0] * len(MEASURES))[MEASURES.index(measure)] += amount
        if event["type"].startswith("crm.deal."):
            _move(into.deals.setdefault(f"{event['orgid']}/{event['subject']}", ["open", "", 0]), event)
        yield event


def check(engine: str, expected: Mapping[str, object], counted: Mapping[str, object]) -> None:
    """Raise CountedWrongError unless ``counted`` is ``expected``."""
    wrong = sorted(key for key in {**expected, **counted} if expected.get(key) != counted.get(key))
    if wrong:
        first = wrong[0]
        raise CountedWrongError(
            f"{engine} counted {len(wrong)} of {len(expected)} wrong, such as {first}: "
            f"{counted.get(first)}, not {expected.get(first)}"
        )


def check_all(engine: str, expected: Totals, counted: Sequence[Mapping[str, object]]) -> None:
    """Raise CountedWrongError unless rows and deals are as expected."""
    for part, found in zip(expected, counted, strict=True):
        check(engine, part, found)


def _counted(kind: str, data: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    if kind == "crm.call.logged" and data["direction"] == "outbound":
        yield "calls_made", 1
        if data["outcome"] == "connected":
            yield from (("calls_connected", 1), ("talk_ms", data["duration_ms"]))
    elif kind == "crm.email.logged" and data["direction"] == "outbound":
        yield "emails_sent", 1
    elif kind == "crm.meeting.status_changed" and data["new"] == "completed":
        yield "meetings_held", 1
    elif kind == "crm.task.status_changed" and data["new"] == "done":
        yield "tasks_completed", 1
    elif kind == "crm.deal.won":
        yield from (("deals_won", 1), ("revenue_won", _units(data)))
    elif kind == "crm.deal.lost":
        yield "deals_lost", 1
    elif kind in ("crm.deal.created", "crm.lead.created", "crm.ticket.created"):
        yield f"{kind.split('.')[1]}s_created", 1


def _move(deal: list[Any], event: Event) -> None:
    what, data = event["type"].rpartition(".")[2], event["data"]
    if what in ("won", "lost"):
        deal[0] = what
    deal[1] = data.get("stage_id") or data.get("new_stage_id") or deal[1]
    deal[2] = _units(data) if "value" in data else deal[2]


def _units(data: Mapping[str, Any]) -> int:
    return int(Decimal(data["value"]["amount"]) * 10_000)
