"""The parts of an OpenAPI 3.1 document that ours has (https://spec.openapis.org/oas/v3.1.0)."""

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

JsonSchema = dict[str, Any]
"""A JSON Schema (2020-12)."""


class InfoRecord(msgspec.Struct, frozen=True):
    """What the document is about."""

    title: str
    version: str


class MediaRecord(msgspec.Struct, frozen=True):
    """Content of one media type; without a schema where it is no JSON."""

    schema: JsonSchema | UnsetType = UNSET


class ResponseRecord(msgspec.Struct, frozen=True):
    """What is answered with one status."""

    description: str
    content: dict[str, MediaRecord]


class ParameterRecord(msgspec.Struct, frozen=True, rename={"place": "in"}):
    """A part of the path."""

    name: str
    place: Literal["path"]
    required: Literal[True]
    schema: JsonSchema


class BodyRecord(msgspec.Struct, frozen=True):
    """What is posted."""

    required: Literal[True]
    content: dict[str, MediaRecord]


class OperationRecord(msgspec.Struct, frozen=True, rename="camel"):
    """One method of one path."""

    operation_id: str
    summary: str
    responses: dict[str, ResponseRecord]
    parameters: list[ParameterRecord] | UnsetType = UNSET
    request_body: BodyRecord | UnsetType = UNSET


class ComponentsRecord(msgspec.Struct, frozen=True):
    """Schemas by name."""

    schemas: dict[str, JsonSchema]


class OpenApiRecord(msgspec.Struct, frozen=True):
    """The whole document."""

    openapi: Literal["3.1.0"]
    info: InfoRecord
    paths: dict[str, dict[str, OperationRecord]]
    components: ComponentsRecord
