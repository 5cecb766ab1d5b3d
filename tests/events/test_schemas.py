"""Schemas say what decoding does, and the files in docs are fresh."""

from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

import events
from events.schemas import asyncapi, documents, json_schemas, main

SCHEMAS = json_schemas()
DOCS = Path(__file__).parents[2] / "docs" / "events"
SUBJECTS = {"org": "org/acme", "fx": "fx/USD/2026-01-05", "field": "field/deal.size", "": "deal/1"}
TEXTS = {"date": "2026-01-05", "date-time": "2026-01-05T10:00:00Z"}
OBJECTS = {
    "changed": {"expected_close": {"old": None, "new": "2026-01-05"}},
    "business_hours": {"monday": [["09:00", "12:30"]]},
}
NAMED = {
    "amount": "12.5",
    "unit_price": "0.99",
    "unit_cost": "0.5",
    "rate": "0.9",
    "assignee": "user:u1",
    "time_zone": "Europe/Rome",
    "orgid": "acme",
}


def example(schema: dict[str, Any], name: str, root: dict[str, Any], *, full: bool) -> Any:
    """A value that the schema allows: with all members, or only the required ones."""
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    if "anyOf" in schema:
        return example(schema["anyOf"][0], name, root, full=full)
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "object" and "properties" in schema:
        wanted = schema["properties"] if full else schema.get("required", [])
        return {member: example(schema["properties"][member], member, root, full=full) for member in wanted}
    return _plain(schema, name, root)


def _plain(schema: dict[str, Any], name: str, root: dict[str, Any]) -> Any:
    match schema.get("type"):
        case "object":
            return OBJECTS.get(name, {"key": 1})
        case "array":
            return [example(schema["items"], name, root, full=True)]
        case "string":
            return NAMED.get(name) or TEXTS.get(schema.get("format", ""), "x1")
    return schema.get("type") == "boolean" or 1


def event(name: str, *, full: bool) -> dict[str, Any]:
    made: dict[str, Any] = example(SCHEMAS[name], "", SCHEMAS[name], full=full)
    entity = events.EVENTS[name].entity
    return {**made, "subject": SUBJECTS.get(entity, f"{entity}/1")}


@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize("name", SCHEMAS)
def test_an_example_of_each_type_fits_its_schema_and_decodes(name: str, full: bool) -> None:
    made = event(name, full=full)
    jsonschema.Draft202012Validator(SCHEMAS[name]).validate(made)
    [change] = events.decode([msgspec.json.encode(made)])
    assert isinstance(change, events.Change), change
    assert type(change.entry.data) is events.EVENTS[name]


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_schema_is_one(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_refuses_what_decoding_refuses(name: str) -> None:
    for wrong in {"id": ""}, {"subject": "nothing"}, {"type": "crm.x"}, {"data": None}, {"sequence": 2**63}:
        made = {**event(name, full=False), **wrong}
        assert not jsonschema.Draft202012Validator(SCHEMAS[name]).is_valid(made)
        assert isinstance(events.decode([msgspec.json.encode(made)])[0], events.Invalid)


@pytest.mark.parametrize("kind", events.EVENTS.values(), ids=events.EVENTS)
def test_each_type_and_member_is_documented(kind: type[events.Data]) -> None:
    schema = SCHEMAS[kind.type]["$defs"][kind.__name__]
    assert schema["description"].endswith(".")
    undocumented = [name for name, member in schema["properties"].items() if "description" not in str(member)]
    assert not undocumented


def test_every_reference_of_the_asyncapi_document_leads_somewhere() -> None:
    document = asyncapi()

    def references(node: Any) -> list[str]:
        inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
        own = [node["$ref"]] if isinstance(node, dict) and isinstance(node.get("$ref"), str) else []
        return own + [reference for item in inner for reference in references(item)]

    for reference in references(document):
        target: Any = document
        for step in reference.removeprefix("#/").split("/"):
            target = target[step]
    assert list(document["channels"]) == ["crm.events", "crm.alerts", "crm.dead-letters"]
    assert set(document["channels"]["crm.events"]["messages"]) == set(events.EVENTS)


def test_the_files_in_docs_are_fresh() -> None:
    assert {str(path.relative_to(DOCS)) for path in DOCS.rglob("*") if path.is_file()} == set(documents())
    assert main(str(DOCS), "--check") == 0, "run python -m events.schemas docs/events"


def test_stale_files_are_named_and_mended(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(str(tmp_path)) == 0
    (tmp_path / "README.md").write_text("old")
    (tmp_path / "schemas" / "crm.gone.json").write_text("{}")
    assert main(str(tmp_path), "--check") == 1
    assert capsys.readouterr().err.count("is stale") == 2
    assert main(str(tmp_path)) == main(str(tmp_path), "--check") == 0
