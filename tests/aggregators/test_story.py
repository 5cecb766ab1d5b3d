"""Stories: what was true of a record when."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregators.record import Record
from aggregators.story import Story, story
from events.instants import instant_ns
from tests.telling import instant, merged, told


def of(text: str) -> Story:
    found = story(merged(told(text)))
    assert found
    return found


def at(text: str, day: str, fact: str) -> Any:
    return of(text).as_of(instant_ns(instant(day))).get(fact)


CREATED = "01-05 deal.created 1 owner_id=ann stage_id=new value=10EUR\n"


@pytest.mark.parametrize(("text", "fact", "before", "after"), [
    (CREATED + "01-10 deal.stage_changed 1 new_stage_id=demo", "stage_id", "new", "demo"),
    (CREATED + "01-10 record.owner_changed deal/1 new_owner=bo", "owner_id", "ann", "bo"),
    (CREATED + "01-10 deal.updated 1 changed.probability=0.5", "probability", None, 0.5),
    (CREATED + "01-10 record.updated deal/1 changed.owner_id=bo", "owner_id", "ann", "bo"),
    (CREATED + "01-10 deal.won 1", "status", None, "won"),
    (CREATED + "01-10 deal.health_changed 1 new=at_risk", "health", None, "at_risk"),
    (CREATED + "01-01 deal.stage_changed 1 new_stage_id=demo", "stage_id", "demo", "demo"),
    ("01-05 task.created 1 assignee_id=ann\n01-10 record.updated task/1 changed.assignee_id=bo", "owner_id", "ann", "bo"),
    ("01-05 task.created 1 due_at=02-01\n01-10 task.status_changed 1 new=due_changed due_date=03-01", "due_date", None, "2026-03-01"),
    ("01-05 lead.created 1\n01-10 record.owner_changed lead/1 new_owner=bo old_owner=ann", "owner_id", "ann", "bo"),
    ("01-05 lead.created 1\n01-10 lead.status_changed 1 new=working owner_id=bo", "owner_id", None, "bo"),
])  # fmt: skip
def test_a_fact_holds_from_its_event_on(text: str, fact: str, before: object, after: object) -> None:
    assert (at(text, "01-07", fact), at(text, "01-12", fact)) == (before, after)


def test_a_date_takes_the_place_of_a_time() -> None:
    text = "01-05 task.created 1 due_at=02-01\n01-10 task.status_changed 1 new=due_changed due_date=03-01"
    assert at(text, "01-12", "due_at") is None
    assert "status" not in of(text).final


def test_it_begins_with_its_creation_else_with_its_first_event() -> None:
    assert of("01-03 deal.won 1\n01-05 deal.created 1").created_ns == instant_ns(instant("01-05"))
    assert of("01-03 deal.won 1\n01-04 deal.lost 1").created_ns == instant_ns(instant("01-03"))


def test_before_the_creation_what_holds_is_what_held_then() -> None:
    assert at(CREATED, "01-01", "stage_id") == "new"


def test_a_later_log_replaces_what_it_says_anew() -> None:
    call = "01-02 call.logged 1 direction=inbound\n01-01 record.updated call/1 changed.outcome=connected\n"
    assert of(call).final == {"direction": "inbound", "outcome": "connected"}
    assert of(call.replace("inbound", "inbound outcome=busy")).final == {"direction": "inbound", "outcome": "busy"}
    assert of(call.replace("01-01", "01-03")).final == {"direction": "inbound", "outcome": "connected"}


def test_custom_fields_are_facts_of_their_own_and_what_is_cleared_is_none() -> None:
    found = of(
        CREATED + "01-06 deal.updated 1 custom.size=3 custom.kind=a\n01-07 deal.updated 1 changed.custom.size=null"
    )
    assert (found.final["custom.size"], found.final["custom.kind"]) == (None, "a")


def test_timeless_facts_are_seen_as_they_are_now() -> None:
    found = of(CREATED + "01-06 deal.stage_changed 1 new_stage_id=demo source=web")
    seen = found.seen(found.as_of(found.created_ns))
    assert (seen["stage_id"], seen["source"]) == ("new", "web")


def test_nothing_is_told_of_what_is_deleted_or_only_mentioned() -> None:
    assert story(merged(told(CREATED + "01-06 record.deleted deal/1"))) is None
    assert story(Record([])) is None


@given(st.permutations(range(5)))
def test_a_story_does_not_depend_on_the_order_of_arrival(order: list[int]) -> None:
    lines = (CREATED + """01-02 deal.stage_changed 1 new_stage_id=a id=x
        01-09 deal.won 1 id=y
        01-08 deal.updated 1 changed.value=3EUR id=z
        01-08 record.owner_changed deal/1 new_owner=bo id=w""").splitlines()  # fmt: skip
    lines[0] += " id=v"
    found, expected = of("\n".join(lines[n] for n in order)), of("\n".join(lines))
    assert (found.points, found.final, found.created_ns) == (expected.points, expected.final, expected.created_ns)
