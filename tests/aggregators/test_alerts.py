"""Causes of alerts: what the rules say of a record, stated a second time without the fold, and which of them are news."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from random import Random
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregators import alerts
from aggregators.alerts import GONE, RULES
from aggregators.catalogue import plan
from aggregators.contribution import contribution
from aggregators.fold import Arrival
from aggregators.memory import Tables, run
from aggregators.org import Org
from aggregators.shard import Shard
from events import published
from events.instants import instant_ns
from tests.aggregators.test_fold import changes
from tests.histories import Event, histories
from tests.oracle import Oracle
from tests.recounts import links as recount
from tests.recounts.activities import appointments_overdue
from tests.recounts.deals import closed, deals_with_problems
from tests.recounts.outreach import deals_stuck, stuck_since_ns
from tests.recounts.record import EVER_NS, MS_NS, Record, time_ns
from tests.recounts.tasks import assignments_unfulfilled, task_due_ns, tasks_overdue
from tests.recounts.tickets import dues, tickets_breached
from tests.telling import events, instant, merged, told

ORG = "o:{2}"
Causes = dict[tuple[str, str], int]
HOUR_MS = 3_600_000


def ms(text: str) -> int:
    return instant_ns(instant(text)) // MS_NS


def of(text: str) -> dict[str, int]:
    """The causes of the one record that a history tells of."""
    history = told(text)
    return alerts.causes(contribution(history[0].entity, merged(history), Org(), plan()))


def folded(history: list[Event], batch: int) -> Causes:
    """The causes after events arrived in batches of so many, with none too old to be news."""
    tables, shard, found = Tables(), Shard("{1.p0}", plan(), cached=3), Causes()
    arriving = changes(history)
    for start in range(0, len(arriving), batch):
        arrivals = [Arrival(change, 0, start + i) for i, change in enumerate(arriving[start : start + batch])]
        writes = run(shard.apply(arrivals, start), tables)
        tables.write(writes)
        for name, since_ms in writes.causes.items():
            rule, org, subject = alerts.named(name)
            assert org == ORG
            found[rule, subject] = since_ms
    return {name: since_ms for name, since_ms in found.items() if since_ms != GONE}


BESIDE = {"deal": ("org",), "lead": ("org", "call", "email", "message", "meeting", "visit"), "ticket": ("org", "team")}
"""Records of what else decide about those of an entity."""


def stated(events: Iterable[Event]) -> Causes:
    """The same as the rules put it, from the whole list of events."""
    it = Oracle(events)
    found = {("deal_lost", f"deal/{deal.key}"): at_ns // MS_NS for deal, _, at_ns, _ in closed(it, "lost")}
    for rule, entity, holding in (
        ("task_overdue", "task", tasks_overdue),
        ("assignment_unfulfilled", "task", assignments_unfulfilled),
        ("appointment_overdue", "meeting", appointments_overdue),
        ("deal_has_problems", "deal", deals_with_problems),
        ("sla_breached", "ticket", tickets_breached),
        ("deal_stalled", "deal", deals_stuck),
        ("lead_unanswered", "lead", partial(recount.leads_awaiting_response, late=True)),
    ):
        for record in it.live(entity):
            alone = Oracle([])
            alone.records[entity], alone.zone = {record.key: record}, it.zone
            alone.records["user"] = it.records["user"]
            alone.records |= {of: it.records[of] for of in BESIDE.get(entity, ())}
            since_ms = None
            for at_ms in sorted(turns(alone, record)):
                holds = any(holding(alone, at_ms * MS_NS + MS_NS - 1))
                since_ms = (at_ms if since_ms is None else since_ms) if holds else None
            if since_ms is not None:
                found[rule, f"{entity}/{record.key}"] = since_ms
    return found


def turns(it: Oracle, record: Record) -> Iterator[int]:
    """The instants (ms) at which anything about a record can change, dues included."""
    instants = {record.effective_ns(event) for event in record.events}
    for at_ns in instants | {EVER_NS}:
        if at_ns < EVER_NS:
            yield at_ns // MS_NS
        due_ns = task_due_ns(it, record, at_ns) if record.entity == "task" else None
        if due_ns is not None:
            yield max(due_ns, record.created_ns) // MS_NS
        for said in (record.at(name, at_ns) for name in ("start", "end") if record.entity == "meeting"):
            if said:
                yield max(time_ns(said), record.created_ns) // MS_NS
        for due_ns in dues(it, record, at_ns) if record.entity == "ticket" else ():
            yield max(due_ns, record.created_ns) // MS_NS
        stuck_ns = stuck_since_ns(it, record, at_ns) if record.entity == "deal" and at_ns >= record.created_ns else None
        if stuck_ns is not None:
            yield stuck_ns // MS_NS
    for lead, _, due_ns, first in recount.answered(it) if record.entity == "lead" else ():
        yield max(due_ns, lead.created_ns) // MS_NS
        if first:
            yield first.at_ns // MS_NS


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(histories((ORG,), most=60), st.integers(0, 2**32), st.integers(1, 9))
def test_causes_are_what_the_rules_say_in_any_order_and_batches(events: list[Event], seed: int, batch: int) -> None:
    expected = stated(events)
    Random(seed).shuffle(events)
    assert folded(events, batch) == expected


CREATED = "01-05T09:00 task.created 1 due_at=01-06T12:00 assignee_id=ann"
GIVEN = f"{CREATED} assigned_by=bob"
MEETING = "01-05T09:00 meeting.scheduled 1 owner_id=ann start=01-06T12:00 end=01-06T13:00"
TICKET = "01-05T09:00 ticket.created 1 owner_id=ann"
PROMISED = f"{TICKET} sla.first_response_ms=3600000 sla.resolution_ms=7200000 sla.hours=calendar"
OPEN = "01-05T09:00 deal.created 1 owner_id=ann"
TROUBLED = f"{OPEN}\n01-06T09:00 deal.health_changed 1 new=has_problems"


@pytest.mark.parametrize(
    ("text", "since"),
    [
        (CREATED, {"task_overdue": "01-06T12:00"}),
        (f"{CREATED}\n01-07 record.owner_changed task/1 new_owner=bob", {"task_overdue": "01-06T12:00"}),
        (f"{CREATED}\n01-06T11:00 task.status_changed 1 new=done", {}),
        (f"{CREATED}\n01-06T13:00 task.status_changed 1 new=done", {}),
        (f"{CREATED}\n01-06T13:00 task.status_changed 1 new=due_changed due_at=01-08", {"task_overdue": "01-08"}),
        (f"{CREATED}\n01-06T13:00 task.status_changed 1 new=done\n01-07 task.status_changed 1 new=reopened",
         {"task_overdue": "01-07"}),
        (f"{CREATED}\n01-07 record.deleted task/1", {}),
        (f"{CREATED} assigned_by=ann", {"task_overdue": "01-06T12:00"}),
        (GIVEN, {"task_overdue": "01-06T12:00", "assignment_unfulfilled": "01-06T12:00"}),
        (f"{GIVEN}\n01-06T11:00 task.status_changed 1 new=cancelled", {"assignment_unfulfilled": "01-06T11:00"}),
        (f"{GIVEN}\n01-07 task.status_changed 1 new=cancelled", {"assignment_unfulfilled": "01-06T12:00"}),
        (f"{GIVEN}\n01-06T11:00 task.status_changed 1 new=done", {}),
        (f"{GIVEN}\n01-07 record.owner_changed task/1 new_owner=bob", {"task_overdue": "01-06T12:00"}),
        (f"{GIVEN}\n01-07 record.deleted task/1", {}),
        (MEETING, {"appointment_overdue": "01-06T13:00"}),
        (f"{MEETING}\n01-06T12:30 meeting.status_changed 1 new=completed", {}),
        (f"{MEETING}\n01-07 meeting.status_changed 1 new=no_show", {}),
        (f"{MEETING}\n01-07 meeting.status_changed 1 new=rescheduled start=01-09 end=01-09T01:00",
         {"appointment_overdue": "01-09T01:00"}),
        (f"{MEETING}\n01-07 record.owner_changed meeting/1 new_owner=bob", {"appointment_overdue": "01-06T13:00"}),
        (f"{MEETING}\n01-07 record.deleted meeting/1", {}),
        (TICKET, {}),
        (f"{TICKET} sla.first_response_ms=3600000", {"sla_breached": "01-05T10:00"}),
        (f"{TICKET} sla.resolution_ms=7200000", {"sla_breached": "01-05T11:00"}),
        (PROMISED, {"sla_breached": "01-05T10:00"}),
        (f"{PROMISED}\n01-05T09:30 ticket.message 1 author=agent", {"sla_breached": "01-05T11:00"}),
        (f"{PROMISED}\n01-05T10:30 ticket.message 1 author=agent", {"sla_breached": "01-05T11:00"}),
        (f"{PROMISED}\n01-05T12:00 ticket.message 1 author=agent", {"sla_breached": "01-05T10:00"}),
        (f"{PROMISED}\n01-05T10:30 ticket.message 1 author=agent public=false", {"sla_breached": "01-05T10:00"}),
        (f"{PROMISED}\n01-05T09:30 ticket.status_changed 1 new=pending", {}),
        (f"{PROMISED}\n01-05T09:30 ticket.status_changed 1 new=pending\n01-06 ticket.status_changed 1 new=open",
         {"sla_breached": "01-06T00:30"}),
        (f"{PROMISED}\n01-05T10:30 ticket.status_changed 1 new=pending", {"sla_breached": "01-05T10:00"}),
        (f"{PROMISED}\n01-05T12:00 ticket.status_changed 1 new=solved", {}),
        (f"{PROMISED}\n01-05T12:00 ticket.status_changed 1 new=solved\n01-06 ticket.status_changed 1 new=open",
         {"sla_breached": "01-06"}),
        (f"{PROMISED}\n01-06 record.owner_changed ticket/1 new_owner=bob", {"sla_breached": "01-05T10:00"}),
        (f"{PROMISED}\n01-06 record.deleted ticket/1", {}),
        (f"{PROMISED} sla.hours=business\n01-05T09:30 ticket.message 1 author=agent", {"sla_breached": "01-05T11:00"}),
        ("01-05T16:30 ticket.created 1 sla.first_response_ms=3600000 sla.hours=business", {"sla_breached": "01-06T09:30"}),
        (OPEN, {}),
        (TROUBLED, {"deal_has_problems": "01-06T09:00"}),
        (f"{TROUBLED}\n01-07 deal.stage_changed 1 new_stage_id=demo\n01-08 record.owner_changed deal/1 new_owner=bob",
         {"deal_has_problems": "01-06T09:00"}),
        (f"{TROUBLED}\n01-07 deal.health_changed 1 new=ok", {}),
        (f"{TROUBLED}\n01-07 deal.health_changed 1 new=ok\n01-08 deal.health_changed 1 new=has_problems",
         {"deal_has_problems": "01-08"}),
        (f"{TROUBLED}\n01-07 deal.lost 1", {"deal_lost": "01-07"}),
        (f"{TROUBLED}\n01-07 deal.lost 1\n01-09 deal.reopened 1", {"deal_has_problems": "01-09"}),
        (f"{OPEN}\n01-07 deal.lost 1\n01-08 deal.lost 1", {"deal_lost": "01-08"}),
        (f"{OPEN}\n01-07 deal.lost 1\n01-08 deal.won 1", {}),
        (f"{OPEN}\n01-07 deal.lost 1\n01-08 record.owner_changed deal/1 new_owner=bob", {"deal_lost": "01-07"}),
    ],
)  # fmt: skip
def test_a_cause_is_as_old_as_the_stretch_that_is_not_interrupted(text: str, since: dict[str, str]) -> None:
    assert of(text) == {rule: ms(at) for rule, at in since.items()}


def known(text: str, appended: str, news: str) -> dict[str, int]:
    """The changed causes of a batch that was appended at an instant; what is older than ``news`` is none."""
    arrivals = [Arrival(change, ms(appended), n, ms(news)) for n, change in enumerate(told(text))]
    writes = run(Shard("{1.p0}", plan()).apply(arrivals, 0), Tables())
    return writes.causes


@pytest.mark.parametrize(
    ("appended", "news", "since"),
    [("01-05T09:00", "01-04T09:00", "01-06T12:00"), ("01-07", "01-06", "01-06T12:00"), ("01-07", "01-06T12:00", "01-06T12:00")],
)  # fmt: skip
def test_what_is_news_when_it_becomes_known_or_is_still_to_come_is_a_cause(
    appended: str, news: str, since: str
) -> None:
    assert known(CREATED, appended, news) == {"task_overdue:demo:task/1": ms(since)}


def test_what_is_too_old_when_it_becomes_known_is_none() -> None:
    assert known(CREATED, "01-07T12:01", "01-06T12:01") == {"task_overdue:demo:task/1": GONE}


def test_history_is_told_apart_from_what_happens_now() -> None:
    [change] = told(CREATED)
    assert Arrival(change, 10, 0, 10).is_history
    assert not Arrival(change, 10, 0, 10 - HOUR_MS).is_history
    assert not Arrival(change, 10, 0).is_history


def test_every_rule_reads_what_is_kept_and_is_one_that_is_published() -> None:
    assert {rule.name for rule in RULES} == {*get_args(published.Rule)}
    for rule in RULES:
        assert not rule.anchor or rule.measure in {m.name for m in plan()[rule.anchor].measures}


SAID = f"01-01 org.updated org/{ORG} stalled_after_days.demo=2 stalled_after_days.offer=0.5"
STAYS = f"{OPEN} stage_id=demo"
ON = "01-06T09:00 deal.stage_changed 1 new_stage_id"


@pytest.mark.parametrize(
    ("text", "since"),
    [
        (f"{SAID}\n{STAYS}", "01-07T09:00"),
        (f"{STAYS}\n01-06 org.updated org/{ORG} stalled_after_days.demo=2", "01-07T09:00"),
        (f"{STAYS}", None),
        (f"{SAID}\n{OPEN} stage_id=new", None),
        (f"{SAID}\n{STAYS}\n{ON}=new", None),
        (f"{SAID}\n{STAYS}\n{ON}=offer", "01-06T21:00"),
        (f"{SAID}\n{STAYS}\n01-08 deal.stage_changed 1 new_stage_id=new", None),
        (f"{SAID}\n{STAYS}\n01-08 deal.updated 1 changed.value=5EUR", "01-07T09:00"),
        (f"{SAID}\n{STAYS}\n01-08 record.owner_changed deal/1 new_owner=bob", "01-07T09:00"),
        (f"{SAID}\n{STAYS}\n01-08 deal.won 1", None),
        (f"{SAID}\n{STAYS}\n01-08 deal.won 1\n01-10 deal.reopened 1", "01-12"),
        (f"{SAID}\n{STAYS}\n01-08 record.deleted deal/1", None),
        (f"{SAID}\n{STAYS}\n01-08 org.updated org/{ORG} stalled_after_days.demo=9", "01-14T09:00"),
        (f"{SAID}\n{STAYS}\n01-08 org.updated org/{ORG} stalled_after_days.offer=9", None),
        (f"{SAID}\n01-06 deal.stage_changed 1 new_stage_id=demo", "01-08"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("batch", [1, 9])
def test_a_deal_stalls_when_the_days_that_were_said_are_over(text: str, since: str | None, batch: int) -> None:
    found = folded(events(text, ORG), batch)
    assert found.pop(("deal_stalled", "deal/1"), None) == (since and ms(since))
    assert not found


@pytest.mark.parametrize("subject", ["deal/1", "deal/a:b {c}=%", "task/🦊\u2028"])
def test_names_give_back_what_they_are_made_of(subject: str) -> None:
    assert alerts.named(alerts.member("deal_lost", "o:{2} x", subject)) == ("deal_lost", "o:{2} x", subject)


DIRECTORY = Org({
    "user/ann": {"manager_id": "own", "teams": [[0, "west"]]},
    "user/bob": {"teams": [[0, "west"], [100, "east"]]},
    "user/cleo": {"teams": [[0, ""]]},
    "user/dan": {},
    "team/west": {"manager_id": "wes", "parent_id": "top"},
    "team/east": {"parent_id": "top"},
    "team/top": {"manager_id": "tom"},
    "team/a": {"parent_id": "b"},
    "team/b": {"parent_id": "a"},
})  # fmt: skip


@pytest.mark.parametrize(
    ("user", "team", "at_ms", "expected"),
    [
        ("ann", None, 200, "own"), ("bob", None, 50, "wes"), ("bob", None, 100, "tom"), ("cleo", None, 1, None),
        ("dan", "west", 1, None), ("nobody", None, 1, None), (None, "east", 1, "tom"), (None, "a", 1, None), (None, None, 1, None),
    ],
)  # fmt: skip
def test_the_manager_is_the_owners_else_the_teams_else_the_one_above(
    user: str | None, team: str | None, at_ms: int, expected: str | None
) -> None:
    assert alerts.manager(DIRECTORY, user, team, at_ms) == expected
