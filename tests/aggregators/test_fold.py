"""Any order, any repetition, any batch cut, any amount of memory: the same tables, bit for bit."""

import json
import random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregators.catalogue import plan
from aggregators.fold import Arrival
from aggregators.memory import Tables, run
from aggregators.shard import Shard
from events import Change, decode
from tests.histories import Event, histories, history

ORGS = ("demo", "o:{2}")


def changes(events: list[Event]) -> list[Change]:
    """Return events as changes; all of them are valid."""
    found = decode([json.dumps(event).encode() for event in events])
    return [change for change in found if isinstance(change, Change)]


def folded(arriving: list[Change], batch: int, cached: int = 100_000) -> dict[str, object]:
    """Return all tables after changes arrived in batches of so many, with so many rows and records kept in memory."""
    tables, shard = Tables(), Shard("{1.p0}", plan(), cached=cached)
    for start in range(0, len(arriving), batch):
        arrivals = [Arrival(change, 0, start + i) for i, change in enumerate(arriving[start : start + batch])]
        tables.write(run(shard.apply(arrivals, start), tables))
    found = {**tables.values, **tables.sets, **tables.hashes}
    return {key: value for key, value in found.items() if not key.endswith((":ver", ":touched"))}


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(histories(ORGS, most=60), st.integers(0, 2**32), st.integers(1, 9))
def test_tables_do_not_depend_on_order_repetition_batches_or_memory(events: list[Event], seed: int, batch: int) -> None:
    rng = random.Random(seed)
    arriving = changes(events)
    expected = folded(arriving, len(arriving) or 1)
    again = arriving + rng.choices(arriving, k=len(arriving) // 3) if arriving else []
    rng.shuffle(again)
    assert folded(again, batch, cached=rng.choice((0, 2, 100_000))) == expected


def test_long_histories_end_in_the_same_tables_too() -> None:
    for seed in range(6):
        rng = random.Random(seed)
        arriving = changes(_history(rng))
        expected = folded(arriving, 500)
        rng.shuffle(arriving)
        assert folded(arriving, 37, cached=50) == expected


def test_a_record_that_is_deleted_leaves_no_row_behind() -> None:
    events = [e for e in _history(random.Random(1)) if e["subject"].partition("/")[0] not in ("org", "user", "team")]
    subjects = {(e["orgid"], e["subject"]) for e in events}
    gone = [_deletion(org, subject) for org, subject in sorted(subjects)]
    left = folded(changes(events + gone), 50)
    assert not [key for key in left if ":r:" not in key and not key.endswith((":dir", ":orgs", ":goals"))]


def _history(rng: random.Random) -> list[Event]:
    return history(rng, ORGS, 600)


def _deletion(org: str, subject: str) -> Event:
    return {
        "specversion": "1.0",
        "id": f"gone {subject}",
        "source": "/tests",
        "type": "crm.record.deleted",
        "subject": subject,
        "time": "2099-01-01T00:00:00Z",
        "orgid": org,
        "data": {},
    }
