"""Keys: whatever ids hold, they round trip and never meet."""

from hypothesis import given
from hypothesis import strategies as st

from aggregators.tables import decode_row, encode_row, escaped, org_keys, shard, unescaped

ids = st.text(
    st.one_of(st.sampled_from("%:{}= /x25\t"), st.characters(exclude_categories=("Cc", "Cs"))), min_size=1, max_size=8
)
holders = st.one_of(st.just("o"), st.tuples(st.sampled_from(("u", "t", "xu", "xt")), ids).map(":".join), st.just("u:"))
labels = st.sampled_from((("h", "202601010000"), ("d", "20260101"), ("m", "202601"), ("a", "")))
groups = st.one_of(st.just(("", "")), st.tuples(st.sampled_from(("source", "stage")), ids))
Row = tuple[str, str, tuple[str, str], tuple[str, str]]
rows = st.tuples(ids, holders, labels, groups)


@given(ids)
def test_an_id_round_trips_and_leaves_the_key_in_its_slot(name: str) -> None:
    assert unescaped(escaped(name)) == name
    assert not set(escaped(name)) & set(":{}= \t")


@given(ids, ids)
def test_two_ids_are_two_parts_of_a_key(one: str, other: str) -> None:
    assert (escaped(one) == escaped(other)) == (one == other)


@given(rows, rows)
def test_two_rows_have_two_keys(one: Row, other: Row) -> None:
    assert (_row(one) == _row(other)) == (one == other)


@given(ids, ids, rows)
def test_no_record_has_the_key_of_a_row(org: str, subject: str, row: Row) -> None:
    assert org_keys(shard(1), org).record(subject) != _row(row)


def _row(of: Row) -> str:
    org, holder, (resolution, label), (dimension, value) = of
    return org_keys(shard(1), org).row(holder, resolution, label, dimension, value)


@given(ids, ids)
def test_a_record_key_tells_its_subject(org: str, subject: str) -> None:
    keys = org_keys(shard(3), org)
    assert keys.subject(keys.record(subject)) == subject


def test_keys_are_as_documented() -> None:
    keys = org_keys(shard(7), "o:1")
    assert keys.row("u:ann b", "d", "20260105") == "{1.p7}:o%3A1:u:ann%20b:d:20260105"
    assert keys.row("o", "a", "", "source", "a=b") == "{1.p7}:o%3A1:o:a:source=a%3Db"
    assert keys.moments("deal.closed", "t:west") == "{1.p7}:o%3A1:i:deal.closed:t:west"
    names = (keys.record("deal/1"), keys.directory, keys.months, keys.values("stage"), keys.version)
    assert [name.removeprefix("{1.p7}:o%3A1") for name in names] == [":r:deal/1", ":dir", ":months", ":v:stage", ":ver"]


@given(st.dictionaries(ids, st.integers(-(2**62), 2**62)))
def test_a_row_round_trips(row: dict[str, int]) -> None:
    assert decode_row(encode_row(row)) == row
