"""A person's card says what the routes of its parts say."""

from __future__ import annotations

from typing import Any

import pytest

from api.query.card import SHOWN
from crmpulse.settings import Settings
from tests.loading import Asking, load

NOW = "2026-03-16T12:00:00Z"


def told(*events: tuple[str, str, str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Events by type, subject, time and data."""
    plain = {"specversion": "1.0", "source": "/t", "orgid": "acme"}
    return [
        {**plain, "id": str(n), "type": f"crm.{kind}", "subject": subject, "time": f"{at}Z", "data": data}
        for n, (kind, subject, at, data) in enumerate(events)
    ]


ANN: dict[str, Any] = {"owner_id": "ann"}
HISTORY = told(
    ("user.updated", "user/ann", "2026-01-01T00:00:00", {"name": "Ann", "team_id": "west", "manager_id": "mia"}),
    ("user.updated", "user/mia", "2026-01-01T00:00:00", {"name": "Mia"}),
    ("team.updated", "team/west", "2026-01-01T00:00:00", {"name": "West"}),
    ("account.created", "account/a1", "2026-01-02T00:00:00", {"name": "Acme"}),
    *(
        ("call.logged", f"call/{n}", f"2026-03-{n:02}T09:00:00", {**ANN, "direction": "outbound", "duration_ms": 90_500})
        for n in range(1, 16)
    ),
    ("session.heartbeat", "heartbeat/1", "2026-03-05T09:00:00", {**ANN, "active_ms": 60_000}),
    ("record.updated", "call/15", "2026-03-15T10:00:00", {"changed": {"contact_ids": {"new": ["c1", "c2"]}}}),
    ("call.logged", "call/later", "2026-03-20T09:00:00", {**ANN, "direction": "outbound"}),
    ("deal.won", "deal/1", "2026-03-02T10:00:00", {**ANN, "account_id": "a1", "value": {"amount": "10", "currency": "EUR"}}),
    ("deal.won", "deal/2", "2026-03-03T10:00:00", {**ANN, "account_id": "a1", "value": {"amount": "5", "currency": "EUR"}}),
    ("deal.won", "deal/3", "2026-03-03T10:00:00", {"owner_id": "bob", "account_id": "a2"}),
    ("deal.won", "deal/4", "2026-02-03T10:00:00", {"owner_id": "mia", "value": {"amount": "99", "currency": "EUR"}}),
    ("lead.created", "lead/1", "2026-03-03T10:00:00", {**ANN, "name": "Lead One"}),
    ("lead.created", "lead/2", "2026-03-03T10:00:00", ANN),
    ("lead.status_changed", "lead/2", "2026-03-04T10:00:00", {"new": "disqualified"}),
    ("task.created", "task/late", "2026-03-05T10:00:00", {"assignee_id": "ann", "due_at": "2026-03-10T10:00:00Z", "name": "Late"}),
    ("task.created", "task/due", "2026-03-06T10:00:00", {"assignee_id": "ann", "due_at": "2026-03-30T10:00:00Z"}),
    ("task.created", "task/done", "2026-03-07T10:00:00", {"assignee_id": "ann", "due_at": "2026-03-30T10:00:00Z"}),
    ("task.status_changed", "task/done", "2026-03-08T10:00:00", {"new": "done"}),
    ("task.created", "task/handed", "2026-03-07T10:00:00", {"assignee_id": "ann", "due_at": "2026-03-08T10:00:00Z"}),
    ("record.owner_changed", "task/handed", "2026-03-09T10:00:00", {"new_owner": "bob"}),
    ("goal.set", "goal/g1", "2026-01-01T00:00:00",
     {"kpi": "calls_made", "assignee": "user:ann", "target": 20, "period": "month"}),
)  # fmt: skip


@pytest.fixture
async def asking(settings: Settings) -> Asking:
    await load(settings, HISTORY, 10)
    return Asking(settings, "acme")


async def test_a_card_says_what_its_parts_say(asking: Asking) -> None:
    async with asking:
        card = await asking.get("users/ann/card", window="this_month", now=NOW)
        shown = {"scope": "user:ann", "window": "this_month", "now": NOW, "compare": "previous"}
        assert card["kpis"] == [await asking.get(f"kpis/{kpi}", **shown) for kpi in SHOWN]
        assert card["goals"] == (await asking.get("goals", scope="user:ann", now=NOW))["goals"]
        rank = await asking.get("kpis/rank", of="revenue_won", scope="user:ann", window="this_month", now=NOW)
        assert card["rank"] == {
            "of": "revenue_won",
            "rank": rank["value"],
            "n": rank["n"],
            "value": rank["parts"]["value"],
            "previous_rank": rank["parts"]["previous_rank"],
        }
    assert (card["rank"]["rank"], card["rank"]["previous_rank"], card["rank"]["n"]) == (1, 2, 3)
    assert card["goals"][0]["progress"] == 15


async def test_a_card_lists_what_there_was_to_do(asking: Asking) -> None:
    async with asking:
        card = await asking.get("users/ann/card", window="this_month", now=NOW)
    assert [one["record"] for one in card["calls"]] == [f"call/{n}" for n in range(15, 5, -1)], "the last ten"
    assert card["calls"][0]["duration"] == 90.5
    assert [one["contact_ids"] for one in card["calls"][:2]] == [["c1", "c2"], []]
    tasks = {one["record"]: (one["status"], one["overdue"]) for one in card["tasks"]}
    assert tasks == {"task/done": ("done", False), "task/due": ("open", False), "task/late": ("open", True)}
    assert card["tasks"][0]["record"] == "task/done", "the latest change first"
    assert (card["open_leads"]["total"], card["open_leads"]["records"][0]["name"]) == (1, "Lead One")
    assert card["clients"] == {
        "total": 1,
        "records": [{"record": "account/a1", "name": "Acme", "time": "2026-03-03T10:00:00+00:00"}],
    }
    assert card["user"] == {
        "id": "ann",
        "name": "Ann",
        "active": True,
        "manager_id": "mia",
        "manager_name": "Mia",
        "teams": [{"id": "west", "name": "West"}],
    }
    assert card["time_in_system"] == 60


async def test_the_card_of_nobody_is_empty(asking: Asking) -> None:
    async with asking:
        card = await asking.get("users/no/body/card", window="this_month", now=NOW)
    assert (card["user"]["name"], card["goals"], card["calls"], card["tasks"]) == ("no/body", [], [], [])
    assert card["rank"]["rank"] is None


@pytest.mark.parametrize(
    ("params", "status", "said"),
    [
        ({"windo": "today"}, 422, "window"),
        ({"window": "to_day"}, 422, "today"),
        ({"of": "revenue"}, 404, "revenue_won"),
        ({"scope": "org"}, 422, "scope"),
    ],
)
async def test_what_a_card_cannot_be_asked_is_told(
    asking: Asking, params: dict[str, str], status: int, said: str
) -> None:
    async with asking:
        answer = await asking.client.get("/v1/users/ann/card", params={"org": "acme", **params})
    assert answer.status_code == status
    assert said in answer.text
