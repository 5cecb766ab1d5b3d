"""What a goal asks for, and how it stands: its period, what is expected by an instant, and what to think of it.

| word | of a sum (count, sum, distinct) | of a level (ratio, mean, duration, gauge) |
|---|---|---|
| progress | the KPI's value from the period's start up to the instant | the same; a gauge as of the instant |
| expected | target x elapsed share of the period | target |
| pace | progress / expected; at_most: expected / progress | the same |
| attainment | progress / target; at_most: target / progress | the same |
| projection | progress / elapsed share | progress |

Elapsed is by the clock (`linear`) or by working days; a period without any is told by the clock.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, NamedTuple

from aggregators.kpi import Kpi
from aggregators.org import Org
from aggregators.values import Number
from aggregators.windows import Periods, Window
from aggregators.workdays import Workdays

ON_TRACK, AT_RISK, OFF_TRACK, REACHED, MISSED = "on_track", "at_risk", "off_track", "reached", "missed"
TOLERANCE = Fraction(1, 5)
"""How far behind pace, or on the wrong side of a level, is a risk and not yet off track."""


class Goal(NamedTuple):
    """A goal as it was last set. ``targets`` are ``[from instant in ms, number or money]``, oldest first."""

    id: str
    kpi: str
    assignee: str
    targets: list[list[Any]]
    name: str | None = None
    period: str = ""
    start: str = ""
    end: str = ""
    where: Mapping[str, Any] = {}
    direction: str = "at_least"
    pace: str = "linear"
    stat: str = ""
    params: Mapping[str, Any] = {}
    milestones: tuple[float, ...] = ()

    def window(self, at_ms: int, periods: Periods) -> Window:
        """Return the period that holds an instant, or the goal's own dates, the last day included."""
        if self.period:
            return periods.unit(self.period, at_ms)
        return periods.between(date.fromisoformat(self.start), date.fromisoformat(self.end) + timedelta(days=1))

    def target(self, at_ms: int, window: Window) -> Any:
        """Return the target that holds for a window as of an instant: the last one set by then, else the first."""
        latest_ms = min(at_ms, window.to_ms - 1)
        return next((target for from_ms, target in reversed(self.targets) if from_ms <= latest_ms), self.targets[0][1])


class Course(NamedTuple):
    """What to think of a goal as of an instant; None where there is nothing to divide by."""

    expected: Number | None
    attainment: Number | None
    pace: Number | None
    projection: Number | None
    state: str | None


def goals(org: Org) -> list[Goal]:
    """Return the goals that hold, by id."""
    found = ((s.removeprefix("goal/"), e) for s, e in org.entries.items() if s.startswith("goal/"))
    return [Goal(id=name, **entry) for name, entry in sorted(found) if entry.get("kpi")]


def cumulative(kpi: Kpi, stat: str) -> bool:
    """Tell whether a KPI grows with its period, rather than being a level at any time of it."""
    if kpi.gauge or stat in ("mean", "p50", "p90"):
        return False
    return stat in ("count", "sum") or kpi.kind.split()[0] in ("count", "sum", "distinct")


def elapsed(goal: Goal, window: Window, at_ms: int, workdays: Workdays) -> Fraction:
    """Return which share of a window is over."""
    share = workdays.elapsed(window, at_ms) if goal.pace == "working_days" else None
    if share is None:
        share = Fraction(at_ms - window.from_ms, window.to_ms - window.from_ms)
    return min(max(share, Fraction(0)), Fraction(1))


def course(
    direction: str, progress: Number | None, target: Fraction, share: Fraction, *, level: bool, over: bool
) -> Course:
    """Return what to think of a progress when ``share`` of the period has elapsed; ``over``: when it has ended."""
    most = direction == "at_most"
    expected = target if level else target * share
    pace = quotient(expected, progress) if most else quotient(progress, expected)
    return Course(
        expected,
        quotient(target, progress) if most else quotient(progress, target),
        pace,
        progress if level else quotient(progress, share),
        _ended(most, progress, target) if over else _running(most, progress, target, expected, pace, level=level),
    )


def quotient(over: Number | None, under: Number | None) -> Number | None:
    """Return a quotient, exact where both are; None where there is nothing to divide, or to divide by."""
    if over is None or not under:
        return None
    if isinstance(over, float) or isinstance(under, float):
        return float(over) / float(under)
    return Fraction(over) / under


def _ended(most: bool, progress: Number | None, target: Fraction) -> str:
    if progress is None:
        return MISSED
    return REACHED if (progress <= target if most else progress >= target) else MISSED


def _running(
    most: bool, progress: Number | None, target: Fraction, expected: Fraction, pace: Number | None, *, level: bool
) -> str:
    if progress is None:
        return ON_TRACK
    good = progress <= target if most else progress >= target
    if level:
        near = (progress - target if most else target - progress) <= abs(target) * TOLERANCE
        return ON_TRACK if good else AT_RISK if near else OFF_TRACK
    if good != most:  # nothing that is yet to come changes it
        return REACHED if good else OFF_TRACK
    if pace is None or not expected:
        return ON_TRACK
    return ON_TRACK if pace >= 1 else AT_RISK if pace >= 1 - TOLERANCE else OFF_TRACK
