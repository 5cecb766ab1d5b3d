"""The routes as OpenAPI 3.1 tells of them: parameters, bodies, errors, and the schemas of all events.

In capitals: parameters by what is asked, and what the decorator of a route needs.
"""

import importlib.metadata
from collections.abc import Sequence
from typing import Any

import msgspec
from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from aggregators.alerts import BY_NAME
from aggregators.attribution import MODELS
from aggregators.catalogue import BY_ID
from aggregators.fields import FOUND_BY
from aggregators.measures.leads import VISITS
from aggregators.windows import NAMES, UNITS
from api import answers
from api.problems import MEDIA_TYPE
from api.query import card, funnel
from api.query.question import RANKED, SELECTORS
from events.envelope import wire_class

Json = dict[str, Any]
DESCRIPTION = """CRM activity goes in as events; live, exact KPIs per user, team and organisation come out.

Money is a number in the organisation's currency, a ratio lies between 0 and 1, a duration is in seconds. A zero
denominator gives `null`. Every error is `application/problem+json` (RFC 9457).
"""
_RANGE = "a date or a time, in the organisation's zone unless it has an offset"

PARAMETERS: dict[str, tuple[str, Any, Json]] = {
    "org": ("the organisation, where the service has no tokens; with one it is the token's", "demo", {}),
    "kpi": ("a KPI of the catalogue", "win_rate", {"enum": [*BY_ID]}),
    "scope": ("`org`, `team:<id>` or `user:<id>`", "team:west", {"default": "org"}),
    "window": ("a named window; or give `from` and `to`", "this_month", {"enum": [*NAMES], "default": "all"}),
    "from": (f"begin of the window: {_RANGE}", "2026-01-01", {}),
    "to": (f"end of the window, not in it: {_RANGE}", "2026-02-01", {}),
    "by": ("one or more dimensions of the KPI, with commas: the value of each group", "source", {}),
    "every": ("a series: the value of each bucket of the window", "day", {"enum": [*UNITS]}),
    "where": ("only what has this value, `<dimension>:<value>`; may be repeated", ["source:web"], {}),
    "compare": ("the same for the window before, or a year earlier", "previous", {"enum": ["previous", "last_year"]}),
    "credit": (
        "whose it is: the owner and team of the time, or of now",
        "at_event",
        {"enum": ["at_event", "current"], "default": "at_event"},
    ),
    "now": ("the instant that `window` and gauges refer to; default: the present", "2026-01-31T18:00:00Z", {}),
    "stat": ("durations: `p50` (default), `p90`, `mean`, `count`; others: what the KPI has", "p90", {}),
    "hours": (
        "durations that tell both: all time (default), or business hours",
        "business",
        {"enum": ["calendar", "business"], "default": "calendar"},
    ),
    "variant": ("another way to count, of KPIs that have one", "value", {}),
    "touchpoint": (
        "which touchpoints `touchpoint_conversion_rate` counts",
        "page",
        {"enum": [*VISITS, "call", "meeting"]},
    ),
    "of": (
        "the KPI that a `rank` is one by, whose growth a `growth_rate` is, or that `goals_met_share` takes the goals on",
        "revenue_won",
        {"enum": [name for name, kpi in BY_ID.items() if kpi.counts]},
    ),
    "goal": ("the goal that `goal_progress`, `goal_attainment` and `goal_pace` tell of", "q3-revenue", {}),
    "entity": (
        "the records whose custom fields are asked about",
        "lead",
        {"enum": [*FOUND_BY], "default": next(iter(FOUND_BY))},
    ),
    "field": ("the custom field that is asked about; all where none is named", "budget", {}),
    "model": ("how what was earned is split over touches; linear where none is named", "u_shape", {"enum": [*MODELS]}),
    "pipeline": ("the pipeline; may be left out where there is only one", "sales", {}),
    "level": ("who is ranked", "user", {"enum": ["user", "team"], "default": "user"}),
    "team": ("only the members of this team", "west", {}),
    "limit": (
        "most groups, rows, records or alerts of an answer",
        20,
        {"type": "integer", "minimum": 1, "maximum": 10_000},
    ),
    "cursor": ("the `cursor` of the page before", "100", {}),
    "after": (
        "a `position` from `POST /v1/events`: the answer waits until it is counted, 10 s at most",
        "7:1234",
        {"pattern": "^[0-9]+:[0-9]+(:[0-9]+)?$"},
    ),
}
"""Name: what it is, an example, and what its schema has beside being a text."""

_OF_ALL = ("org", "after")
_OF_KPIS = {"stat", "variant", "hours", *(name for kpi in BY_ID.values() for name in kpi.params)}


def _of_a_kpi(*selectors: str) -> tuple[str, ...]:
    return tuple(name for name in PARAMETERS if name in {*_OF_ALL, *_OF_KPIS, *selectors})


VALUE = _of_a_kpi(*SELECTORS)
BEHIND = ("kpi", *(name for name in VALUE if name != "goal"))
LISTENED = ("kpi", *(name for name in VALUE if name not in ("now", "limit", "cursor", "after")))
LEADERBOARD = ("kpi", "level", "team", *(name for name in _of_a_kpi(*RANKED) if name != "goal"))
FUNNEL = (*funnel.PARAMETERS, "stat", *_OF_ALL)
CARD = (*card.PARAMETERS, *_OF_ALL)
"""The parameters of a question, by what it is about."""

_ERRORS = {
    400: "Events that cannot be used, each with its index, id, path and reason; nothing was published",
    401: "No token, or one that is not known",
    403: "The token does not allow it",
    404: "There is nothing of that name; with the nearest names",
    408: "The body did not arrive in time",
    413: "Over 1 MiB or 500 events; a body that is too long",
    415: "The content type is not one of events",
    422: "A parameter is unknown, or cannot be what it is; with the nearest names",
    429: "Too many requests at once; Retry-After says when to send it again",
    503: "Broker or Redis are away, or the tables move too fast; send it again",
    504: "The tables did not include the position within 10 s",
}


def errors(*statuses: int) -> dict[int | str, Json]:
    """Return the error answers of a route, for its decorator."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": _ERRORS[status], "content": content} for status in statuses}


def text(media_type: str, description: str) -> dict[int | str, Json]:
    """Return the answer of a route that gives no JSON, for its decorator."""
    return {200: {"description": description, "content": {media_type: {"schema": {"type": "string"}}}}}


def question(*names: str, missing: bool = False) -> Json:
    """Return what the decorator of a route needs: its parameters, and its errors; ``missing`` where it may find nothing."""
    waits = (504,) if "after" in names else ()
    return {
        "responses": errors(401, 403, *((404,) if missing else ()), 422, 503, *waits),
        "openapi_extra": {"parameters": [_known(name) for name in names], "security": _SECURITY},
    }


def _several(names: Sequence[str], *, needed: bool) -> Json:
    """As ``question``, of any number of KPIs."""
    told = question(*names, missing=True)
    description, example, schema = PARAMETERS["kpi"]
    several = {"type": "array", "items": {"type": "string", **schema}}
    kpis = _parameter("kpi", f"{description}; may be repeated", several, needed=needed, example=[example])
    told["openapi_extra"]["parameters"].insert(0, kpis)
    return told


def _live() -> Json:
    told = _several([name for name in LISTENED if name != "kpi"], needed=False)
    told["responses"] |= text("text/event-stream", "Server-Sent Events")
    return told


def _export() -> Json:
    told = _several(VALUE, needed=True)
    form = {"type": "string", "enum": ["csv", "parquet"], "default": "csv"}
    told["openapi_extra"]["parameters"].insert(1, _parameter("format", "the form of the file", form, example="parquet"))
    table, binary = {"type": "string"}, {"type": "string", "format": "binary"}
    content = {"text/csv": {"schema": table}, "application/vnd.apache.parquet": {"schema": binary}}
    told["responses"][200] = {"description": "A file, a row for each value", "content": content}
    return told


def _known(name: str) -> Json:
    """One of ``PARAMETERS``."""
    description, example, schema = PARAMETERS[name]
    type_ = {"type": "array", "items": {"type": "string"}} if isinstance(example, list) else {"type": "string"}
    return _parameter(name, description, type_ | schema, needed=name == "kpi", example=example)


def _parameter(name: str, description: str, schema: Json, *, needed: bool = False, **more: Any) -> Json:
    return {"name": name, "in": "query", "required": needed, "description": description, "schema": schema, **more}


_SECURITY: list[dict[str, Sequence[str]]] = [{"token": []}, {}]
LIVE, EXPORT = _live(), _export()


def _standing(*, missing: bool) -> Json:
    told = question("org", "scope", "now", "after", missing=missing)
    [scope] = (parameter for parameter in told["openapi_extra"]["parameters"] if parameter["name"] == "scope")
    description = "only goals of this assignee: `org`, `team:<id>` or `user:<id>`"
    scope |= {"description": description, "schema": {"type": "string"}}
    return told


GOALS, GOAL = _standing(missing=False), _standing(missing=True)


def _told(*statuses: int, **more: Any) -> Json:
    extra = {"parameters": [_known("org")], "security": _SECURITY, **more}
    return {
        "response_model": answers.Accepted,
        "responses": errors(401, 403, *statuses, 422, 503),
        "openapi_extra": extra,
    }


_GOAL = {
    "schema": {"$ref": "#/components/schemas/GoalSet"},
    "example": {
        "kpi": "revenue_won",
        "assignee": "team:west",
        "target": 250_000,
        "period": "quarter",
        "milestones": [0.5, 1],
    },
}
SET_GOAL = _told(408, 413, requestBody={"required": True, "content": {"application/json": _GOAL}})
DELETE_GOAL = _told()


def _with_body(told: Json, schema: Json) -> Json:
    """The same where a small body of JSON may say more."""
    told["openapi_extra"]["requestBody"] = {"content": {"application/json": {"schema": schema}}}
    told["responses"] |= errors(413)
    return told


_ALERTS_ASKED = (
    ("state", "only alerts in this state", {"type": "string", "enum": ["firing", "resolved"]}),
    ("rule", "only alerts of this rule", {"type": "string", "enum": [*BY_NAME]}),
    (
        "scope",
        "only alerts of what they own: `org`, `team:<id>` or `user:<id>`",
        {"type": "string", "examples": ["team:west"]},
    ),
)
_BY = {
    "type": "object",
    "properties": {"by": {"type": "string", "description": "who acknowledges", "examples": ["ann"]}},
}
ALERTS, ACKNOWLEDGED = question("limit", "cursor", "org", "after"), _with_body(question("org", missing=True), _BY)
ALERTS["openapi_extra"]["parameters"] += [
    _parameter(name, description, schema) for name, description, schema in _ALERTS_ASKED
]

_ASKED = {
    "type": "object",
    "properties": {
        "link": {"type": "boolean", "default": False, "description": "a link in place of the cookie"},
        "days": {"type": "integer", "minimum": 1, "maximum": 366, "default": 30, "description": "how long it holds"},
        "limit": {"type": "string", "description": "`team:<id>` or `user:<id>`, to show no more than that"},
    },
}
SESSION = _with_body(question("org"), _ASKED)
"""What the decorator of the route for sessions needs."""

_EVENT = {
    "oneOf": [{"$ref": f"#/components/schemas/{kind.__name__}"} for kind in wire_class.values()],
    "discriminator": {
        "propertyName": "type",
        "mapping": {name: f"#/components/schemas/{kind.__name__}" for name, kind in wire_class.items()},
    },
}
_EXAMPLE = {
    "specversion": "1.0",
    "id": "e-1",
    "source": "/crm/example",
    "type": "crm.deal.won",
    "subject": "deal/123",
    "time": "2026-01-05T10:00:00+01:00",
    "orgid": "demo",
    "data": {"owner_id": "ann", "value": {"amount": "1234.50", "currency": "EUR"}},
}
_ONE = {"schema": {"$ref": "#/components/schemas/Event"}, "example": _EXAMPLE}
_MANY = {"type": "array", "items": {"$ref": "#/components/schemas/Event"}, "minItems": 1, "maxItems": 500}
_BODY = {
    "description": "CloudEvents 1.0 in structured mode, one or an array; or in binary mode, `ce-` headers and `data`.",
    "required": True,
    "content": {
        "application/cloudevents+json": _ONE,
        "application/cloudevents-batch+json": {"schema": _MANY, "example": [_EXAMPLE]},
        "application/json": {"schema": {"anyOf": [_ONE["schema"], _MANY, {"type": "object"}]}, "example": _EXAMPLE},
    },
}
EVENTS: Json = {
    "tags": ["Events"],
    "response_model": answers.Accepted,
    "responses": errors(400, 401, 403, 408, 413, 415, 422, 429, 503),
    "openapi_extra": {"parameters": [_known("org")], "requestBody": _BODY, "security": _SECURITY},
}
"""What the decorator of the route for events needs."""


def openapi(title: str, routes: Sequence[BaseRoute]) -> Json:
    """Return the OpenAPI document of routes."""
    version = importlib.metadata.version("crmpulse")
    told = get_openapi(title=title, version=version, description=DESCRIPTION, routes=routes)
    _, schemas = msgspec.json.schema_components(wire_class.values(), ref_template="#/components/schemas/{name}")
    told["components"]["schemas"] |= {"Event": _EVENT, "Problem": answers.Problem.model_json_schema(), **schemas}
    bearer = {"type": "http", "scheme": "bearer", "description": "Needed where the service has a file of tokens."}
    told["components"]["securitySchemes"] = {"token": bearer}
    return told
