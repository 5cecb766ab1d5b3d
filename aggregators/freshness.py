"""How fresh numbers are: the formula of the KPI, and the ledger's cells that it reads (``ages.py`` counts them)."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from aggregators.formulas import Duration
from aggregators.tables import Row
from aggregators.values import Cells, Context, Value

KPI = "event_freshness"
TOOK, DEAD, NO_RATE, UNMAPPED = "ms", "dead_letters", "fx_missing", "unmapped"
"""What is counted of events beside the buckets of a histogram: how long they took in all (ms), and what was amiss with them."""

_AGE = "age"


class Freshness(NamedTuple):
    """How long events took until they were visible; no table has it, so it reads no measures.

    It tells dead letters, events without a rate (by currency) and events that nobody known is credited with beside it.
    """

    measures: tuple[str, ...] = ()
    stats: tuple[str, ...] = Duration(_AGE).stats
    variants: tuple[str, ...] = ()

    def value(self, cells: Cells, context: Context) -> Value:
        """Return the duration, as of any other."""
        caveats: dict[str, Any] = {name: cells[name] for name in (DEAD, UNMAPPED) if cells.get(name)}
        rates = {name.partition("@")[2]: n for name, n in cells.items() if name.startswith(f"{NO_RATE}@") and n}
        return Duration(_AGE).value(cells, context)._replace(caveats=caveats | ({NO_RATE: rates} if rates else {}))


def read(fields: Mapping[bytes, bytes], *, hourly: bool) -> dict[str, dict[str, Row]]:
    """Return a hash of the ledger as cells by hour (empty where it is not ``hourly``) and publisher (empty: not known)."""
    found: dict[str, dict[str, Row]] = {}
    for field, times in fields.items():
        hour, rest = field.decode().split(" ", 1) if hourly else ("", field.decode())
        what, source = rest.split(" ", 1)
        row = found.setdefault(hour, {}).setdefault(source, {})
        if what.isdigit():
            row[f"{_AGE}.h{what}"] = int(times)
            row[f"{_AGE}.n"] = row.get(f"{_AGE}.n", 0) + int(times)
        else:
            row[f"{_AGE}.ms" if what == TOOK else what] = int(times)
    return found
