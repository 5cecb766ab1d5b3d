"""Numbers are written as they are: exact where a decimal can be."""

import json
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.query.encoding import encode


@given(st.decimals(-(10**18), 10**18, places=4))
def test_money_is_written_exactly(amount: Decimal) -> None:
    assert json.loads(encode({"value": Fraction(amount)}), parse_float=Decimal, parse_int=Decimal) == {"value": amount}


@given(st.fractions())
def test_any_other_number_is_the_nearest_float(value: Fraction) -> None:
    assert json.loads(encode(value)) == pytest.approx(float(value), rel=1e-15, abs=0)


@pytest.mark.parametrize(("value", "written"), [
    (Fraction(5), b"5"), (Fraction(1, 2), b"0.5"), (Fraction(1, 3), b"0.3333333333333333"), (Fraction(10**15, 10_000), b"100000000000"),
    (None, b"null"), (0, b"0"), (1.25, b"1.25"), ({"USD": Fraction(-7, 10)}, b'{"USD":-0.7}'),
])  # fmt: skip
def test_a_number_is_written_as(value: object, written: bytes) -> None:
    assert encode(value) == written


def test_what_has_no_form_is_an_error() -> None:
    with pytest.raises(NotImplementedError, match="no JSON form for <class 'object'>"):
        encode(object())
