"""Values from sums: what is divided by what, and what is told beside it."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregators.catalogue import KPIS
from aggregators.formulas import Count, Duration, Mean, Ratio, Share, Spent, Total, Weighted, read_by
from aggregators.histogram import bucket
from aggregators.values import Context, Money, Value, merged, money
from aggregators.velocity import Velocity

RATES = {"USD": Fraction(1, 2)}
NOTHING = Context(lambda *_: None, lambda *_: None)
CONTEXT = Context(lambda code, _: RATES.get(code), lambda _, stage: {"new": Fraction(1, 10)}.get(stage))


@given(
    st.dictionaries(st.sampled_from(("paid", "paid@USD", "paid@GBP:20260101", "other")), st.integers(-(10**12), 10**12))
)
def test_money_is_converted_or_told_as_missing(cells: dict[str, int]) -> None:
    found = money(cells, "paid", CONTEXT)
    assert found.amount == Fraction(cells.get("paid", 0), 10_000) + Fraction(cells.get("paid@USD", 0), 20_000)
    pounds = cells.get("paid@GBP:20260101")
    assert found.missing == ({"GBP": Fraction(pounds, 10_000)} if pounds else {})


def test_merged_amounts_miss_what_each_of_them_misses() -> None:
    one, other = (money({"a": 10_000, "a@GBP": 20_000 * n}, "a", NOTHING) for n in (1, 2))
    assert merged([(one, Fraction(1)), (other, Fraction(1, 2))]) == Money(Fraction(3, 2), {"GBP": Fraction(4)})


@pytest.mark.parametrize(("formula", "cells", "context", "expected"), [
    (Count("n"), {"n": 3}, NOTHING, Value(3, n=3)),
    (Count("n", "worth"), {"n": 3, "worth": 5_000}, NOTHING._replace(stat="sum"), Value(Fraction(1, 2), n=3)),
    (Total("paid", "n"), {"n": 2, "paid": 15_000}, NOTHING, Value(Fraction(3, 2), n=2)),
    (Mean("paid", "n"), {"n": 2, "paid": 30_000}, NOTHING, Value(Fraction(3, 2), 3, 2, 2)),
    (Mean("paid", "n"), {}, NOTHING, Value(None, 0, 0)),
    (Ratio(("a",), ("a", "b")), {"a": 1, "b": 2}, NOTHING, Value(Fraction(1, 3), 1, 3, 3)),
    (Ratio(("a",), ("a", "b")), {}, NOTHING, Value(None, 0, 0)),
    (Ratio(("a",), ("b",), live="c"), {"b": 4, "c": 1}, NOTHING, Value(0, 0, 4, 4, {"open_share": Fraction(1, 4)})),
    (Ratio(("a",), ("a", "b"), in_money=True), {"a": 10_000, "b": 30_000}, NOTHING, Value(Fraction(1, 4), 1, 4)),
    (Spent("ms", "n"), {"ms": 1500, "n": 2}, NOTHING, Value(Fraction(3, 2), n=2)),
    (Spent("ms", "n"), {}, NOTHING._replace(stat="mean"), Value(None, 0, 0)),
    (Share(Count("n"), "why"), {"n": 2}, NOTHING, Value(2, n=2)),
    (Share(Count("n"), "why", "n", {"paid": Total("paid", "n")}), {"n": 2, "paid": 10_000}, NOTHING._replace(variant="paid"),
     Value(1, n=2)),
    (Velocity("open", "won", "lost", "paid", "t"),
     {"open": 3, "won": 2, "lost": 2, "paid": 200_000, "t.n": 2, "t.ms": 20 * 86_400_000}, NOTHING, Value(Fraction(3, 2), n=3)),
    (Velocity("open", "won", "lost", "paid", "t"), {"open": 3, "lost": 2}, NOTHING, Value(None, n=3)),
    (Weighted("own", "at", "n"), {"own": 10**10, "at/p/new": 20_000, "at/p/x": 70_000, "n": 3}, CONTEXT,
     Value(Fraction(6, 5), n=3, caveats={"probability_missing": 7})),
])  # fmt: skip
def test_a_formula_gives(formula: Count, cells: dict[str, int], context: Context, expected: Value) -> None:
    assert formula.value(cells, context) == expected


@given(st.lists(st.integers(0, 10**10), max_size=20))
def test_a_duration_has_an_exact_mean_and_count_and_quantiles_within_bounds(took_ms: list[int]) -> None:
    cells = {"t.n": len(took_ms), "t.ms": sum(took_ms)}
    for one in took_ms:
        cells[f"t.h{bucket(one)}"] = cells.get(f"t.h{bucket(one)}", 0) + 1
    found = {
        stat: Duration("t").value(cells, NOTHING._replace(stat=stat)).value for stat in ("p50", "p90", "mean", "count")
    }
    assert found["count"] == len(took_ms)
    if took_ms:
        exact = [sorted(took_ms)[-(-len(took_ms) * share // 10) - 1] / 1000 for share in (5, 9)]
        assert found["mean"] == Fraction(sum(took_ms), 1000 * len(took_ms))
        assert [found["p50"], found["p90"]] == pytest.approx(exact, rel=0.008, abs=0)
    else:
        assert found == {"p50": None, "p90": None, "mean": None, "count": 0}


def test_a_formula_reads_its_measures_under_all_their_names() -> None:
    cells = {"own": 1, "own@USD": 2, "at/p/new@USD": 3, "owner": 4, "n": 0}
    assert read_by(Weighted("own", "at", "n"), cells) == {"own": 1, "own@USD": 2, "at/p/new@USD": 3}


@pytest.mark.parametrize("kpi", KPIS, ids=lambda kpi: kpi.id)
def test_every_option_of_a_kpi_answers_with_nothing_of_nothing(kpi: object) -> None:
    formula = kpi.formula  # type: ignore[attr-defined]
    for stat in formula.stats or ("",):
        for variant in formula.variants or ("",):
            found = formula.value({}, CONTEXT._replace(stat=stat, variant=variant))
            assert not found.value
            assert found.n == 0
