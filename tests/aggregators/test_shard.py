"""A partition's tables: what a batch reads and writes, and that they hold what the records say."""

from collections import Counter
from contextlib import suppress
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from aggregators.catalogue import plan
from aggregators.contribution import contribution
from aggregators.fold import DAY_MS, Arrival
from aggregators.memory import Tables, run
from aggregators.org import Org
from aggregators.record import decode_record
from aggregators.shard import Load, Request, Shard
from aggregators.tables import decode_row, org_keys
from events import Change
from tests.aggregators.test_fold import changes
from tests.histories import history
from tests.telling import told

KEYS = org_keys("{1.p0}", "demo")


def applied(tables: Tables, shard: Shard, arriving: list[Change], appended_ms: int = 0) -> list[str]:
    """Apply a batch; return the keys that it wrote or deleted."""
    writes = run(
        shard.apply([Arrival(change, appended_ms, n) for n, change in enumerate(arriving)], len(arriving)), tables
    )
    tables.write(writes)
    return [*writes.put, *writes.delete]


def fresh(**more: int) -> Shard:
    return Shard("{1.p0}", plan(), **more)


def row(tables: Tables, key: str) -> dict[str, int]:
    return decode_row(tables.values.get(key, b"{}"))


def test_what_happens_in_an_hour_is_in_its_day_month_and_the_organisation() -> None:
    tables = Tables()
    applied(tables, fresh(), told("01-05T10:15 call.logged 1 direction=outbound owner_id=ann"))
    for holder in ("o", "u:ann"):
        for resolution, label in (("h", "202601051000"), ("d", "20260105"), ("m", "202601")):
            assert row(tables, KEYS.row(holder, resolution, label))["calls_made"] == 1
    assert row(tables, KEYS.months) == {"202601": 2}  # the organisation's row and the user's


def test_a_commit_notes_whom_it_credits_and_who_is_credited_no_more() -> None:
    tables, shard = Tables(), fresh()
    applied(tables, shard, told("01-05 deal.created 1 owner_id=ann\n01-05 call.logged 2 actor=bo"))
    assert tables.sets[KEYS.touched] == {"u:ann": 2, "u:bo": 2}
    applied(tables, shard, told("01-07 record.owner_changed deal/1 new_owner=cy\n01-08 deal.won 1\n01-08 deal.won 1"))
    assert tables.sets[KEYS.touched].keys() == {"u:ann", "u:bo", "u:cy", "xu:ann", "xu:cy"}


def test_histograms_of_the_organisation_have_rows_of_their_own() -> None:
    tables = Tables()
    applied(
        tables,
        fresh(),
        told("01-05T10:00 ticket.created 1 category=a\n01-05T12:00 ticket.status_changed 1 new=solved"),
    )
    for key in (
        KEYS.row("o", "d", "20260105"),
        KEYS.row("o", "m", "202601"),
        KEYS.row("o", "m", "202601", "category", "a"),
    ):
        assert row(tables, key)["full_resolution.n"] == 1
        assert not [name for name in row(tables, key) if ".h" in name]
        assert [*row(tables, f"{key}:full_resolution").values()] == [1]


def test_the_organisations_of_a_partition_are_listed() -> None:
    tables, shard = Tables(), fresh()
    batch = told("01-05 deal.created 1 owner_id=ann")
    applied(tables, shard, [*batch, replace(batch[0], org="acme ltd: {1}")])
    applied(tables, shard, [replace(batch[0], org="globex")])
    assert tables.sets["{1.p0}:orgs"] == {"demo": 0, "acme ltd: {1}": 0, "globex": 0}


def test_a_repeated_batch_writes_nothing() -> None:
    tables, shard = Tables(), fresh()
    batch = told("01-05 deal.created 1 owner_id=ann\n01-06 deal.won 1")
    assert applied(tables, shard, batch)
    assert applied(tables, shard, batch) == []
    assert applied(tables, fresh(), batch) == []


def test_a_batch_asks_no_oftener_for_many_organisations_than_for_one() -> None:
    [deal] = told("01-05 deal.created 1 owner_id=ann")

    def asked(orgs: int) -> int:
        shard, tables = fresh(), Tables()
        count, answer = 0, None
        changes = [replace(deal, org=f"org {n}") for n in range(orgs)]
        asking = shard.apply([Arrival(change, 0, n) for n, change in enumerate(changes)], orgs)
        with suppress(StopIteration):
            while True:
                answer, count = tables.answer(asking.send(answer)), count + 1
        return count

    assert asked(1) == asked(40)


def test_where_the_records_of_many_organisations_stand_is_remembered_for_those_used_last() -> None:
    tables, shard = Tables(), fresh(cached=8)
    created, won = told("01-05 deal.created 1 owner_id=ann\n01-06 deal.won 1")
    for org, deal in [("a", created), ("b", created), ("a", won), ("c", created)]:
        applied(tables, shard, [replace(deal, org=org)])
    assert list(shard.counted) == ["a", "c"]


def test_what_is_in_memory_is_not_read_again() -> None:
    shard = fresh()
    run(shard.apply([Arrival(change, 0, 1) for change in told("01-05 deal.created 1 owner_id=ann")], 1), Tables())
    asked = list[Request]()
    asking = shard.apply([Arrival(change, 0, 2) for change in told("01-05T00:10 deal.updated 1 changed.source=web")], 2)
    try:
        asked.append(next(asking))
        while True:
            asked.append(asking.send([None] * len(getattr(asked[-1], "keys", []))))
    except StopIteration:
        pass
    read = [key for one in asked if isinstance(one, Load) for key in one.keys]
    assert read
    assert all("source=web" in key or ":v:source" in key for key in read)


def test_a_correction_after_the_final_days_is_refused_and_changes_nothing() -> None:
    tables, shard = Tables(), fresh(final_days=2)
    first, late = told("01-05 call.logged 1 direction=outbound\n01-06 record.deleted call/1")
    applied(tables, shard, [first], appended_ms=0)
    writes = run(shard.apply([Arrival(late, 2 * DAY_MS + 1, 7)], 7), tables)
    assert [(arrival.offset, invalid.reason.split(":")[0]) for arrival, invalid in writes.rejected] == [(7, "final")]
    assert not writes.put
    assert run(shard.apply([Arrival(late, 2 * DAY_MS, 7)], 7), tables).rejected == []


def test_a_zone_that_comes_late_moves_what_was_counted() -> None:
    tables, shard = Tables(), fresh()
    applied(tables, shard, told("01-31T23:30 call.logged 1 direction=outbound"))
    applied(tables, shard, told("06-01 org.updated org/demo time_zone=Europe/Berlin"))
    assert row(tables, KEYS.row("o", "m", "202601")) == {}
    assert row(tables, KEYS.row("o", "d", "20260201"))["calls_made"] == 1


def test_organisations_do_not_meet() -> None:
    tables, shard = Tables(), fresh()
    [call] = told("01-05 call.logged 1 direction=outbound")
    applied(tables, shard, [call, Change("other", call.entity, call.key, call.entry)])
    assert row(tables, KEYS.row("o", "m", "202601"))["calls_made"] == 1
    assert row(tables, org_keys("{1.p0}", "other").row("o", "m", "202601"))["calls_made"] == 1


@given(st.integers(0, 2**32), st.integers(1, 40))
def test_rows_are_the_sums_of_what_the_records_contribute(seed: int, batch: int) -> None:
    arriving = changes(history(Random(seed), ("demo",), 60))
    tables, shard = Tables(), fresh()
    for start in range(0, len(arriving), batch):
        applied(tables, shard, arriving[start : start + batch])
    org, expected = shard.orgs.get("demo", Org()), Counter[tuple[str, str]]()
    for key in [key for key in tables.values if ":r:" in key]:
        subject = KEYS.subject(key)
        for one in contribution(subject.partition("/")[0], decode_record(tables.values[key]), org, plan()):
            day = KEYS.row(one.holder, "d", org.calendar.bucket(one.at_ms).day)
            expected.update({(day, name): units for name, units in one.cells.items()})
    days = [key for key in tables.values if ":d:2" in key and ":o:d:" not in key]
    found = {(key, name): units for key in days for name, units in row(tables, key).items()}
    assert found == {cell: units for cell, units in expected.items() if units}
