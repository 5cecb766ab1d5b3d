"""Answers as the rows of one table: a row for each number that was asked for."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Row = dict[str, Any]
LEADING = ("kpi", "version", "unit", "scope", "from", "to")
FOLLOWING = ("value", "numerator", "denominator", "n", "compare_value", "compare_change", "caveats", "as_of")
"""The columns before those of the dimensions, and after them."""
INTEGERS = frozenset({"version", "n"})
NUMBERS = frozenset({"value", "numerator", "denominator", "compare_value", "compare_change"})
INSTANTS = frozenset({"from", "to", "as_of"})
"""What columns hold that hold no text."""
_SHAPE = {*LEADING, *FOLLOWING, "key", "groups", "series", "compare", "cursor"}


def columns(answers: Sequence[Mapping[str, Any]], by: Sequence[str]) -> list[str]:
    """Return the columns of some answers' rows: the fixed ones, and between them the dimensions asked by or told."""
    told = [name for answer in answers for part in _parts(answer) for name in part.get("key", {})]
    return [*LEADING, *dict.fromkeys((*by, *told)), *FOLLOWING]


def rows(answer: Mapping[str, Any]) -> Iterator[Row]:
    """Return the rows of an answer: its groups, of each bucket where it is a series; where it has none, the value itself.

    What has no column of its own, such as ``fx_missing`` or ``parts``, is in ``caveats``, None where there is nothing.
    """
    whole = {name: answer.get(name) for name in (*LEADING, "as_of")}
    for part in _parts(answer):
        own = {name: part[name] for name in (*LEADING, "value", "numerator", "denominator", "n") if name in part}
        compared = {f"compare_{name}": number for name, number in part.get("compare", {}).items()}
        caveats = {name: more for name, more in part.items() if name not in _SHAPE}
        yield {**part.get("key", {}), **whole, **own, **compared, "caveats": caveats or None}


def _parts(answer: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for bucket in answer.get("series", [answer]):
        span = {name: bucket[name] for name in ("from", "to") if name in bucket}
        for group in bucket.get("groups", [bucket]):
            yield {**span, **group}
