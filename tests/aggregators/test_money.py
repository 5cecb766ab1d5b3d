"""Amounts are exact integers of 1/10,000."""

from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregators.money import Amount, amount, by_product

prices = st.decimals("0", "999999", places=4).map(lambda price: f"{price:f}")
quantities = st.one_of(st.integers(0, 1000), st.decimals("0", "1000", places=4).map(float))


def test_an_amount_is_its_units_and_currency() -> None:
    assert amount({"amount": "1234.5", "currency": "USD"}) == Amount(12_345_000, "USD")
    assert amount(None) is None


@given(prices, quantities)
def test_a_line_is_worth_its_quantity_times_its_price_rounded_half_to_even(price: str, quantity: float) -> None:
    exact = Decimal(price) * Decimal(str(quantity))
    found = by_product([{"product_id": "a", "quantity": quantity, "unit_price": price}], "EUR")
    assert found == {"a": Amount(int(exact.quantize(Decimal("0.0001"), ROUND_HALF_EVEN) * 10_000), "EUR")}


@given(st.lists(st.tuples(st.sampled_from("abc"), prices), max_size=6))
def test_the_lines_of_a_product_are_added(lines: list[tuple[str, str]]) -> None:
    found = by_product([{"product_id": product, "unit_price": price} for product, price in lines], "EUR")
    assert sum(Fraction(of.units, 10_000) for of in found.values()) == sum(Fraction(price) for _, price in lines)


@pytest.mark.parametrize(("line", "expected"), [
    ({"product_id": "a", "unit_price": {"amount": "2", "currency": "USD"}}, {"a": Amount(20_000, "USD")}),
    ({"product_id": "a", "unit_price": "2"}, {"a": Amount(20_000, "EUR")}),
    ({"product_id": "a"}, {"a": Amount(0, "EUR")}),
    ({"unit_price": "2"}, {"(none)": Amount(20_000, "EUR")}),
])  # fmt: skip
def test_a_bare_price_is_in_the_currency_of_the_value(line: dict[str, object], expected: dict[str, Amount]) -> None:
    assert by_product([line], "EUR") == expected
