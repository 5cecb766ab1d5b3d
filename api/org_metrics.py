"""What Prometheus is told of one organisation: its KPIs and goals, and for how long that holds."""

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from aggregators.alerts import RULES
from aggregators.goals import goals
from api import gauges
from api.gauges import Gauge
from api.query.alerts import alerts as firing
from api.query.goals import Standing, standings
from api.query.overview import LEVELS as OF_KPIS
from api.query.overview import Overview, figures, figures_each, names, overview
from api.query.tables import Directory, Tables

LEVELS = ("org", "goal", "team", "user")
"""Of what there are series, the most important first: each is told as a whole or not at all."""
Labels = tuple[str, ...]
Values = dict[str, dict[Labels, float]]


class Told(NamedTuple):
    """Values by gauge and labels; ``sizes`` is how many series a level may have, told or not.

    ``version`` is that of the tables, ``alerts`` how often the ledger of alerts had changed.
    """

    version: bytes
    alerts: bytes
    sizes: Mapping[str, int]
    levels: tuple[str, ...]
    until_ms: int
    fresh_until: float
    values: Values

    def holds(self, version: bytes, alerts: bytes, levels: tuple[str, ...]) -> bool:
        """Tell whether this is still so: no event came, no alert changed, no window began, nothing was due."""
        on_time = time.time() * 1000 < self.until_ms and time.monotonic() < self.fresh_until
        return (self.version, self.alerts, self.levels) == (version, alerts, levels) and on_time


def within(sizes: Mapping[str, int], room: int) -> tuple[str, ...]:
    """Return the levels that are told where there is room for so many series beside those of the organisation itself."""
    found = ["org"]
    for level in [level for level in sizes if level != "org"]:
        if sizes[level] <= room:
            found.append(level)
            room -= sizes[level]
    return tuple(found)


async def tell(
    org: str,
    tables: Tables,
    windows: Sequence[str],
    levels: Sequence[str],
    room: int,
    fresh_seconds: float,
    alerts: bytes,
) -> Told:
    """Return what is told of an organisation as of now, ``alerts`` as in ``Told``. Raises UnsettledError, RedisError."""

    async def ask(directory: Directory) -> tuple[dict[str, int], Overview]:
        sizes = {level: _size(level, directory, len(windows)) for level in levels}
        wanted = [level for level in within(sizes, room) if level in OF_KPIS]
        return sizes, await overview(tables, directory, now_ms, windows, wanted)

    now_ms = int(time.time() * 1000)
    sizes, found = await tables.settled(ask)
    version, kept = tables.version or b"", within(sizes, room)
    values = await _of_kpis(org, found, now_ms)
    standing = await tables.settled(lambda d: standings(tables, d, now_ms)) if sizes["goal"] and "goal" in kept else []
    for goal in standing:
        for gauge, labels, value in _of_goal(org, goal):
            values[gauge.name][labels] = value
    values[gauges.FIRING.name] = {(org, rule.name): 0 for rule in RULES}
    for alert in await firing(tables, "firing"):
        values[gauges.FIRING.name][org, alert["rule"]] += 1
    fresh = fresh_seconds if found.moves or standing else float("inf")
    return Told(version, alerts, sizes, kept, found.until_ms, time.monotonic() + fresh, values)


def _size(level: str, directory: Directory, windows: int) -> int:
    if level == "goal":
        return len(goals(directory.org)) * len(gauges.OF_GOALS)
    return names(directory, level) * figures_each(level, windows)


async def _of_kpis(org: str, found: Overview, now_ms: int) -> Values:
    values: Values = defaultdict(dict)
    async for kpi, window, level, name, value in figures(found):
        team, user = name if level == "team" else "", name if level == "user" else ""
        if user:
            team = next(iter(found.directory.teams.of(f"u:{user}", now_ms)), "")
        values[gauges.OF_KPIS[kpi.id].name][org, team, window, user] = float(value or 0)
    return values


def _of_goal(org: str, goal: Standing) -> Iterator[tuple[Gauge, Labels, float]]:
    kind, _, name = goal.goal.assignee.partition(":")
    labels = (org, goal.goal.id, name if kind == "team" else "", name if kind == "user" else "")
    numbers = (goal.progress, goal.target, goal.course.attainment, goal.course.pace)
    for gauge, number in zip(gauges.OF_GOALS, numbers, strict=False):
        if number is not None:
            yield gauge, labels, float(number)
    if goal.state:
        yield gauges.GOAL_STATE, (*labels, goal.state), 1
