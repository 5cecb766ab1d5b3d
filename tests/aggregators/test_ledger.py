"""Looking at a rule and a record: from any alert and any cause to what holds, and never twice to the same."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aggregators.alerts import BY_NAME
from aggregators.ledger import Entry, Owned, Turn, event_id, look
from events.published import AlertFired, AlertResolved

OVERDUE, LOST = BY_NAME["task_overdue"], BY_NAME["deal_lost"]
FRESH_MS = 100
instants = st.integers(0, 300)


def looked(entry: Entry | None, since_ms: int | None, at_ms: int, rule: str = "task_overdue") -> Turn:
    return look(BY_NAME[rule], "acme", "task/1", entry, since_ms, at_ms, FRESH_MS, lambda: Owned("ann"))


def firing(turn: Turn, before: Entry | None) -> Entry | None:
    """The alert that fires after a turn."""
    left = [entry for entry in turn.entries if not entry.resolved_ms]
    return left[-1] if left else None if turn.entries else before


@given(
    st.lists(st.tuples(st.none() | instants, st.integers(0, 50)), max_size=12),
    st.sampled_from([OVERDUE.name, LOST.name]),
)
def test_an_alert_fires_while_its_cause_holds_and_every_change_is_told(
    steps: list[tuple[int | None, int]], rule: str
) -> None:
    entry: Entry | None = None
    at_ms, told = 1, list[AlertFired | AlertResolved]()  # at 0 nothing has resolved
    for since_ms, passed_ms in steps:
        at_ms += passed_ms
        turn = looked(entry, since_ms, at_ms, rule)
        told += [each for each in turn.events if isinstance(each, AlertFired | AlertResolved)]
        assert [each.id for each in turn.entries] == [
            each.id if isinstance(each, AlertFired) else each.data.alert_id
            for each in told[len(told) - len(turn.events) :]
        ]
        before, entry = entry, firing(turn, entry)
        if since_ms is None or since_ms > at_ms:
            assert entry is None
            assert turn.look_ms == since_ms
        elif entry is not None:
            assert entry.since_ms == since_ms
        else:
            assert rule == LOST.name
            assert before is not None
            assert before.since_ms == since_ms
            assert before.fired_ms + FRESH_MS <= at_ms
        if entry is not None and (rule == OVERDUE.name or at_ms < entry.fired_ms + FRESH_MS):
            again = looked(entry, since_ms, at_ms, rule)
            assert (again.entries, again.events) == ((), ())
    assert len([e for e in told if isinstance(e, AlertFired)]) - (entry is not None) == len(
        [e for e in told if isinstance(e, AlertResolved)]
    )


def test_what_is_due_later_is_looked_at_then() -> None:
    assert looked(None, 50, 49) == Turn(look_ms=50)
    turn = looked(None, 50, 50, "deal_lost")
    assert turn.look_ms == 50 + FRESH_MS
    assert looked(turn.entries[0], 50, 60, "deal_lost") == Turn(look_ms=50 + FRESH_MS)


def test_ids_are_of_organisation_rule_record_and_cause_alone() -> None:
    ids = {
        event_id(org, rule, record, since)
        for org in ("a", "b") for rule in ("r", "s") for record in ("x/1", "x/2") for since in (1, 11)
    }  # fmt: skip
    assert len(ids) == 16
    assert (
        looked(None, 5, 10).entries[0].id
        == looked(None, 5, 20).entries[0].id
        == event_id("acme", OVERDUE.name, "task/1", 5)
    )
