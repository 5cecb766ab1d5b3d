"""The records behind a number, and what a record contributes to which."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, NamedTuple

import msgspec

from aggregators.catalogue import anchors_of, derived_of
from aggregators.composed import Composed
from aggregators.contribution import added_by, moments
from aggregators.formulas import Count, read_by
from aggregators.kpi import Kpi
from aggregators.measure import LEVELS, SETTLED, SINGLE
from aggregators.org import Org
from aggregators.record import Record, is_deleted
from aggregators.story import milliseconds
from aggregators.tables import Row
from aggregators.teams import ALWAYS, Part
from aggregators.values import Context
from aggregators.windows import Window, text
from api.query.answer import context_for, context_of, form, value
from api.query.cells import add
from api.query.errors import ImpossibleError, Mistake
from api.query.facts import known
from api.query.question import Question
from api.query.scan import Found, Scan
from api.query.sums import Summing
from api.query.tables import Directory, Tables

FEW, MORE = 8, 64
"""So many moments at least are read of each person, and then of those who have more."""


async def behind(asked: Question, tables: Tables, directory: Directory) -> dict[str, Any]:
    """Return a page of the records behind a number, the latest first: each with what it adds, and when.

    They are the same in whatever groups and series the number is told, and with whatever it is compared.
    """
    if isinstance(asked.kpi.formula, Composed):
        reason = f"{asked.kpi.id} is made of other KPIs; ask for the records of these"
        raise ImpossibleError(Mistake("kpi", reason))
    end_ms = asked.at_ms if asked.kpi.gauge else asked.window.to_ms
    past_ms = min(end_ms, asked.now_ms) if asked.kpi.due else end_ms
    scan = Scan(asked._replace(by=()), tables, directory)
    window = Window(asked.window.from_ms, end_ms)
    summing = Summing(asked._replace(by=(), every=""), tables, directory)
    parts, last = summing.spans(window), asked.cursor + asked.limit
    short = _is_short(asked) and not tables.is_long
    total, rows = await _newest(scan, summing, parts, window) if short else (0, None)
    if rows is None:
        tables.is_long |= short  # where a commit comes between, it is read all at once
        await scan.fetch({part.holder for part in parts}, ALWAYS[0] if asked.kpi.gauge else window.from_ms, end_ms)
        rows = _rows(scan, scan.select(parts, window), past_ms)
        total = len(rows)
    exact = asked._replace(stat=_exact(asked.kpi) or asked.stat)
    context = context_for(exact, directory.org, window._replace(to_ms=past_ms))
    told: dict[str, Any] = {
        "kpi": asked.kpi.id,
        "scope": asked.scope,
        "total": total,
        "records": [_told(exact, context, directory.org, row, scan) for row in rows[asked.cursor : last]],
    }
    if total > last:
        told["cursor"] = str(last)
    return told


class _Row(NamedTuple):
    """A record, what it adds, and when it last did."""

    subject: str
    at_ms: int
    cells: Row


def _rows(scan: Scan, chosen: Iterable[Found], past_ms: int) -> list[_Row]:
    """The records that add anything by then, the latest first; what is settled counts before it is due."""
    cells: dict[str, Row] = defaultdict(dict)
    at_ms: dict[str, int] = defaultdict(int)
    for found in chosen:
        mine = read_by(scan.kpi.formula, scan.cells(found))
        if mine and (found.moment.at_ms < past_ms or found.moment.anchor in SETTLED):
            add(cells[found.subject], mine)
            at_ms[found.subject] = max(at_ms[found.subject], found.moment.at_ms)
    rows = [_Row(subject, at_ms[subject], read_by(scan.kpi.formula, row)) for subject, row in cells.items()]
    return sorted((row for row in rows if row.cells), key=lambda row: (-row.at_ms, row.subject))


def _is_short(asked: Question) -> bool:
    """Tell whether a number is how many records there are, each counted once, so that a page of them may be told without all others."""
    anchors = anchors_of(asked.kpi)
    counts = isinstance(asked.kpi.formula, Count) and (SINGLE.issuperset(anchors) or LEVELS.issuperset(anchors))
    plain = not asked.kpi.due and derived_of(asked.kpi) is None and asked.of is None
    return counts and plain and not asked.where and asked.credit == "at_event" and not asked.variant


async def _newest(scan: Scan, summing: Summing, parts: Sequence[Part], window: Window) -> tuple[int, list[_Row] | None]:
    """How many records there are, and at least the rows of the page; None where they are not among the moments after an instant."""
    asked, (measure, *_) = scan.asked, scan.kpi.formula.measures
    [sums] = await summing.over([window])
    total = sums.whole.get(measure, 0)
    wanted = min(asked.cursor + asked.limit, total) if asked.cursor < total else 0
    ranges = [(anchor, part.holder, part.from_ms, part.to_ms) for part in parts for anchor in scan.anchors]
    moments: set[tuple[int, str]] = set()
    for few, most in ((FEW, 2 * wanted), (MORE, 10 * wanted)):
        each = max(few, 4 * most // max(1, len(ranges)))
        found = await scan.tables.latest(ranges, each)
        moments.update(chain(*found))
        full = {of: members[-1][0] for of, members in zip(ranges, found, strict=True) if len(members) == each}
        ranges, from_ms = [*full], max(full.values(), default=-1)
        later = sorted((moment for moment in moments if moment[0] > from_ms), reverse=True)
        if len(later) > most:
            from_ms = later[most][0]
        await scan.read([subject for _, subject in later[:most]])
        rows = [row for row in _rows(scan, scan.select(parts, window), window.to_ms) if row.at_ms > from_ms]
        if len(rows) >= wanted:
            return total, rows
    return total, None


def _exact(kpi: Kpi) -> str:
    """The stat that tells one record's duration as it is, not as the middle of a histogram's bucket."""
    return "mean" if kpi.kind == "duration" else ""


def _told(asked: Question, context: Context, org: Org, row: _Row, scan: Scan) -> dict[str, Any]:
    facts = known(scan.records.get(row.subject))
    return {
        "record": row.subject,
        "name": facts.get("name"),
        "owner_id": facts.get("owner_id"),
        "time": text(row.at_ms, org.calendar),
        **form(value(asked, context, row.cells)),
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
