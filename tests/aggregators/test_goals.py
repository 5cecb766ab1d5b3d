"""What is made of a progress and a target, and which period and target hold."""

from fractions import Fraction
from typing import Any

import pytest

from aggregators.calendar import calendar
from aggregators.catalogue import BY_ID, KPIS
from aggregators.goals import Goal, course, cumulative, goals
from aggregators.org import Org, described
from aggregators.windows import Periods, instant, text
from api.query.goal_checks import is_aim
from tests.telling import merged, told

BERLIN = calendar("Europe/Berlin")
PERIODS = Periods(BERLIN, "sunday", 2)
HALF = Fraction(1, 2)

COURSES: list[tuple[str, str, Any, Any, Fraction, bool, bool, tuple[Any, Any, Any, Any, str]]] = [
    ("on pace", "at_least", 5, 10, HALF, False, False, (5, HALF, 1, 10, "on_track")),
    ("a little behind", "at_least", 4, 10, HALF, False, False, (5, Fraction(2, 5), Fraction(4, 5), 8, "at_risk")),
    ("far behind", "at_least", 3, 10, HALF, False, False, (5, Fraction(3, 10), Fraction(3, 5), 6, "off_track")),
    ("reached early", "at_least", 10, 10, HALF, False, False, (5, 1, 2, 20, "reached")),
    ("nothing elapsed", "at_least", 0, 10, Fraction(0), False, False, (0, 0, None, None, "on_track")),
    ("reached at the end", "at_least", 10, 10, Fraction(1), False, True, (10, 1, 1, 10, "reached")),
    ("missed at the end", "at_least", 9, 10, Fraction(1), False, True, (10, Fraction(9, 10), Fraction(9, 10), 9, "missed")),
    ("no target", "at_least", 3, 0, HALF, False, False, (0, None, None, 6, "reached")),
    ("nothing spent", "at_most", 0, 10, HALF, False, False, (5, None, None, 0, "on_track")),
    ("spent in time", "at_most", 5, 10, HALF, False, False, (5, 2, 1, 10, "on_track")),
    ("spent too fast", "at_most", 6, 10, HALF, False, False, (5, Fraction(5, 3), Fraction(5, 6), 12, "at_risk")),
    ("spent far too fast", "at_most", 8, 10, HALF, False, False, (5, Fraction(5, 4), Fraction(5, 8), 16, "off_track")),
    ("all spent", "at_most", 10, 10, HALF, False, False, (5, 1, HALF, 20, "off_track")),
    ("more than may be", "at_most", 11, 10, Fraction(1), False, False, (10, Fraction(10, 11), Fraction(10, 11), 11, "off_track")),
    ("all of it may be", "at_most", 10, 10, Fraction(1), False, True, (10, 1, 1, 10, "reached")),
    ("spent at once", "at_most", 1, 10, Fraction(0), False, False, (0, 10, 0, None, "on_track")),
    ("nothing may be, and is not", "at_most", 0, 0, Fraction(1), False, True, (0, None, None, 0, "reached")),
    ("a level is what it is", "at_least", HALF, HALF, Fraction(1, 9), True, False, (HALF, 1, 1, HALF, "on_track")),
    ("a level nearly there", "at_least", 8, 10, HALF, True, False, (10, Fraction(4, 5), Fraction(4, 5), 8, "at_risk")),
    ("a level not there", "at_least", 7, 10, HALF, True, False, (10, Fraction(7, 10), Fraction(7, 10), 7, "off_track")),
    ("a level a little above", "at_most", 12, 10, HALF, True, False, (10, Fraction(5, 6), Fraction(5, 6), 12, "at_risk")),
    ("a level far above", "at_most", 13, 10, HALF, True, False, (10, Fraction(10, 13), Fraction(10, 13), 13, "off_track")),
    ("no level yet", "at_least", None, 10, HALF, True, False, (10, None, None, None, "on_track")),
    ("never a level", "at_most", None, 10, Fraction(1), True, True, (10, None, None, None, "missed")),
    ("in floating point", "at_least", 1.5, 2, HALF, True, False, (2, 0.75, 0.75, 1.5, "off_track")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("direction", "progress", "target", "share", "level", "over", "expected"),
    [pytest.param(*case, id=f"{title}, {case[0]}") for title, *case in COURSES],
)
def test_course(
    direction: str, progress: Any, target: Any, share: Fraction, level: bool, over: bool, expected: tuple[Any, ...]
) -> None:
    assert course(direction, progress, Fraction(target), share, level=level, over=over) == expected


@pytest.mark.parametrize(
    ("kpi", "stat", "expected"),
    [
        ("deals_won", "", True), ("revenue_won", "", True), ("tickets_resolved", "", True), ("call_talk_time", "", True),
        ("call_talk_time", "mean", False), ("call_talk_time", "count", True), ("win_rate", "", False),
        ("avg_deal_size", "", False), ("sales_cycle_length", "", False), ("sales_cycle_length", "p90", False),
        ("sales_cycle_length", "count", True), ("deals_open", "", False), ("deals_with_problems", "sum", False),
    ],
)  # fmt: skip
def test_sums_grow_and_levels_do_not(kpi: str, stat: str, expected: bool) -> None:
    assert cumulative(BY_ID[kpi], stat) is expected


def test_every_kpi_that_a_goal_may_have_grows_or_is_a_level() -> None:
    kinds = {kpi.kind.split()[0] for kpi in KPIS if is_aim(kpi)}
    assert kinds == {"count", "sum", "distinct", "ratio", "mean", "duration", "gauge"}


WINDOWS = [
    ("week", "2026-03-29T12:00", "2026-03-29T00:00:00+01:00", "2026-04-05T00:00:00+02:00"),
    ("week", "2026-03-28T23:59:59.999", "2026-03-22T00:00:00+01:00", "2026-03-29T00:00:00+01:00"),
    ("month", "2026-02-01", "2026-02-01T00:00:00+01:00", "2026-03-01T00:00:00+01:00"),
    ("quarter", "2026-01-31", "2025-11-01T00:00:00+01:00", "2026-02-01T00:00:00+01:00"),
    ("year", "2026-01-31", "2025-02-01T00:00:00+01:00", "2026-02-01T00:00:00+01:00"),
    ("", "2030-01-01", "2026-10-24T00:00:00+02:00", "2026-10-26T00:00:00+01:00"),
]


@pytest.mark.parametrize(("unit", "now", "start", "end"), WINDOWS)
def test_a_period_is_that_of_the_organisations_calendar(unit: str, now: str, start: str, end: str) -> None:
    goal = Goal("g", "deals_won", "org", [[0, 1]], period=unit, start="2026-10-24", end="2026-10-25")
    found = goal.window(instant(now, BERLIN), PERIODS)
    assert (text(found.from_ms, BERLIN), text(found.to_ms, BERLIN)) == (start, end)


@pytest.mark.parametrize(
    ("now", "expected"),
    [("2026-02-01", 1), ("2026-02-10T10:00", 2), ("2026-02-10T09:59:59.999", 1), ("2026-02-28", 2), ("2026-05-01", 2)],
)
def test_a_target_is_the_latest_set_by_now_or_within_the_period(now: str, expected: int) -> None:
    set_at = [instant(at, BERLIN) for at in ("2026-02-05", "2026-02-10T10:00", "2026-03-01")]
    goal = Goal("g", "deals_won", "org", [[at, number] for number, at in enumerate(set_at, 1)], period="month")
    window = goal.window(instant("2026-02-15", BERLIN), PERIODS)
    assert goal.target(instant(now, BERLIN), window) == expected


ENTRIES = [
    ("01-01 goal.set g kpi=a assignee=org target=1 period=month\n01-02 goal.set g kpi=b assignee=org target=2 stat=sum",
     {"kpi": "b", "assignee": "org", "stat": "sum", "targets": [1, 2]}),
    ("01-02 goal.set g kpi=b assignee=org target=2\n01-01 goal.set g kpi=a assignee=org target=1 period=month",
     {"kpi": "b", "assignee": "org", "targets": [1, 2]}),
    ("01-01 goal.set g kpi=a assignee=org target=5EUR name=G\n01-02 record.updated goal/g changed.target=7 changed.name=H",
     {"kpi": "a", "assignee": "org", "name": "H", "targets": [{"amount": "5", "currency": "EUR"}, 7]}),
    ("01-01 goal.set g kpi=a assignee=org target=1\n01-02 goal.deleted g", {"deleted": True}),
    ("01-02 goal.deleted g\n01-03 goal.set g kpi=a assignee=org target=1", {"kpi": "a", "assignee": "org", "targets": [1]}),
    ("01-01 goal.set g kpi=a assignee=org target=1\n01-02 record.deleted goal/g", {"deleted": True}),
    ("01-01 record.owner_changed goal/g new_owner=ann", {"deleted": True}),
]  # fmt: skip


@pytest.mark.parametrize(("story", "expected"), ENTRIES)
def test_a_goal_is_as_it_was_last_set_whole_with_its_targets_over_time(story: str, expected: dict[str, Any]) -> None:
    entry = described("goal", merged(told(story)))
    targets = {"targets": [target for _, target in entry["targets"]]} if "targets" in entry else {}
    assert entry | targets == expected
    assert len(goals(Org({"goal/g": entry}))) == ("kpi" in expected)
