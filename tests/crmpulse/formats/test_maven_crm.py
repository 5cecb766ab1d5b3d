import shutil
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from crmpulse.formats import FormatError, maven_crm
from tests.crmpulse.formats import DATASETS

EXPORT = DATASETS / "maven-crm"


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    for name in maven_crm.COLUMNS:
        shutil.copy(EXPORT / name, tmp_path)
    return tmp_path


def spoil(export: Path, name: str, old: str, new: str) -> None:
    text = (export / name).read_text(encoding="utf-8")
    assert old in text
    (export / name).write_text(text.replace(old, new, 1), encoding="utf-8")


def test_says_of_every_opportunity_what_the_export_says() -> None:
    events = list(maven_crm.events(EXPORT))
    assert Counter(event["type"] for event in events) == {
        "crm.org.updated": 1,
        "crm.pipeline.updated": 1,
        "crm.team.updated": 6,
        "crm.user.updated": 35,
        "crm.account.created": 85,
        "crm.deal.created": 8800,
        "crm.deal.won": 4238,
        "crm.deal.lost": 2473,
    }
    won = [event["data"] for event in events if event["type"] == "crm.deal.won"]
    assert sum(int(data["value"]["amount"]) for data in won) == 10_005_534
    assert sum(int(data["lines"][0]["unit_price"]["amount"]) for data in won) == 10_005_534
    created = Counter(event["data"]["stage_id"] for event in events if event["type"] == "crm.deal.created")
    assert created == {"engaging": 8300, "prospecting": 500}


def test_tells_of_the_directory_before_the_first_opportunity() -> None:
    events = list(maven_crm.events(EXPORT))
    opportunities = [event["time"] for event in events if event["type"].startswith("crm.deal.")]
    directory = [event["time"] for event in events if not event["type"].startswith("crm.deal.")]
    assert max(directory) < min(opportunities) == "2016-10-20T00:00:00Z"
    assert [event["time"] for event in events] == sorted(event["time"] for event in events)


def test_knows_agents_without_an_opportunity() -> None:
    users = {
        event["subject"]: event["data"] for event in maven_crm.events(EXPORT) if event["type"] == "crm.user.updated"
    }
    assert users["user/Carl Lin"] == {"name": "Carl Lin", "team_id": "Summer Sewald", "manager_id": "Summer Sewald"}


def test_joins_products_that_the_pipeline_spells_otherwise() -> None:
    lines: dict[str, int] = defaultdict(int)
    for event in maven_crm.events(EXPORT):
        for line in event["data"].get("lines", ()):
            lines[line["product_id"]] += event["type"] == "crm.deal.created"
    assert "GTXPro" not in lines
    assert lines["GTX Pro"] == 1480


def test_reads_us_dates_to_the_same_events() -> None:
    assert list(maven_crm.events(EXPORT / "variant-us-dates")) == list(maven_crm.events(EXPORT))


def test_gives_the_same_events_each_time_and_every_event_its_own_id() -> None:
    events = list(maven_crm.events(EXPORT, "acme"))
    assert events == list(maven_crm.events(EXPORT, "acme"))
    assert len({event["id"] for event in events}) == len(events)
    assert {event["orgid"] for event in events} == {"acme"}


@pytest.mark.parametrize(
    ("name", "old", "new", "where"),
    [
        ("sales_pipeline.csv", "2016-10-20", "20.10.2016", "sales_pipeline.csv, line 2, column engage_date"),
        ("sales_pipeline.csv", ",1054", ",much", "sales_pipeline.csv, line 2, column close_value"),
        (
            "sales_pipeline.csv",
            "Moses Frase",
            "Nobody",
            "line 2, column sales_agent: 'Nobody' is not one of Anna Snell",
        ),
        (
            "sales_pipeline.csv",
            "GTX Plus Basic",
            "GTX Minus",
            "line 2, column product: 'GTX Minus' is not one of GTX B",
        ),
        ("sales_pipeline.csv", "Cancity", "Nowhere", "line 2, column account: 'Nowhere' is not one of Acme"),
        ("sales_pipeline.csv", "Won", "Gained", "line 2, column deal_stage: 'Gained' is not one of Prospecting, Engag"),
        (
            "sales_pipeline.csv",
            "Z063OYW0",
            "1C1I7A6R",
            "line 3, column opportunity_id: '1C1I7A6R' is not new, it is on",
        ),
        ("sales_pipeline.csv", "close_value", "value", "sales_pipeline.csv, line 1: no column close_value"),
        ("products.csv", "550", "", "products.csv, line 2, column sales_price: '' is not a number"),
    ],
)
def test_names_file_line_and_column_of_a_mistake(export: Path, name: str, old: str, new: str, where: str) -> None:
    spoil(export, name, old, new)
    with pytest.raises(FormatError) as error:
        list(maven_crm.events(export))
    assert where in str(error.value)


@pytest.mark.parametrize("name", maven_crm.COLUMNS)
def test_names_a_missing_file(export: Path, name: str) -> None:
    (export / name).unlink()
    with pytest.raises(FormatError, match=f"{name}: cannot be read"):
        list(maven_crm.events(export))
