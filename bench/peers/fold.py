"""The work of the peers in Python, as plainly as a user of theirs would write it: what an event adds, and where a deal stands."""

from decimal import Decimal
from typing import Any

(
    CALLS_MADE,
    CALLS_CONNECTED,
    TALK_MS,
    EMAILS_SENT,
    MEETINGS_HELD,
    TASKS_COMPLETED,
    DEALS_CREATED,
    DEALS_WON,
    REVENUE_WON,
    DEALS_LOST,
    LEADS_CREATED,
    TICKETS_CREATED,
) = range(12)
Event = dict[str, Any]
Deal = list[Any]


def row_key(event: Event) -> str:
    """Return the organisation, user and hour that an event counts in."""
    return f"{event['orgid']}/{event['actorid']}/{event['time'][:13]}"


def deal_key(event: Event) -> str:
    """Return the organisation and deal that an event is of."""
    return f"{event['orgid']}/{event['subject']}"


def new_row() -> list[int]:
    """Return a row in which nothing is counted."""
    return [0] * 12


def additions(kind: str, data: dict[str, Any]) -> list[tuple[int, int]]:
    """Return the measures that an event adds to, and how much."""
    match kind:
        case "crm.email.logged" if data["direction"] == "outbound":
            return [(EMAILS_SENT, 1)]
        case "crm.call.logged" if data["direction"] == "outbound":
            if data["outcome"] != "connected":
                return [(CALLS_MADE, 1)]
            return [(CALLS_MADE, 1), (CALLS_CONNECTED, 1), (TALK_MS, data["duration_ms"])]
        case "crm.task.status_changed" if data["new"] == "done":
            return [(TASKS_COMPLETED, 1)]
        case "crm.meeting.status_changed" if data["new"] == "completed":
            return [(MEETINGS_HELD, 1)]
        case "crm.deal.created":
            return [(DEALS_CREATED, 1)]
        case "crm.deal.won":
            return [(DEALS_WON, 1), (REVENUE_WON, units(data["value"]))]
        case "crm.deal.lost":
            return [(DEALS_LOST, 1)]
        case "crm.lead.created":
            return [(LEADS_CREATED, 1)]
        case "crm.ticket.created":
            return [(TICKETS_CREATED, 1)]
    return []


def moved(deal: Deal | None, kind: str, data: dict[str, Any]) -> Deal:
    """Return status, stage and amount of a deal after an event of it."""
    status, stage, amount = deal or ("open", "", 0)
    match kind:
        case "crm.deal.created":
            return [status, data["stage_id"], units(data["value"])]
        case "crm.deal.stage_changed":
            return [status, data["new_stage_id"], amount]
        case "crm.deal.won":
            return ["won", stage, units(data["value"])]
        case "crm.deal.lost":
            return ["lost", stage, amount]
    return [status, stage, amount]


def units(value: dict[str, str]) -> int:
    """Return an amount of money in 1/10,000."""
    return int(Decimal(value["amount"]) * 10_000)
