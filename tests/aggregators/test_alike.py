"""What is worked out once for all records alike is what each of them contributes."""

from random import Random

import pytest

from aggregators import alike
from aggregators.alike import ACTOR, OWNER, Alike
from aggregators.catalogue import plan
from aggregators.contribution import Effect, contribution
from aggregators.org import Org
from aggregators.record import Record
from aggregators.story import milliseconds
from events import CallLogged, Entry, FeedbackReceived, LeadCreated, MeetingStatusChanged, entry_class
from tests.aggregators.test_fold import changes
from tests.histories import history

ORG = Org({"org/demo": {"time_zone": "Asia/Kathmandu", "currency": "USD"}})


def call(duration_ms: int, actor: str = "ann", time_ns: int = 10**18) -> Entry:
    data = CallLogged(direction="outbound", duration_ms=duration_ms)
    return entry_class["crm.call.logged"](time_ns, 0, "/a", f"{duration_ms}", actor, data)


def test_records_of_one_event_contribute_what_they_would_by_themselves() -> None:
    patterns, found = Alike(plan()), 0
    for seed in range(40):
        for change in changes(history(Random(seed), ("demo",), 200)):
            entry = change.entry
            pattern = patterns.pattern(entry, ORG)
            if pattern is None:
                continue
            found += bool(pattern)
            who = {ACTOR: f"u:{entry.actor}", OWNER: f"u:{entry.data.owner_id}"}
            at_ms = milliseconds(entry.time_ns)
            told = [(anchor, at_ms, who.get(whose, whose), _shown(effect)) for anchor, whose, effect in pattern]
            alone = contribution(change.entity, Record([entry]), ORG, plan())
            assert told == [(one.anchor, one.at_ms, one.holder, _shown(one.effect)) for one in alone], change
    assert found > 500


@pytest.mark.parametrize(
    ("kind", "found"),
    [(CallLogged, True), (LeadCreated, True), (FeedbackReceived, True), (MeetingStatusChanged, False)],
)
def test_types_whose_moments_are_at_an_instant_of_their_own_are_told_one_by_one(kind: type, found: bool) -> None:
    assert (kind in Alike(plan())._says) == found


def test_a_type_that_says_something_else_each_time_is_told_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alike, "MOST", 10)
    patterns = Alike(plan())
    told = [patterns.pattern(call(duration_ms), ORG) for duration_ms in range(30_000, 30_020)]
    assert [pattern is not None for pattern in told] == [True] * 11 + [False] * 9


def _shown(effect: Effect) -> tuple[object, ...]:
    return effect.cells, effect.groups
