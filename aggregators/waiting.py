"""How many wait for something, and since when."""

from typing import NamedTuple

from aggregators.values import Cells, Context, Value

OLDEST = "oldest"


class Waiting(NamedTuple):
    """A number of records that wait (``late``: for too long), and in seconds how long the one does that waits longest.

    No row tells the last: it is answered from the records, each with a cell of its own, ``measure/<since ms>``.
    """

    measure: str
    late: str
    stats: tuple[str, ...] = ("count", "late", OLDEST)
    variants: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[str, ...]:
        """Return the measures read."""
        return self.measure, self.late

    def apart(self, cells: Cells, since_ms: int) -> dict[str, int]:
        """Return the cell of one record that waits since an instant."""
        return {f"{self.measure}/{since_ms}": cells[self.measure]} if self.measure in cells else {}

    def value(self, cells: Cells, context: Context) -> Value:
        """Return how many there are, or the time of the one that waits longest, None where nothing does."""
        if context.stat == OLDEST:
            began = [int(name.rpartition("/")[2]) for name, units in cells.items() if "/" in name and units > 0]
            return Value((context.at_ms - min(began)) / 1000 if began else None, n=len(began))
        n = cells.get(self.late if context.stat == "late" else self.measure, 0)
        return Value(n, n=n)
