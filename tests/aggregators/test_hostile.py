"""Events that are valid and odd: none of them may stop a worker or a reader, whatever it says."""

import json
from fractions import Fraction
from typing import Any

import pytest

from aggregators.catalogue import BY_ID, plan
from aggregators.contribution import MOMENTS, contribution
from aggregators.fold import Arrival, mentioned
from aggregators.org import Org
from aggregators.record import Record, merge
from aggregators.tables import unescaped
from aggregators.values import Context
from events import Change, decode

Cells = dict[str, int]


def change(kind: str, subject: str, data: dict[str, Any], hour: int = 9) -> Change:
    """Return an event as a change."""
    event = {
        "specversion": "1.0",
        "id": f"{kind} {hour}",
        "source": "/tests",
        "type": f"crm.{kind}",
        "subject": subject,
        "time": f"2026-01-05T{hour:02}:00:00Z",
        "orgid": "demo",
        "data": data,
    }
    found = decode([json.dumps(event).encode()])[0]
    assert isinstance(found, Change), found
    return found


def added(*changes: Change) -> Cells:
    """Return the sum of all that one record's events add."""
    record = Record([])
    for each in changes:
        record = merge(record, each.entry) or record
    total: Cells = {}
    for one in contribution(changes[0].entity, record, Org(), plan()):
        for name, units in one.cells.items():
            total[name] = total.get(name, 0) + units
    total.pop(MOMENTS, None)
    return total


@pytest.mark.parametrize("status", [["won"], {"a": 1}, "won", None, 5])
@pytest.mark.parametrize("entity", ["deal", "lead", "ticket", "task", "meeting"])
def test_only_events_of_its_own_change_a_status(entity: str, status: object) -> None:
    kind = "meeting.scheduled" if entity == "meeting" else f"{entity}.created"
    created = change(kind, f"{entity}/1", {})
    changed = change("record.updated", f"{entity}/1", {"changed": {"status": {"new": status}}}, 10)
    assert added(created, changed) == added(created)


def test_a_duration_that_was_cleared_is_none() -> None:
    logged = change("call.logged", "call/1", {"direction": "outbound", "duration_ms": 60_000})
    cleared = change("record.updated", "call/1", {"changed": {"duration_ms": {"new": None}}}, 10)
    assert added(logged, cleared) == {"touches": 1, "calls_made": 1, "activities_completed": 1}


def test_a_scale_that_was_cleared_is_of_five() -> None:
    given = change("feedback.received", "feedback/1", {"kind": "csat", "score": 4, "scale": 10})
    cleared = change("record.updated", "feedback/1", {"changed": {"scale": {"new": None}}}, 10)
    assert added(given) == {"ratings": 1}
    assert added(given, cleared) == {"ratings": 1, "ratings_satisfied": 1, "records_written": 1}


@pytest.mark.parametrize(("pipeline", "stage"), [("a/b", "c/d"), ("p", "x@USD"), ("p@q", "é/{}%2F"), ("", "")])
def test_ids_of_pipelines_and_stages_may_hold_what_cell_names_are_made_of(pipeline: str, stage: str) -> None:
    ids = {"pipeline_id": pipeline, "stage_id": stage} if pipeline else {}
    cells = added(change("deal.created", "deal/1", {"value": {"amount": "100", "currency": "EUR"}, **ids}))

    def probability(one: str, other: str) -> Fraction:
        assert (unescaped(one), unescaped(other)) == (pipeline, stage)
        return Fraction(1, 4)

    context = Context(lambda *_: None, probability)
    assert BY_ID["weighted_pipeline"].formula.value(cells, context).value == 25


@pytest.mark.parametrize(
    ("field", "subject"), [("owner_id", "user/zoe"), ("assignee_id", "user/zoe"), ("team_id", "team/zoe")]
)
def test_who_is_named_only_in_a_changed_field_is_known_from_then_on(field: str, subject: str) -> None:
    named = change("record.updated", "task/1", {"changed": {field: {"new": "zoe"}}})
    cleared = change("record.updated", "task/1", {"changed": {field: {"new": None}}})
    assert mentioned([Arrival(named, 0, 0), Arrival(cleared, 0, 1)]) == {subject}
