from __future__ import annotations

import pytest

from aggregators.expressions import matches


def test_all_of_a_text_has_to_match() -> None:
    assert matches("[a-z]+|Łódź", "abc")
    assert matches("[a-z]+|Łódź", "Łódź")
    assert not matches("[a-z]+", "abc1")
    assert not matches("(a)(b)?", "")


def test_what_would_be_tried_in_ever_more_ways_takes_linear_time() -> None:
    """With an engine that backtracks, this does not end within the life of the test."""
    assert not matches("^(a+)+$", "a" * 10_000 + "!")


@pytest.mark.parametrize("expression", ["(", r"(a)\1", "(?=a)", "(a{1000}){1000}"])
def test_what_is_no_expression_of_this_kind_asks_for_nothing(
    expression: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert matches(expression, "x")
    assert capfd.readouterr() == ("", "")
