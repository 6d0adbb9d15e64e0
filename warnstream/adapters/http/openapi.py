"""The OpenAPI document, made of the routes and of the types that they name."""

import re
from collections.abc import Iterator, Sequence

import msgspec
from msgspec import UNSET, UnsetType

from warnstream.adapters.http.models.openapi import (
    BodyRecord,
    ComponentsRecord,
    InfoRecord,
    JsonSchema,
    MediaRecord,
    OpenApiRecord,
    OperationRecord,
    ParameterRecord,
    ResponseRecord,
)
from warnstream.adapters.http.models.words import Text
from warnstream.adapters.http.routes import Content, Media, RouteSpec

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


def openapi_document(routes: Sequence[RouteSpec]) -> OpenApiRecord:
    """OpenAPI 3.1 of routes."""
    schema_of, components = _schemas(routes)
    paths: dict[str, dict[str, OperationRecord]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schema_of)
    return OpenApiRecord("3.1.0", InfoRecord("warnstream node", "1"), paths, ComponentsRecord(components))


def _schemas(routes: Sequence[RouteSpec]) -> tuple[dict[Content, JsonSchema], dict[str, JsonSchema]]:
    """Schema of every type that a route names, and those that they refer to, by name."""
    types = list(dict.fromkeys(found for route in routes for found in _types(route)))
    schemas, components = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    return dict(zip(types, schemas, strict=True)), components


def _types(route: RouteSpec) -> Iterator[Content]:
    yield from (content for content in route.answers.values() if not isinstance(content, Media))
    if route.body is not None:
        yield route.body


def _operation(route: RouteSpec, schema_of: dict[Content, JsonSchema]) -> OperationRecord:
    names = re.findall(r"{(\w+)}", route.path)
    text = msgspec.json.schema(Text)
    return OperationRecord(
        operation_id=route.handler.__name__,
        summary=route.summary,
        responses={
            str(status): ResponseRecord(HTTP_WORDS[status], _content(content, schema_of))
            for status, content in route.answers.items()
        },
        parameters=[ParameterRecord(name, "path", required=True, schema=text) for name in names] or UNSET,
        request_body=_body(route, schema_of),
    )


def _body(route: RouteSpec, schema_of: dict[Content, JsonSchema]) -> BodyRecord | UnsetType:
    if route.media is not None:
        return BodyRecord(required=True, content={route.media.value: MediaRecord()})
    if route.body is None:
        return UNSET
    media = FORM if route.is_form else JSON
    return BodyRecord(required=True, content={media: MediaRecord(schema_of[route.body])})


HTTP_WORDS = {
    200: "Here it is.",
    202: "Kept.",
    304: "It has not changed.",
    400: "The request is wrong; every problem is named.",
    403: "The token does not fit.",
    404: "There is no such thing.",
    408: "The body did not come in time.",
    412: "Another message than the one seen is the last.",
    413: "The body is too long.",
    429: "Too many requests; see Retry-After.",
    503: "Not now; the reasons are named.",
}


def _content(content: Content, schema_of: dict[Content, JsonSchema]) -> dict[str, MediaRecord]:
    if isinstance(content, Media):
        return {content.value: MediaRecord()}
    return {JSON: MediaRecord(schema_of[content])}
