"""Who counts for which team when."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from aggregators.org import Org
from aggregators.teams import ALWAYS, Teams

DAY = 86_400_000
USERS, TEAMS = ("ann", "bo", "cy"), ("top", "west", "sub", "east")
stays = st.lists(st.tuples(st.integers(0, 20 * DAY), st.sampled_from(TEAMS)).map(list), max_size=4).map(sorted)
parents = st.dictionaries(st.sampled_from(TEAMS), st.sampled_from(TEAMS))
spans = st.tuples(st.integers(-DAY, 25 * DAY), st.integers(-DAY, 25 * DAY)).map(sorted)


def teams(of: Mapping[str, list[list[Any]]], above: Mapping[str, str] = {}) -> Teams:
    entries: dict[str, dict[str, Any]] = {f"user/{user}": {"teams": found} for user, found in of.items()}
    return Teams(Org(entries | {f"team/{team}": {"parent_id": parent} for team, parent in above.items()}))


any_teams = st.builds(teams, st.fixed_dictionaries(dict.fromkeys(USERS, stays)), parents)


def test_a_member_is_one_for_the_whole_of_the_day_and_the_last_word_of_a_day_holds() -> None:
    found = teams({"ann": [[10 * 3_600_000, "east"], [20 * 3_600_000, "west"], [DAY + 1, "east"]]})
    assert found.stays["ann"] == [(0, DAY, "west"), (DAY, ALWAYS[1], "east")]
    assert found.members("west", 0) == ["ann"]
    assert found.members("west", DAY) == []


def test_days_are_those_of_the_organisation() -> None:
    entries: dict[str, dict[str, Any]] = {
        "org/demo": {"time_zone": "America/Sao_Paulo"}, "user/ann": {"teams": [[DAY + 3_600_000, "west"]]},
    }  # fmt: skip
    assert Teams(Org(entries)).stays["ann"][0][0] == 3 * 3_600_000


def test_a_team_has_its_sub_teams_however_deep_and_circles_end() -> None:
    found = teams({}, {"sub": "west", "west": "top", "top": "sub"})
    assert found.below("west") == {"top", "west", "sub"}
    assert found.above("sub") == ["sub", "west", "top"]


@given(any_teams)
def test_above_and_below_say_the_same(found: Teams) -> None:
    for team in found.ids:
        assert all(team in found.above(one) for one in found.below(team))
        assert all(team in found.below(one) for one in found.above(team))


@given(any_teams, spans, st.sampled_from(USERS), st.data())
def test_every_instant_of_a_user_is_in_one_line_of_teams_or_in_none(
    found: Teams, span: list[int], user: str, data: st.DataObject
) -> None:
    at_ms = data.draw(st.integers(span[0], span[1]))
    holder = f"u:{user}"
    counted = {
        t for t in found.ids for p in found.parts(t, *span) if p.holder == holder and p.from_ms <= at_ms < p.to_ms
    }
    none = [p for p in found.without(*span) if p.holder == holder and p.from_ms <= at_ms < p.to_ms]
    assert counted == (set(found.of(holder, at_ms)) if at_ms < span[1] else set())
    assert len(none) == (not counted and at_ms < span[1])


@given(any_teams, spans, st.sampled_from(TEAMS))
def test_no_time_of_a_member_is_counted_twice(found: Teams, span: list[int], team: str) -> None:
    for user in USERS:
        mine = sorted((p.from_ms, p.to_ms) for p in found.parts(team, *span) if p.holder == f"u:{user}")
        assert all(end <= start for (_, end), (start, _) in pairwise(mine))
        assert all(span[0] <= start < end <= span[1] for start, end in mine)


def test_a_team_is_credited_with_what_it_owns_itself() -> None:
    found = teams({"ann": []}, {"sub": "west"})
    assert {p.holder for p in found.parts("west", 0, DAY)} == {"t:west", "t:sub"}
    assert found.of("t:sub", 0) == ["sub", "west"]
    assert {p.holder for p in found.without(0, DAY)} == {"u:", "u:ann"}


def test_users_and_teams_that_were_deleted_or_only_mentioned_are_there() -> None:
    entries: dict[str, dict[str, Any]] = {"user/ann": {"deleted": True}, "user/bo": {}, "team/west": {"deleted": True}}
    found = Teams(Org(entries))
    assert (found.users, found.ids) == (["ann", "bo"], ["west"])
