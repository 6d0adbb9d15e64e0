"""OpenAPI 3.1 of the console, made of its read models."""

import functools
from typing import Any

import msgspec

from warnstream.adapters.console.acts import Done, Said
from warnstream.console import models
from warnstream.console.reading.models import Acts, Drills, Past, Review, Sheet, Transfers

REF = "#/components/schemas/{name}"
ANSWERS: dict[tuple[str, str], tuple[str, type | None]] = {
    ("get", "/api/v1/session"): ("Who is signed in.", models.Session),
    ("post", "/api/v1/session"): ("Sign in.", models.Session),
    ("delete", "/api/v1/session"): ("Sign out.", None),
    ("get", "/api/v1/state"): ("The situation of the person's area.", models.State),
    ("get", "/api/v1/geo"): ("The map of the person's area.", models.Geo),
    ("get", "/api/v1/villages/{code}"): ("One village of the area.", models.Village),
    ("get", "/api/v1/villages/{code}/past"): ("A village's warnings over time, and why not higher.", Past),
    ("get", "/api/v1/acts"): ("What people have done in the area, after entry `since`.", Acts),
    ("get", "/api/v1/review"): ("The last hours of the area, and what people have done.", Review),
    ("get", "/api/v1/drills"): ("Drills of the area with their scores.", Drills),
    ("get", "/api/v1/transfers"): ("Transfer lists of the area, and the five counters.", Transfers),
    ("get", "/api/v1/transfers/{list}"): ("One transfer list with its rows.", Transfers),
    ("get", "/api/v1/sheets/{page}"): ("Tables of a page, in one language.", Sheet),
    ("get", "/api/v1/export/{file}"): ("The same as CSV or XLSX, or `map.geojson`.", None),
    ("get", "/api/v1/doors"): (
        "A page of the doors of a village; each reading is a line of the audit.",
        Done,
    ),
    ("post", "/api/v1/acts"): ("Have the node do what a person wants, or rehearse it.", Done),
    ("get", "/api/v1/openapi.json"): ("This document.", None),
    ("get", "/healthz"): ("Whether the console answers.", models.Alive),
}
_NUMBER = {"type": "integer", "minimum": 0}
QUERY: dict[str, tuple[tuple[str, dict[str, Any], bool], ...]] = {
    "/api/v1/doors": (("village", {"type": "string"}, True), ("cursor", _NUMBER, False)),
    "/api/v1/sheets/{page}": (("language", {"enum": ["zh", "en"]}, False),),
    "/api/v1/export/{file}": (("language", {"enum": ["zh", "en"]}, False),),
    "/api/v1/state": (("at", _NUMBER, False),),
    "/api/v1/villages/{code}": (("at", _NUMBER, False),),
    "/api/v1/acts": (("since", _NUMBER, False),),
}
"""Parameters by name, form, and whether they must be there."""

BODIES: dict[str, type] = {"/api/v1/session": models.Credentials, "/api/v1/acts": Said}
STREAM = (
    "Server-sent events after `since` or Last-Event-ID: `delta` (Delta), `beat` (Clock) each second, and "
    "`resync`: read the state anew."
)


@functools.cache
def document_of() -> dict[str, Any]:
    """The document."""
    types = [answer for _, answer in ANSWERS.values() if answer is not None]
    types += [models.Credentials, Said, models.Problems, models.Delta, models.Clock]
    types = list(dict.fromkeys(types))
    schemas, components = msgspec.json.schema_components(types, ref_template=REF)
    schema_of = dict(zip(types, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for (method, path), (summary, answer) in ANSWERS.items():
        problem = {"description": "See problems.", "content": _json(schema_of[models.Problems])}
        done: dict[str, Any] = {"description": summary}
        if answer is not None:
            done["content"] = _json(schema_of[answer])
        operation: dict[str, Any] = {
            "operationId": f"{method}_{path.strip('/').replace('/', '_').replace('{', '').replace('}', '')}",
            "summary": summary,
            "responses": {"204" if method == "delete" else "200": done, "default": problem},
        }
        if parameters := _parameters(path):
            operation["parameters"] = parameters
        if method == "post":
            body = schema_of[BODIES[path]]
            operation["requestBody"] = {"required": True, "content": _json(body)}
        paths.setdefault(path, {})[method] = operation
    paths["/api/v1/stream"] = {"get": _stream()}
    info = {"title": "warnstream console", "version": "1"}
    return {"openapi": "3.1.0", "info": info, "paths": paths, "components": {"schemas": components}}


def _parameters(path: str) -> list[dict[str, Any]]:
    """Those of the path, which are texts, then those of the query."""
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names
    ]
    return found + [
        {"name": name, "in": "query", "required": is_needed, "schema": schema}
        for name, schema, is_needed in QUERY.get(path, ())
    ]


def _stream() -> dict[str, Any]:
    since = {"name": "since", "in": "query", "schema": {"type": "string"}}
    content: dict[str, Any] = {"text/event-stream": {}}
    responses = {"200": {"description": STREAM, "content": content}}
    return {"operationId": "get_stream", "summary": STREAM, "parameters": [since], "responses": responses}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
