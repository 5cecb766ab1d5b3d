"""A record's next event changes what telling its whole story again says that it changes."""

from collections import Counter
from random import Random

from aggregators.catalogue import BY_ID, plan
from aggregators.contribution import Addition, Plan
from aggregators.onward import Standing, onward, standing
from aggregators.org import Org
from aggregators.record import UNKNOWN, Record, merge
from events import Change
from tests.aggregators.test_fold import changes
from tests.histories import history
from tests.telling import told

STAGES = [{"id": stage, "order": order} for order, stage in enumerate(("new", "demo", "offer"), 1)]
ORG = Org(
    {
        "org/demo": {"time_zone": "Asia/Kathmandu", "currency": "USD", "stalled_after_days": {"offer": 2}},
        "pipeline/sales": {"stages": STAGES},
    },
)


def cells(additions: list[Addition]) -> Counter[tuple[object, ...]]:
    """Return what additions add to holders and to groups, and which moments there are."""
    found = Counter[tuple[object, ...]]()
    for one in additions:
        found.update({(one.anchor, one.at_ms, one.holder, name): units for name, units in one.cells.items()})
        for dims, own in one.groups:
            found.update({(one.anchor, one.at_ms, dims, name): units for name, units in own.items()})
        found[one.anchor, one.at_ms, one.holder] += 1
    return Counter({key: n for key, n in found.items() if n})


def steps(arriving: list[Change], kept: Plan | None = None) -> int:
    """Fold changes record by record, and compare each step with the whole story; return how many steps there were."""
    kept = kept or plan()
    records: dict[str, tuple[Record, Standing]] = {}
    taken = 0
    for change in arriving:
        before, was = records.get(change.key, (UNKNOWN, Standing([])))
        record = merge(before, change.entry)
        if record is None:
            continue
        now = standing(change.entity, record, ORG, kept)
        step = onward(before, record, was, ORG, kept)
        if step:
            taken += 1
            found = [*step.rest, *step.new]
            assert cells(found) == cells(now.additions), change
            assert step.facts == now.facts
            assert [*step.steps] == [*now.steps]
            assert sorted(map(id, [*step.rest, *step.gone])) == sorted(map(id, was.additions))
            now = Standing(found, step.facts, was.created_ns, step.steps)
        records[change.key] = record, now
    return taken


def test_a_step_and_the_whole_story_agree_on_any_history() -> None:
    taken = 0
    for seed in range(150):
        arriving = changes(history(Random(seed), ("demo",), 120))
        taken += steps(arriving) + steps(sorted(arriving, key=lambda c: c.entry.order))
    assert taken > 300


def test_they_agree_whichever_kpis_are_counted() -> None:
    taken = 0
    for seed in range(60):
        random = Random(seed)
        enabled = ",".join(random.sample(list(BY_ID), random.randint(1, 6)))
        taken += steps(changes(history(random, ("demo",), 120)), plan(enabled))
    assert taken > 30


def test_a_deal_goes_on_where_no_kpi_counts_what_is_open() -> None:
    text = """
        01-05T10:00 deal.created 1 owner_id=ann stage_id=new
        01-05T11:00 deal.stage_changed 1 new_stage_id=demo
        01-05T12:00 deal.health_changed 1 new=has_problems
        01-05T13:00 deal.lost 1
    """
    assert steps(told(text), plan("deals_won,deals_lost")) == 3


def test_what_goes_on_is_not_told_again() -> None:
    text = """
        01-05T10:00 deal.created 1 owner_id=ann stage_id=new
        01-05T11:00 deal.stage_changed 1 new_stage_id=demo
        01-05T12:00 deal.health_changed 1 new=has_problems
        01-05T13:00 deal.won 1
        01-05T10:00 task.created 2 assignee_id=ann due_at=2026-01-05T11:00Z
        01-05T12:00 task.status_changed 2 new=done
        01-05T10:00 task.created 3 assignee_id=ann due_at=2026-01-06T11:00Z
        01-05T12:00 task.status_changed 3 new=done
    """
    assert steps(told(text)) == 5


def test_what_changes_the_past_is_told_again() -> None:
    for said in ("owner_id=bob", "changed.source=web", "changed.owner_id=bob"):
        text = f"""
            01-05T10:00 deal.created 1 owner_id=ann
            01-05T11:00 deal.updated 1 {said}
        """
        assert steps(told(text)) == 0
