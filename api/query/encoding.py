"""Answers as JSON: exact decimals where a number has one, floats where it has not."""

from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import msgspec

DIGITS = 12


def number(value: int | float | Fraction | None) -> int | float | Decimal | None:
    """Return a number as it is written: an integer, an exact decimal of up to 12 places, else the nearest float."""
    if not isinstance(value, Fraction):
        return value
    if value.denominator == 1:
        return value.numerator
    scaled = value * 10**DIGITS
    if scaled.denominator != 1:
        return float(value)
    with localcontext(prec=60):
        exact: Decimal = (Decimal(scaled.numerator) / 10**DIGITS).normalize()
    return exact


def _hook(value: Any) -> Any:
    if isinstance(value, Fraction):
        return number(value)
    raise NotImplementedError(f"no JSON form for {type(value)}")


encode = msgspec.json.Encoder(decimal_format="number", enc_hook=_hook).encode
