from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.forwards import Offsets

PLACES = st.sets(st.tuples(st.integers(0, 3), st.one_of(st.integers(0, 9000), st.integers(0, 10**15))))


def offsets(places: set[tuple[int, int]]) -> Offsets:
    made = Offsets()
    for partition, offset in places:
        made.add(partition, offset)
    return made


@given(PLACES, PLACES)
def test_what_is_in_one_set_and_not_in_the_other_is_found(
    one: set[tuple[int, int]], other: set[tuple[int, int]]
) -> None:
    assert list(offsets(one).without(offsets(other))) == sorted(one - other)
    assert list(offsets(one | other).without(offsets(other))) == sorted(one - other)
