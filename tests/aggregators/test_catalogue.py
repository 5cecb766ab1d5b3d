"""The catalogue: as the contract has it, whole, and documented."""

import csv
from pathlib import Path

import pytest

from aggregators.alerts import RULES
from aggregators.catalogue import BY_ID, KPIS, UnknownKpisError, anchors_of, enabled, plan
from aggregators.contribution import DIMENSIONS
from aggregators.derived import DERIVED
from aggregators.formulas import Duration
from aggregators.kpi import Kpi
from aggregators.measures import MEASURES
from aggregators.page import page

ROOT = Path(__file__).parents[2]
CONTRACT = ROOT.parent / "shared" / "contract" / "kpis.csv"
BUSINESS_HOURS = {kpi.id for kpi in KPIS if isinstance(kpi.formula, Duration) and kpi.formula.worked}
"""KPIs that tell business hours too."""

DEFINED = {"sales_heatmap": ("weekday", "hour"), "contacts_created": ("origin",)}
"""Dimensions that only the contract's definition of a KPI names."""

every_kpi = pytest.mark.parametrize("kpi", KPIS, ids=lambda kpi: kpi.id)


def contract() -> dict[str, dict[str, str]]:
    with CONTRACT.open(newline="", encoding="utf-8") as lines:
        return {row["id"]: row for row in csv.DictReader(lines)}


def test_the_catalogue_has_what_the_contract_has() -> None:
    agreed = {name for name, row in contract().items() if row["tier"] in ("core", "derived")}
    assert agreed <= BY_ID.keys()


@pytest.mark.parametrize("kpi", [kpi for kpi in KPIS if kpi.id in contract()], ids=lambda kpi: kpi.id)
def test_a_kpi_is_as_the_contract_has_it(kpi: Kpi) -> None:
    row = contract()[kpi.id]
    unit = row["unit"].removesuffix(" (_bh)")
    assert (unit != row["unit"]) == (kpi.id in BUSINESS_HOURS)
    assert (kpi.area, kpi.tier, kpi.kind, kpi.unit) == (row["area"], row["tier"], row["kind"], unit)
    assert kpi.by == (*row["dimensions"].split(), *DEFINED.get(kpi.id, ()))


def test_ids_are_given_once() -> None:
    assert len(BY_ID) == len(KPIS)


@every_kpi
def test_a_kpi_is_documented(kpi: Kpi) -> None:
    text = (ROOT / "docs" / "kpis.md").read_text(encoding="utf-8")
    assert f"### {kpi.id}\n\n{kpi.definition}\n" in text


def test_the_page_is_fresh() -> None:
    assert (ROOT / "docs" / "kpis.md").read_text(encoding="utf-8") == page()


@every_kpi
def test_a_kpi_reads_measures_that_are_kept_and_told_by_dimensions_that_are_known(kpi: Kpi) -> None:
    names = {measure.name for measure in MEASURES}
    assert set(kpi.formula.measures) <= names
    known = "user team org custom goal all weekday hour segment feature field value module"
    assert set(kpi.by) <= {*DIMENSIONS, *known.split()}
    kept = {measure.name for anchor in anchors_of(kpi) for measure in plan(whole=True)[anchor].measures}
    assert set(kpi.formula.measures) <= kept


def test_business_hours_cost_no_row() -> None:
    told = {measure.name for kept in plan(whole=True).values() for measure in kept.measures}
    kept = {measure.name for kept in plan().values() for measure in kept.measures}
    assert told - kept == {
        kpi.formula.worked for kpi in KPIS if isinstance(kpi.formula, Duration) and kpi.formula.worked
    }


def test_what_no_enabled_kpi_and_no_alert_reads_is_not_kept() -> None:
    kept = {m.name for each in plan("win_rate, calls_made").values() for m in each.measures}
    alerts = {rule.measure for rule in RULES} - {""}
    assert kept == {"deals_won", "deals_lost", "revenue_won", "lost_value", "calls_made"} | alerts
    dimensions = {d for d, _ in plan("calls_made")["call.logged"].dimensions}
    assert dimensions == set(BY_ID["calls_made"].by) & dimensions
    assert plan("calls_made")["call.logged"].facts == plan(" calls_made,")["call.logged"].facts


def test_enabled_kpis_are_named_and_all_where_none_is() -> None:
    assert enabled() == BY_ID
    assert [*enabled("win_rate,calls_made")] == ["win_rate", "calls_made"]
    with pytest.raises(UnknownKpisError, match="no such KPIs: won, lost"):
        enabled("won,win_rate,lost")


def test_every_measure_is_read_by_a_kpi_or_a_rule_or_finds_the_records_that_tell_one() -> None:
    read = {name for kpi in KPIS for name in kpi.formula.measures} | {rule.measure for rule in RULES}
    finding = {anchor for derived in DERIVED.values() for anchor in derived.anchors}
    unread = [m for m in MEASURES if m.name not in read]
    assert {m.name for m in unread} == {"touches", "records_written"}
    assert all(finding.issuperset(m.anchors) for m in unread)


@every_kpi
def test_parameters_are_those_that_the_formula_knows(kpi: Kpi) -> None:
    options = {"stat": kpi.formula.stats, kpi.chooser: kpi.formula.variants}
    others = {"of", "goal", "hours", "entity", "field"}
    assert set(kpi.params) - others == {name for name, values in options.items() if values}
    assert ("hours" in kpi.params) == (kpi.id in BUSINESS_HOURS)
