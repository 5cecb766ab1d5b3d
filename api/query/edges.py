"""Stretches that fill no row, told from the records: the first and the last hour of a window, where it cuts them."""

from aggregators.catalogue import anchors_of
from aggregators.contribution import Addition, contribution
from aggregators.kpi import Kpi
from aggregators.tables import Row
from api.query.cells import Edge, add
from api.query.selection import everyone
from api.query.tables import Directory, Tables


async def added(edges: set[Edge], kpi: Kpi, tables: Tables, directory: Directory) -> dict[Edge, Row]:
    """Return what the records of some short stretches add."""
    if not edges:
        return {}
    anchors, holders = anchors_of(kpi), everyone(directory.teams)
    ranges = {
        (a, h, e.from_ms, e.to_ms) for e in edges for h in (holders if e.holder == "o" else [e.holder]) for a in anchors
    }
    records = await tables.matching(sorted(ranges))
    sums: dict[Edge, Row] = {edge: {} for edge in edges}
    for subject, record in records.items():
        for one in contribution(subject.partition("/")[0], record, directory.org, tables.plan):
            for edge, total in sums.items():
                if edge.from_ms <= one.at_ms < edge.to_ms:
                    add(total, _of(one, edge))
    return sums


def _of(one: Addition, edge: Edge) -> Row:
    """What of an addition belongs to the holder, or to the dimension value, of an edge."""
    if not edge.group.dimension:
        mine = one.holder == edge.holder or (edge.holder == "o" and not one.holder.startswith("x"))
        return one.cells if mine else {}
    return next((cells for dims, cells in one.groups if (edge.group.dimension, edge.group.value) in dims), {})
