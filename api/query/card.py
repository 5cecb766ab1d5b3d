"""A person on one page: goals, KPIs, rank, and what there was to do lately."""

from collections.abc import Mapping, Sequence
from typing import Any

from aggregators.catalogue import BY_ID
from aggregators.record import Record
from aggregators.story import milliseconds
from aggregators.teams import ALWAYS
from aggregators.values import Number
from aggregators.windows import text
from api.query import goals, ranking
from api.query.answer import answer, as_of, times
from api.query.drill import behind
from api.query.facts import known
from api.query.question import LARGEST, Params, Question, Reading, kpi_of, question, without
from api.query.tables import Directory, Tables

SHOWN = (
    "revenue_won deals_won win_rate avg_deal_size pipeline_value deals_open leads_open calls_made meetings_held "
    "activities_completed tasks_completed tasks_overdue tickets_resolved tickets_open csat_score"
).split()
"""The KPIs of a card."""
PARAMETERS = ("window", "from", "to", "now", "of")
LISTED = 10
LOOKED_AT = 100


async def card(user: str, params: Params, tables: Tables, directory: Directory) -> dict[str, Any]:
    """Return the card of a user; of one that is not known it is empty. ``of`` names the KPI of the rank."""
    reading = Reading(params, PARAMETERS)
    of = kpi_of(reading.one("of") or next(kpi for kpi in SHOWN if kpi in tables.kpis), tables.kpis)
    reading.done()
    own = {**without(params, "of"), "scope": [f"user:{user}"]}
    ever = without(own, "window", "from", "to")
    asked = question(of, own, directory.org)
    compared = {**own, "compare": ["previous"]}
    kpis = [
        await answer(question(tables.kpis[kpi], compared, directory.org), tables, directory)
        for kpi in SHOWN
        if kpi in tables.kpis
    ]
    standings = await goals.standings(tables, directory, asked.now_ms, scope=f"user:{user}")
    rank = await ranking.rank_of("user", user, asked, tables, directory)
    return {
        "user": _user(user, directory, asked.now_ms),
        **times(asked.window, asked),
        "goals": [one.told(directory.org) for one in standings],
        "kpis": kpis,
        "rank": {"of": of.id, **rank._asdict()},
        "calls": await _calls(user, asked, tables, directory),
        "tasks": await _tasks(user, asked, tables, directory),
        "open_leads": await _open_leads(ever, tables, directory),
        "clients": await _clients(ever, tables, directory),
        "time_in_system": await _time_in_system(own, tables, directory),
        "as_of": as_of(asked),
    }


def _user(user: str, directory: Directory, now_ms: int) -> dict[str, Any]:
    entries = directory.org.entries
    known = entries.get(f"user/{user}", {})
    manager = known.get("manager_id")
    return {
        "id": user,
        "name": known.get("name", user),
        "active": known.get("active", True) and not known.get("deleted", False),
        "manager_id": manager,
        "manager_name": entries.get(f"user/{manager}", {}).get("name", manager),
        "teams": [
            {"id": team, "name": entries.get(f"team/{team}", {}).get("name", team)}
            for team in (directory.teams.of(f"u:{user}", now_ms) if user in directory.teams.stays else [])
        ],
    }


async def _calls(user: str, asked: Question, tables: Tables, directory: Directory) -> list[dict[str, Any]]:
    subjects = await tables.newest([("call.logged", f"u:{user}", asked.now_ms + 1)], LISTED)
    found = await tables.records(subjects)
    told = [_told(subject, found, directory, ("direction", "outcome", "account_id")) for subject in subjects]
    for one, subject in zip(told, subjects, strict=True):
        final = known(found.get(subject))
        duration_ms = final.get("duration_ms")
        one["contact_ids"] = final.get("contact_ids") or []
        one["duration"] = None if duration_ms is None else duration_ms / 1000
    return told


async def _tasks(user: str, asked: Question, tables: Tables, directory: Directory) -> list[dict[str, Any]]:
    """What was last said of tasks with a due instant, or that were done."""
    ranges = [("task.overdue", f"u:{user}", ALWAYS[1]), ("task.completed", f"u:{user}", asked.now_ms + 1)]
    subjects = await tables.newest(ranges, LOOKED_AT)
    found = await tables.records(subjects)
    told = []
    for subject in subjects:
        final = known(found.get(subject))
        due_ns = directory.org.due_ns(final)
        status = final.get("status", "open")
        over = status not in ("done", "cancelled") and due_ns is not None and milliseconds(due_ns) < asked.now_ms
        if final.get("owner_id") == user or status == "done":
            one = _told(subject, found, directory, ("priority",))
            due = None if due_ns is None else text(milliseconds(due_ns), directory.org.calendar)
            told.append({**one, "status": "open" if status == "reopened" else status, "due": due, "overdue": over})
    return sorted(told, key=lambda one: one["time"], reverse=True)[:LISTED]


async def _open_leads(own: Params, tables: Tables, directory: Directory) -> dict[str, Any]:
    asked = question(BY_ID["leads_open"], {**own, "limit": [str(LISTED)]}, directory.org)
    found = await behind(asked, tables, directory)
    return {"total": found["total"], "records": [_plain(one) for one in found["records"]]}


async def _clients(own: Params, tables: Tables, directory: Directory) -> dict[str, Any]:
    """The accounts of the won deals that the user owns now, the latest first."""
    won = {**own, "credit": ["current"], "limit": [str(LARGEST)]}
    deals = await behind(question(BY_ID["deals_won"], won, directory.org), tables, directory)
    states = await tables.records([one["record"] for one in deals["records"]])
    since: dict[str, str] = {}
    for one in deals["records"]:
        account = known(states.get(one["record"])).get("account_id")
        if account:
            since.setdefault(f"account/{account}", one["time"])
    subjects = list(since)[:LISTED]
    accounts = await tables.records(subjects)
    listed = [{"record": s, "name": known(accounts.get(s)).get("name"), "time": since[s]} for s in subjects]
    return {"total": len(since), "records": listed}


async def _time_in_system(own: Params, tables: Tables, directory: Directory) -> Number | None:
    """The seconds in the window; None where that is not enabled."""
    kpi = tables.kpis.get("time_in_system")
    found = await answer(question(kpi, own, directory.org), tables, directory) if kpi else {"value": None}
    seconds: Number | None = found["value"]
    return seconds


def _told(subject: str, found: Mapping[str, Record], directory: Directory, members: Sequence[str]) -> dict[str, Any]:
    final, at_ms = known(found.get(subject)), milliseconds(found[subject].entries[-1].time_ns)
    kept = {name: final.get(name) for name in ("name", *members)}
    return {"record": subject, **kept, "time": text(at_ms, directory.org.calendar)}


def _plain(one: Mapping[str, Any]) -> dict[str, Any]:
    return {name: one[name] for name in ("record", "name", "time")}
