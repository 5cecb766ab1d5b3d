"""Histograms of durations: how far off a quantile may be, and that merging is addition."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregators.histogram import bucket, middle, quantile

values = st.integers(0, 10**13)
shares = st.sampled_from((0.5, 0.9))


@given(values)
def test_the_middle_of_a_bucket_is_within_eight_tenths_of_a_percent(value_ms: int) -> None:
    assert abs(middle(bucket(value_ms)) - value_ms) <= 0.008 * value_ms


@given(st.integers(0, 127))
def test_small_values_are_exact(value_ms: int) -> None:
    assert middle(bucket(value_ms)) == value_ms


@given(values, values)
def test_buckets_keep_the_order(one: int, other: int) -> None:
    assert (bucket(one) <= bucket(other)) or one > other


@given(st.lists(values, min_size=1), shares)
def test_a_quantile_is_the_nearest_rank_of_the_values(found: list[int], share: float) -> None:
    exact = sorted(found)[max(0, -int(-share * len(found) // 1) - 1)]
    assert quantile(Counter(map(bucket, found)), share) == pytest.approx(exact, rel=0.008, abs=0)


@given(st.lists(values), st.lists(values), shares)
def test_merging_is_addition(some: list[int], more: list[int], share: float) -> None:
    merged = Counter(map(bucket, some)) + Counter(map(bucket, more))
    assert quantile(merged, share) == quantile(Counter(map(bucket, some + more)), share)


def test_nothing_has_no_quantile() -> None:
    assert quantile({}, 0.5) is None
