"""How sure a difference of win rates is, against figures of the literature."""

import pytest

from aggregators.lift import Decided, lifted, wilson


def test_the_interval_of_a_share_is_that_of_newcombe_1998a() -> None:
    assert wilson(Decided(263, 81)) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(Decided(148, 15)) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert wilson(Decided(20, 0)) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert wilson(Decided(29, 1)) == pytest.approx((0.0061, 0.1718), abs=5e-5)


def test_the_interval_of_a_difference_is_that_of_newcombe_1998b() -> None:
    parts = lifted(Decided(70, 56), Decided(80, 48)).caveats["parts"]
    assert (parts["low"], parts["high"]) == pytest.approx((5.24, 33.39), abs=0.005)
    parts = lifted(Decided(10, 9), Decided(10, 3)).caveats["parts"]
    assert (parts["low"], parts["high"]) == pytest.approx((17.05, 80.90), abs=0.005)


def test_of_no_deals_nothing_is_told() -> None:
    found = lifted(Decided(), Decided(2, 1))
    assert found.value is None
    assert found.caveats["parts"]["with"] == {"rate": None, "n": 0, "low": None, "high": None}
