"""What is measured: events that can all be used, of which the tables hold what happened."""

from collections import Counter

import msgspec
import pytest

from aggregators.catalogue import plan
from aggregators.fold import Arrival
from aggregators.memory import Tables, run
from aggregators.shard import Shard
from bench import tables, totals
from bench.mix import Shape, mix
from bench.totals import MEASURES, Totals
from events import Change, decode

COUNT = 6_000
SMALL = Shape(users=20, teams=3)


@pytest.fixture(scope="module")
def happened() -> Totals:
    found = Totals({}, {})
    assert len(list(totals.happened(mix(COUNT, SMALL), found))) == COUNT
    return found


def test_every_event_can_be_used_and_the_tables_hold_what_happened(happened: Totals) -> None:
    changes = decode([msgspec.json.encode(event) for event in mix(COUNT, SMALL)])
    filled, shard = Tables(), Shard("{1.p0}", plan())
    arrivals = [Arrival(change, 0, i) for i, change in enumerate(changes) if isinstance(change, Change)]
    assert len(arrivals) == COUNT
    filled.write(run(shard.apply(arrivals, COUNT), filled))
    keys = filled.values.items()
    totals.check_all("the fold", happened, [tables.from_rows(keys), tables.from_records(keys)])


def test_all_of_the_work_is_in_it(happened: Totals) -> None:
    summed = [sum(column) for column in zip(*happened.rows.values(), strict=True)]
    assert all(dict(zip(MEASURES, summed, strict=True)).values())
    assert {deal[0] for deal in happened.deals.values()} == {"open", "won", "lost"}
    assert {deal[1] for deal in happened.deals.values()} == {"qualify", "propose", "negotiate"}


def test_it_is_the_same_at_every_call_and_in_the_order_of_time() -> None:
    events = list(mix(COUNT, SMALL))
    assert events == list(mix(COUNT, SMALL))
    assert events == sorted(events, key=lambda event: str(event["time"]))


def test_organisations_take_turns_or_one_has_nearly_all() -> None:
    def of(hot: bool) -> Counter[str]:
        return Counter(event["orgid"] for event in mix(1_000, Shape(orgs=11, users=2, teams=1, hot=hot)))

    assert set(of(hot=False).values()) <= {90, 91}
    assert of(hot=True) == {"org-0": 900} | {f"org-{number}": 10 for number in range(1, 11)}


def test_directories_come_first_as_many_events_as_the_shape_says() -> None:
    shape = Shape(orgs=3, users=4, teams=2)
    kinds = [event["type"].split(".")[1] for event in mix(shape.announced + 30, shape)]
    assert set(kinds[: shape.announced]) == {"org", "team", "user"}
    assert not {"org", "team", "user"}.intersection(kinds[shape.announced :])


def test_a_wrong_count_is_told() -> None:
    with pytest.raises(totals.CountedWrongError, match="it counted 2 of 1 wrong, such as a: 2, not 1"):
        totals.check("it", {"a": 1}, {"a": 2, "b": 1})


def test_a_lost_deal_is_told(happened: Totals) -> None:
    fewer = dict(list(happened.deals.items())[1:])
    with pytest.raises(totals.CountedWrongError, match="such as org-0/deal/"):
        totals.check_all("it", happened, [happened.rows, fewer])
