"""Money as integers."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import units


@pytest.mark.parametrize(
    ("amount", "expected"),
    [("0", 0), ("1", 10_000), ("-1.5", -15_000), ("-0.0001", -1), ("1234.50", 12_345_000), ("007.10", 71_000)],
)
def test_amounts_are_integers_of_a_ten_thousandth(amount: str, expected: int) -> None:
    assert units(amount) == expected


@given(st.decimals("-999999999999.9999", "999999999999.9999", places=4))
def test_no_amount_loses_anything(amount: Decimal) -> None:
    assert units(f"{amount:f}") == int(amount * 10_000)
