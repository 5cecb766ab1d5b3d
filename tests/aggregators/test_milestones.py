"""Goals as alerts see them: what is news of a standing, and what is only remembered."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from aggregators.ledger import Entry, Turn
from aggregators.milestones import Seen, judged
from aggregators.org import Org
from events.published import GoalMilestone, GoalMilestoneRevoked

DIRECTORY = Org({"team/west": {"manager_id": "wes"}, "user/ann": {"teams": [[0, "west"]]}})
SHARES = (0.5, 0.9, 1)
AT_MS = 1_000


def standing(reached: float = 0, state: str = "on_track", **more: Any) -> dict[str, Any]:
    milestones = [{"share": share, "reached": share <= reached} for share in SHARES]
    told = {"goal": "g", "assignee": "user:ann", "pace": Fraction(1, 2), "from": "2026-01-01T00:00:00Z"}
    return {**told, "state": state, "milestones": milestones, **more}


def seen(*shares: float, off: bool = False, begin: str = "2026-01-01") -> Seen:
    return Seen(begin, [*shares], off, 7)


def of(now: dict[str, Any], before: Seen | None, entry: Entry | None = None, *, silent: bool = False) -> Turn:
    _, turn = judged("acme", now, before, entry, AT_MS, silent=silent, next_offset=9, directory=DIRECTORY)
    return turn


def told(turn: Turn) -> list[tuple[str, float]]:
    names = {GoalMilestone: "reached", GoalMilestoneRevoked: "revoked"}
    return [(names[type(e)], e.data.share) for e in turn.events if isinstance(e, GoalMilestone | GoalMilestoneRevoked)]


FIRES = Entry("id", "goal_off_pace", "goal/g", 1, 2, "ann")


@pytest.mark.parametrize(
    ("reached", "before", "expected"),
    [
        (0.5, seen(), [("reached", 0.5)]),
        (1, seen(0.5), [("reached", 0.9), ("reached", 1)]),
        (0.5, seen(0.5), []),
        (0, seen(0.5, 0.9), [("revoked", 0.5), ("revoked", 0.9)]),
        (0.5, seen(0.5, 0.9, 1, begin="2025-12-01"), [("reached", 0.5)]),
        (0, seen(0.5, begin="2025-12-01"), []),
        (0.5, seen(0.25, 0.5), []),
        (1, None, []),
    ],
)
def test_shares_that_are_reached_or_lost_in_a_period_are_told(
    reached: float, before: Seen | None, expected: list[tuple[str, float]]
) -> None:
    assert told(of(standing(reached), before)) == expected
    assert told(of(standing(reached), before, silent=True)) == []


def test_another_zone_is_no_other_period() -> None:
    assert told(of(standing(0.5, **{"from": "2026-01-01T00:00:00-03:00"}), seen(0.5))) == []


def test_a_milestone_tells_its_goal_and_has_an_id_of_its_own() -> None:
    first, second = of(standing(0.9), seen()).events
    assert isinstance(first, GoalMilestone)
    assert (first.data.goal, first.subject, first.orgid) == ("g", "goal/g", "acme")
    assert first.id != second.id


@pytest.mark.parametrize(
    ("state", "before", "fires", "silent", "expected"),
    [
        ("off_track", seen(), False, False, ["fired"]),
        ("off_track", seen(), False, True, []),
        ("off_track", None, False, False, []),
        ("off_track", seen(off=True), False, False, []),
        ("off_track", seen(off=True), True, False, []),
        ("at_risk", seen(off=True), True, False, ["resolved"]),
        ("reached", seen(off=True), True, True, ["resolved"]),
        ("missed", seen(off=True), True, False, ["resolved"]),
        ("on_track", seen(off=True), False, False, []),
    ],
)
def test_a_goal_fires_when_it_goes_off_its_pace_and_resolves_when_it_is_back(
    state: str, before: Seen | None, fires: bool, silent: bool, expected: list[str]
) -> None:
    turn = of(standing(state=state), before, FIRES if fires else None, silent=silent)
    assert [type(event).__name__.removeprefix("Alert").lower() for event in turn.events] == expected
    assert [bool(entry.resolved_ms) for entry in turn.entries] == [one == "resolved" for one in expected]


@pytest.mark.parametrize(
    ("assignee", "owner", "team", "manager"),
    [("user:ann", "ann", None, "wes"), ("team:west", None, "west", "wes"), ("org", None, None, None)],
)
def test_an_alert_of_a_goal_is_of_its_assignee(
    assignee: str, owner: str | None, team: str | None, manager: str | None
) -> None:
    [entry] = of(standing(state="off_track", assignee=assignee), seen()).entries
    assert (entry.owner_id, entry.team_id, entry.manager_id, entry.value) == (owner, team, manager, 0.5)
    assert entry.since_ms == AT_MS


def test_what_was_seen_is_remembered_also_where_nothing_is_told() -> None:
    now, _ = judged(
        "acme", standing(0.9, "off_track"), None, None, AT_MS, silent=True, next_offset=9, directory=DIRECTORY
    )
    assert now == Seen("2026-01-01", [0.5, 0.9], off=True, next=9)
