import csv
from datetime import datetime
from pathlib import Path

import pytest

from crmpulse.cloudevent import Event
from crmpulse.formats import FormatError, helpdesk
from tests.crmpulse.formats import DATASETS

LOG = DATASETS / "helpdesk" / "helpdesk_full.csv"
HEADER = "Case ID,Activity,Resource,Complete Timestamp,customer,product,seriousness_2,service_type\n"


def case(tmp_path: Path, *steps: tuple[str, str]) -> list[Event]:
    lines = [f"c1,{activity},{agent},2012/10/09 14:50:17.000,k,p,high,s\n" for activity, agent in steps]
    path = tmp_path / "log.csv"
    path.write_text(HEADER + "".join(lines), encoding="utf-8")
    return [event for event in helpdesk.events(path) if event["subject"] == "ticket/c1"]


def told(events: list[Event]) -> list[str]:
    return [event["data"].get("new", event["type"]) for event in events]


def test_first_resolves_of_all_cases_are_those_of_the_log() -> None:
    created: dict[str, str] = {}
    resolved: dict[str, str] = {}
    for event in helpdesk.events(LOG):
        if event["type"] == "crm.ticket.created":
            created[event["subject"]] = event["time"]
        elif event["data"].get("new") == "solved":
            resolved.setdefault(event["subject"], event["time"])
    with (DATASETS / "helpdesk" / "reference" / "case_times.csv").open(newline="", encoding="utf-8") as file:
        cases = list(csv.DictReader(file))
    assert {f"ticket/{row['case_id']}": stamp(row["first_ts"]) for row in cases} == created
    assert {
        f"ticket/{row['case_id']}": stamp(row["first_resolve"]) for row in cases if row["first_resolve"]
    } == resolved


def stamp(text: str) -> str:
    return datetime.fromisoformat(text).isoformat(timespec="milliseconds") + "Z"


def test_a_later_step_opens_a_resolved_ticket_again(tmp_path: Path) -> None:
    steps = ("Insert ticket", "Resolve ticket", "Take in charge ticket", "Wait", "Assign seriousness", "Closed")
    events = case(tmp_path, *((step, "a1") for step in steps))
    assert told(events) == ["crm.ticket.created", "solved", "open", "pending", "open", "closed"]
    assert [event["sequence"] for event in events] == [0, 1, 2, 3, 4, 5]


def test_a_case_that_starts_resolved_is_created_and_solved(tmp_path: Path) -> None:
    assert told(case(tmp_path, ("Resolve ticket", "a1"))) == ["crm.ticket.created", "solved"]


def test_a_step_of_another_agent_hands_the_ticket_over(tmp_path: Path) -> None:
    events = case(tmp_path, ("Insert ticket", "a1"), ("Take in charge ticket", "a2"), ("Resolve ticket", "a3"))
    assert told(events) == ["crm.ticket.created", "crm.record.owner_changed", "solved"]
    assert events[1]["data"] == {"new_owner": "a2", "old_owner": "a1"}
    assert events[2]["data"]["owner_id"] == "a3"


def test_gives_every_event_its_own_id_and_keeps_to_time() -> None:
    events = list(helpdesk.events(LOG))
    assert len({event["id"] for event in events}) == len(events)
    assert [event["time"] for event in events] == sorted(event["time"] for event in events)


def test_names_the_line_of_a_bad_time(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(HEADER + "c1,Closed,a,yesterday,k,p,high,s\n", encoding="utf-8")
    with pytest.raises(
        FormatError, match="line 2, column Complete Timestamp: 'yesterday' is not a time such as 2012/10"
    ):
        list(helpdesk.events(path))
