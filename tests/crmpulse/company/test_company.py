from collections import Counter
from datetime import UTC, datetime
from itertools import islice, pairwise

import pytest

import events
from crmpulse.cloudevent import Event
from crmpulse.company import LIVE_PER_SECOND, Company
from crmpulse.publish import encode
from events.instants import instant_ns

UNTIL = datetime(2026, 9, 17, 14, tzinfo=UTC)
SECOND_NS = 1_000_000_000


@pytest.fixture(scope="module")
def company() -> Company:
    return Company(7, UNTIL)


@pytest.fixture(scope="module")
def history(company: Company) -> list[Event]:
    return list(company.history())


@pytest.fixture(scope="module")
def live(company: Company, history: list[Event]) -> list[tuple[float, Event]]:
    assert history
    return list(islice(company.live(), 5000))


def times_ns(events: list[Event]) -> list[int]:
    return [instant_ns(event["time"]) for event in events]


def test_every_event_is_valid_and_has_an_id_of_its_own(history: list[Event], live: list[tuple[float, Event]]) -> None:
    told = history + [event for _, event in live]
    assert [
        found for found in events.decode([encode(event) for event in told]) if isinstance(found, events.Invalid)
    ] == []
    assert len({event["id"] for event in told}) == len(told)


def test_a_seed_tells_the_same_story_and_another_one_another() -> None:
    first, again, other = (list(islice(Company(seed, UNTIL, days=20).history(), 3000)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_fills_the_days_before_the_end_with_enough_to_look_at(history: list[Event]) -> None:
    assert 40_000 < len(history) < 80_000
    until_ns = int(UNTIL.timestamp()) * SECOND_NS
    assert until_ns - 122 * 86_400 * SECOND_NS < min(times_ns(history))
    assert max(times_ns(history)) < until_ns


def test_only_a_few_events_are_reported_late(history: list[Event]) -> None:
    times = times_ns(history)
    late = sum(later < time for time, later in pairwise(times))
    assert 0 < late < len(times) / 50


def test_people_rest_at_night_and_at_weekends(history: list[Event]) -> None:
    calls = [datetime.fromisoformat(event["time"]) for event in history if event["type"] == "crm.call.logged"]
    at_work = [at for at in calls if at.weekday() < 5 and 5 <= at.hour <= 18]
    assert len(at_work) > 0.97 * len(calls)


@pytest.mark.parametrize(
    ("kind", "member", "values"),
    [
        ("lead.status_changed", "new", {"working", "qualified", "disqualified", "converted"}),
        ("deal.health_changed", "new", {"ok", "at_risk", "has_problems"}),
        ("call.logged", "outcome", {"connected", "no_answer", "busy", "voicemail"}),
        ("meeting.status_changed", "new", {"completed", "no_show", "cancelled", "rescheduled"}),
        ("task.status_changed", "new", {"done", "reopened", "cancelled", "due_changed"}),
        ("ticket.status_changed", "new", {"open", "pending", "solved", "closed"}),
        ("message.logged", "author", {"human", "bot"}),
        ("email.logged", "automated", {True, False, None}),
        ("record.deleted", "reason", {"spam", "user", None}),
        ("feedback.received", "score", {1, 2, 3, 4, 5}),
    ],
)
def test_everything_happens_that_a_number_is_made_of(
    history: list[Event], kind: str, member: str, values: set[object]
) -> None:
    assert {event["data"].get(member) for event in history if event["type"] == f"crm.{kind}"} == values


def test_mistakes_are_made_and_put_right(history: list[Event]) -> None:
    told = Counter((event["type"], event["subject"]) for event in history)
    types = Counter(event["type"] for event in history)
    moved = [times for (type, _), times in told.items() if type == "crm.user.updated" and times > 1]
    doubled = [times for (type, _), times in told.items() if type == "crm.call.logged" and times > 1]
    assert moved == [2]
    assert doubled
    assert types["crm.deal.reopened"] > 5
    assert types["crm.record.owner_changed"] > 5
    assert any("value" in event["data"].get("changed", {}) for event in history)


def test_goes_on_live_where_the_history_ends(live: list[tuple[float, Event]]) -> None:
    passed = sum(delay for delay, _ in live)
    assert len(live) / passed == pytest.approx(LIVE_PER_SECOND, rel=0.1)
    last_ns = instant_ns(live[-1][1]["time"]) - int(UNTIL.timestamp()) * SECOND_NS
    assert 0 <= passed - last_ns / SECOND_NS < 2
    assert len({event["type"] for _, event in live}) > 15


def test_what_there_are_alerts_for_happens_live(live: list[tuple[float, Event]]) -> None:
    told = [event for _, event in live]
    done = {
        event["subject"]: instant_ns(event["time"])
        for event in told
        if event["type"] == "crm.task.status_changed" and event["data"]["new"] == "done"
    }
    tasks = {event["subject"]: event for event in told if event["type"] == "crm.task.created"}
    dues = {subject: instant_ns(event["data"]["due_at"]) for subject, event in tasks.items()}
    waits = [dues[subject] - instant_ns(event["time"]) for subject, event in tasks.items()]
    assert 0 < min(waits) <= max(waits) < 3_600 * SECOND_NS
    last_ns = instant_ns(told[-1]["time"])
    overdue = {subject for subject, due_ns in dues.items() if due_ns < min(done.get(subject, last_ns), last_ns)}
    assert overdue & done.keys()
    assert overdue - done.keys()
    assert {*dues} - overdue
    assert any(event["data"].get("lost_reason") for event in told if event["type"] == "crm.deal.lost")
    health = {event["data"]["new"] for event in told if event["type"] == "crm.deal.health_changed"}
    assert "has_problems" in health


def test_the_live_company_is_the_one_of_the_history(history: list[Event], live: list[tuple[float, Event]]) -> None:
    known = {event["subject"] for event in history if event["type"] == "crm.deal.created"}
    assert known & {event["subject"] for _, event in live if event["type"] in {"crm.deal.won", "crm.deal.lost"}}


@pytest.mark.parametrize("until", [datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 3, 29, 1, tzinfo=UTC)])
def test_works_through_holidays_and_changes_of_the_clock(until: datetime) -> None:
    assert len(list(Company(3, until, days=14).history())) > 1000
