"""The OpenAPI document, made of the table of routes."""

import re
from typing import Any

from warnstream.adapters.http.routes import ROUTES, RouteSpec
from warnstream.adapters.http.schemas import ANSWER_WORDS, SCHEMAS, TEXT_SCHEMA


def openapi_document() -> dict[str, Any]:
    """OpenAPI 3.1 of `ROUTES`."""
    paths: dict[str, dict[str, Any]] = {}
    for spec in ROUTES:
        paths.setdefault(spec.path, {})[spec.method.lower()] = _operation(spec)
    return {
        "openapi": "3.1.0",
        "info": {"title": "warnstream node", "version": "1"},
        "paths": paths,
        "components": {"schemas": SCHEMAS},
    }


def _operation(spec: RouteSpec) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": spec.handler,
        "summary": spec.summary,
        "responses": {
            str(status): {"description": HTTP_WORDS[status], "content": _content(schema)}
            for status, schema in spec.answers.items()
        },
    }
    for name in re.findall(r"{(\w+)}", spec.path):
        parameter = {"name": name, "in": "path", "required": True, "schema": TEXT_SCHEMA}
        operation["parameters"] = [parameter]
    if spec.body:
        operation["requestBody"] = {"required": True, "content": _content(spec.body)}
    return operation


HTTP_WORDS = {
    200: "Here it is.",
    202: "Kept.",
    400: "The request is wrong; every problem is named.",
    403: "The token does not fit.",
    404: "There is no such thing.",
    408: "The body did not come in time.",
    413: "The body is too long.",
    429: "Too many requests; see Retry-After.",
    503: "Not now; the reasons are named.",
}


def _content(schema: str) -> dict[str, Any]:
    if schema == "html":
        return {"text/html": {}}
    if schema == "text":
        return {"text/plain": {}}
    if schema == "form":
        form = {"type": "object", "properties": {"answer": {"enum": ANSWER_WORDS}}, "required": ["answer"]}
        return {"application/x-www-form-urlencoded": {"schema": form}}
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
