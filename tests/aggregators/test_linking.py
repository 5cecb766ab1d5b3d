"""What records tell each other is where it belongs, whatever came first, and nobody rewrites what is told to many."""

from collections import defaultdict
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from aggregators.catalogue import plan
from aggregators.fold import Arrival
from aggregators.links import HEEDS, TELLS, at_ms, said
from aggregators.memory import Tables, run
from aggregators.record import decode_record
from aggregators.shard import LoadSets, Shard
from aggregators.tables import org_keys
from events import Change
from tests.aggregators.test_fold import changes
from tests.histories import history
from tests.telling import told

KEYS = org_keys("{1.p0}", "demo")
LEAD = "01-05T09:00 lead.created 1 inbound=true\n"


def applied(tables: Tables, shard: Shard, arriving: list[Change]) -> dict[str, int]:
    """Apply a batch; return the bytes that it writes by key, less the rows."""
    writes = run(shard.apply([Arrival(change, 0, n) for n, change in enumerate(arriving)], len(arriving)), tables)
    tables.write(writes)
    sizes = {key: len(value) for key, value in writes.put.items()}
    sizes |= {key: sum(map(len, members)) for key, members in writes.zadd.items()}
    return {key: size for key, size in sizes.items() if ":r:" in key or ":n:" in key}


def kept(tables: Tables) -> tuple[dict[str, dict[str, int]], dict[str, dict[str, Any]]]:
    """The sets beside records by key, and by key of a record what its tellers told it."""
    sets = {key: members for key, members in tables.sets.items() if ":n:" in key}
    records = {key: decode_record(packed) for key, packed in tables.values.items() if ":r:" in key}
    links = {key: {name: link for name, link in record.links.items() if "/" in name} for key, record in records.items()}
    return sets, {key: link for key, link in links.items() if link}


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 40))
def test_what_is_kept_is_what_all_records_tell(seed: int, batch: int) -> None:
    arriving = changes(history(Random(seed), ("demo",), 80))
    tables, shard = Tables(), Shard("{1.p0}", plan(), cached=10)
    for start in range(0, len(arriving), batch):
        applied(tables, shard, arriving[start : start + batch])
    sets, links = defaultdict[str, dict[str, int]](dict), defaultdict[str, dict[str, Any]](dict)
    for key, packed in tables.values.items():
        subject = KEYS.subject(key) if ":r:" in key else ""
        if subject.partition("/")[0] in TELLS:
            for (topic, named), what in said(subject.partition("/")[0], subject, decode_record(packed)).items():
                if topic:
                    sets[KEYS.told(topic, named)][what] = at_ms(what)
                else:
                    links[KEYS.record(named)][subject] = what
    assert kept(tables) == (sets, links)


def test_what_names_nobody_asks_for_nothing_and_tells_nothing() -> None:
    tables, shard = Tables(), Shard("{1.p0}", plan())
    applied(tables, shard, told("01-05 call.logged 1 direction=outbound\n01-05 deal.created 1\n01-05 lead.created 1"))
    asking = shard.apply([Arrival(c, 0, 9) for c in told("01-06 email.logged 2 direction=outbound")], 9)
    asked, answer = [], None
    try:
        while True:
            asked.append(asking.send(answer))
            answer = tables.answer(asked[-1])
    except StopIteration:
        pass
    assert not [one for one in asked if isinstance(one, LoadSets)]
    assert kept(tables) == ({}, {})


def test_a_record_that_very_many_name_is_written_by_the_difference() -> None:
    tables, shard = Tables(), Shard("{1.p0}", plan())
    applied(tables, shard, told(LEAD))
    lines = [f"01-06T{n // 60:02}:{n % 60:02} call.logged {n} lead_id=1 direction=outbound" for n in range(1000)]
    applied(tables, shard, told("\n".join(lines)))
    assert len(tables.sets[KEYS.told("answer", "lead/1")]) == 1000
    wrote = applied(tables, shard, told("01-07 call.logged more lead_id=1 direction=outbound"))
    assert KEYS.record("lead/1") not in wrote
    assert sum(wrote.values()) < 1000
    wrote = applied(tables, shard, told("01-08 record.deleted call/0"))
    assert wrote[KEYS.record("lead/1")] < 1000


def test_no_more_is_read_of_a_set_than_is_kept_and_what_the_batch_took_off() -> None:
    tables, shard = Tables(), Shard("{1.p0}", plan())
    applied(
        tables, shard, told(LEAD + "\n".join(f"01-06 call.logged {n} lead_id=1 direction=outbound" for n in range(9)))
    )
    gone = told("01-07 record.deleted call/0\n01-07 record.deleted call/1")
    asking = shard.apply([Arrival(change, 0, n) for n, change in enumerate(gone)], 9)
    answer: Any = None
    read: list[int] = []
    try:
        while True:
            request = asking.send(answer)
            answer = tables.answer(request)
            read += [len(members) for members in answer] if isinstance(request, LoadSets) else []
    except StopIteration:
        pass
    assert read == [3]


def test_every_topic_that_is_heeded_is_told() -> None:
    tellers = told(
        LEAD
        + "01-06 call.logged 1 lead_id=1 direction=outbound\n01-06 deal.won 1 account_id=A\n01-06 contact.created 1 account_id=A"
    )
    tables = Tables()
    applied(tables, Shard("{1.p0}", plan()), tellers)
    topics = {key.split(":")[3] for key in tables.sets if ":n:" in key}
    assert {topic for _, topic in HEEDS} == topics
