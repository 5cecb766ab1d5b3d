"""How sure a forecast is."""

from fractions import Fraction

from aggregators.forecasts import LEAST, Expectation, band


def test_what_is_expected_is_as_sure_as_it_was() -> None:
    past = [Expectation(5, 10, became) for became in (0, 5, 10, 15, 20)]
    found = band(Expectation(100, 20), past)
    assert found == {"p10": 100 + 20 * Fraction(1, 5), "p50": 120, "p90": 100 + 20 * Fraction(9, 5), "periods": 5}


def test_what_has_to_be_taken_back_lies_below() -> None:
    past = [Expectation(0, 10, became) for became in (0, 5, 10, 15, 20)]
    found = band(Expectation(100, -20), past)
    assert found["p10"] < found["p50"] < found["p90"] < 100


def test_where_nothing_is_expected_there_is_no_doubt() -> None:
    assert band(Expectation(7, 0), []) == {"p10": 7, "p50": 7, "p90": 7, "periods": 0}


def test_too_few_periods_tell_nothing() -> None:
    past = [Expectation(0, 10, 10)] * (LEAST - 1) + [Expectation(0, 0, 5), Expectation(0, 10)]
    assert band(Expectation(1, 1), past) == {"p10": None, "p50": None, "p90": None, "periods": LEAST - 1}
