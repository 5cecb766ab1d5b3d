"""The records behind a number, and what a record contributes to which."""

from typing import Any

import msgspec

from aggregators.catalogue import anchors_of
from aggregators.composed import Composed
from aggregators.contribution import added_by, moments
from aggregators.formulas import read_by
from aggregators.kpi import Kpi
from aggregators.measure import SETTLED
from aggregators.org import Org
from aggregators.record import Record, is_deleted
from aggregators.story import milliseconds
from aggregators.tables import Row
from aggregators.teams import ALWAYS
from aggregators.values import Context
from aggregators.windows import Window, text
from api.query.answer import context_for, context_of, form, value
from api.query.cells import add
from api.query.errors import ImpossibleError, Problem
from api.query.facts import known
from api.query.question import Question
from api.query.scan import Scan
from api.query.selection import everyone, parts
from api.query.tables import Directory, Tables


async def behind(asked: Question, tables: Tables, directory: Directory) -> dict[str, Any]:
    """Return a page of the records behind a number, the latest first: each with what it adds, and when.

    They are the same in whatever groups and series the number is told, and with whatever it is compared.
    """
    if isinstance(asked.kpi.formula, Composed):
        reason = f"{asked.kpi.id} is made of other KPIs; ask for the records of these"
        raise ImpossibleError([Problem("kpi", reason)])
    gauge, end = asked.kpi.gauge, asked.at_ms if asked.kpi.gauge else asked.window.to_ms
    past = min(end, asked.now_ms) if asked.kpi.due else end
    current = asked.now_ms if asked.credit == "current" else None
    scan = Scan(asked._replace(by=()), tables, directory)
    chosen = parts(directory.teams, asked.scope, end - 1 if gauge else asked.window.from_ms, end, current)
    if asked.scope == "org":
        chosen = [chosen[0]._replace(holder=holder) for holder in everyone(directory.teams)]
    if gauge:
        chosen = [part._replace(from_ms=ALWAYS[0], to_ms=end) for part in chosen]
    await scan.fetch({p.holder for p in chosen}, ALWAYS[0] if gauge else asked.window.from_ms, end)
    by_subject: dict[str, tuple[Row, int]] = {}
    for found in scan.select(chosen, Window(asked.window.from_ms, end)):
        if found.moment.at_ms >= past and found.moment.anchor not in SETTLED:
            continue  # not due yet
        cells, at_ms = by_subject.setdefault(found.subject, ({}, 0))
        add(cells, scan.cells(found))
        by_subject[found.subject] = cells, max(at_ms, found.moment.at_ms)
    rows = [
        (at, subject, cells)
        for subject, (sums, at) in by_subject.items()
        if (cells := read_by(asked.kpi.formula, sums))
    ]
    rows.sort(key=lambda row: (-row[0], row[1]))
    last = asked.cursor + asked.limit
    page, asked = rows[asked.cursor : last], asked._replace(window=asked.window._replace(to_ms=past))
    exact = asked._replace(stat=_exact(asked.kpi) or asked.stat)
    context = context_for(exact, directory.org, asked.window)
    told: dict[str, Any] = {
        "kpi": asked.kpi.id,
        "scope": asked.scope,
        "total": len(rows),
        "records": [_row(exact, context, directory.org, s, at, cells, scan.records.get(s)) for at, s, cells in page],
    }
    if len(rows) > last:
        told["cursor"] = str(last)
    return told


def _exact(kpi: Kpi) -> str:
    """The stat that tells one record's duration as it is, not as the middle of a histogram's bucket."""
    return "mean" if kpi.kind == "duration" else ""


def _row(
    asked: Question, context: Context, org: Org, subject: str, at_ms: int, cells: Row, record: Record | None
) -> dict[str, Any]:
    facts = known(record)
    return {
        "record": subject,
        "name": facts.get("name"),
        "owner_id": facts.get("owner_id"),
        "time": text(at_ms, org.calendar),
        **form(value(asked, context, cells)),
    }


async def record(entity: str, record_id: str, tables: Tables, directory: Directory) -> dict[str, Any] | None:
    """Return a record's state, its events, and what each moment of it adds to which KPI; None where there is no such record."""
    subject = f"{entity}/{record_id}"
    found = (await tables.records([subject])).get(subject)
    if found is None:
        return None
    calendar = directory.org.calendar
    return {
        "record": subject,
        "deleted": is_deleted(found),
        "state": known(found),
        "events": [
            {
                "type": e.data.type,
                "time": text(milliseconds(e.time_ns), calendar),
                "sequence": e.sequence,
                "source": e.source,
                "id": e.id,
                "actorid": e.actor or None,
                "data": msgspec.to_builtins(e.data),
            }
            for e in found.entries
        ],
        "contributions": _contributions(entity, found, tables, directory),
    }


def _contributions(entity: str, found: Record, tables: Tables, directory: Directory) -> list[dict[str, Any]]:
    org, rows = directory.org, []
    for moment in moments(entity, found, org, tables.plan):
        kept = tables.plan.get(moment.anchor)
        cells = added_by(moment, moment.facts, kept, org) if kept else {}
        for kpi in tables.kpis.values():
            mine = read_by(kpi.formula, cells) if moment.anchor in anchors_of(kpi) else {}
            if mine:
                added = form(kpi.formula.value(mine, context_of(org, moment.at_ms, _exact(kpi))))
                when = {"time": text(moment.at_ms, org.calendar), "credited_to": _credited(moment.holder)}
                rows.append({"kpi": kpi.id, "what": moment.anchor, **when, **added})
    return rows


def _credited(holder: str) -> str | None:
    kind, _, name = holder.partition(":")
    return f"{'user' if kind == 'u' else 'team'}:{name}" if name else None
