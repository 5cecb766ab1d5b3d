"""JSON Schemas, an AsyncAPI document and a page for people, made from the types.

`python -m events.schemas docs/events` writes them, with `--check` it says what is stale and exits 1.
"""

import sys
from pathlib import Path
from typing import Any

import msgspec

from events.envelope import wire_class
from events.page import page
from events.published import PUBLISHED, TRUNCATED

Json = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
FORMAT = "application/schema+json;version=draft-2020-12"
DEAD_LETTER_HEADERS = {
    "reason": "why it cannot be used, a sentence",
    "path": "where in the event, `$` is all of it",
    "topic": "the topic that it came from",
    "partition": "the partition that it came from",
    "offset": "its offset there; a repeat has the same topic, partition and offset",
}
OPTIONAL_HEADERS = {
    TRUNCATED: "only where the record is cut to what a dead letter can hold: how many bytes its value had"
}


def json_schemas() -> dict[str, Json]:
    """The schema of a structured-mode event by event type."""
    return {name: {"$schema": DIALECT, "title": name, **msgspec.json.schema(kind)} for name, kind in wire_class.items()}


def asyncapi() -> Json:
    """AsyncAPI 3.0: what is read from and written to which topic."""
    alerts = {str(kind.__struct_config__.tag): kind for kind in PUBLISHED}
    kinds = {**wire_class, **alerts}
    references, schemas = msgspec.json.schema_components(kinds.values(), ref_template="#/components/schemas/{name}")
    messages = {name: _message(name, kind, ref) for (name, kind), ref in zip(kinds.items(), references, strict=True)}
    messages["dead-letter"] = _dead_letter()
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "crmpulse", "version": "1.0.0", "description": "CRM activity in, KPIs and alerts out."},
        "defaultContentType": "application/cloudevents+json",
        "channels": {
            "crm.events": _channel("crm.events", "What happened in the CRM. Key: orgid. Kept for ever.", wire_class),
            "crm.alerts": _channel("crm.alerts", "Alerts and milestones. Key: orgid. At least once.", alerts),
            "crm.dead-letters": _channel(
                "crm.dead-letters", "Events that cannot be used, byte for byte where they fit.", ["dead-letter"]
            ),
        },
        "operations": {
            "readEvents": _operation("receive", "crm.events"),
            "publishAlerts": _operation("send", "crm.alerts"),
            "publishDeadLetters": _operation("send", "crm.dead-letters"),
        },
        "components": {"messages": messages, "schemas": schemas},
    }


def documents() -> dict[str, str]:
    """All files by their path in the directory."""
    schemas = {f"schemas/{name}.json": _text(schema) for name, schema in json_schemas().items()}
    return {"README.md": page(), "asyncapi.json": _text(asyncapi()), **schemas}


def main(directory: str, check: str = "") -> int:
    """Writes the files, or names those that differ; the exit status."""
    root = Path(directory)
    wanted = {root / name: text for name, text in documents().items()}
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    stale += [path for path in root.glob("schemas/*.json") if path not in wanted]
    if check:
        sys.stderr.writelines(f"{path} is stale: run python -m events.schemas {directory}\n" for path in stale)
        return int(bool(stale))
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[path]) if path in wanted else path.unlink()
    return 0


def _message(name: str, kind: Any, schema: Json) -> Json:
    return {
        "name": name,
        "summary": kind.__doc__,
        "contentType": "application/cloudevents+json",
        "payload": {"schemaFormat": FORMAT, "schema": schema},
        "bindings": {"kafka": {"key": {"type": "string", "description": "the orgid"}}},
    }


def _dead_letter() -> Json:
    every = DEAD_LETTER_HEADERS | OPTIONAL_HEADERS
    headers = {name: {"type": "string", "description": text} for name, text in every.items()}
    return {
        "name": "dead-letter",
        "summary": "A record as it came, cut where it is too large, with the reason why it cannot be used.",
        "contentType": "application/octet-stream",
        "headers": {"type": "object", "properties": headers, "required": list(DEAD_LETTER_HEADERS)},
    }


def _channel(topic: str, description: str, messages: Any) -> Json:
    references = {name: {"$ref": f"#/components/messages/{name}"} for name in messages}
    return {"address": topic, "description": description, "messages": references}


def _operation(action: str, channel: str) -> Json:
    return {"action": action, "channel": {"$ref": f"#/channels/{channel}"}}


def _text(document: Json) -> str:
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
