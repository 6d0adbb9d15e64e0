"""What a route is, what its handlers share, and how they answer.

A router (`warnstream.adapters.http.routers`) is a module with handlers and a table `ROUTES` of them; the
application and the OpenAPI document are made of those tables, so they cannot disagree.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from warnstream.adapters.http.models.openapi import OpenApiRecord
from warnstream.adapters.http.models.operations import AcceptedRecord, ProblemsRecord
from warnstream.adapters.http.node_port import NodeStatus
from warnstream.adapters.metrics import Metrics
from warnstream.adapters.outbox.outbox import Outbox
from warnstream.adapters.sending.answer_tokens import Tokens


class Media(Enum):
    """Content that is no JSON, and so has no read model."""

    HTML = "text/html"
    TEXT = "text/plain"
    XML = "application/xml"
    ATOM = "application/atom+xml"
    CAP = "application/cap+xml"
    STYLE = "text/css"
    SCRIPT = "text/javascript"


Content = Media | Any
"""A `Media`, or the type of a read model: a `msgspec.Struct`, or a list of them."""


@dataclass(frozen=True, slots=True)
class Services:
    """What handlers work with.

    Attributes
    ----------
    node : NodeStatus
    outbox : Outbox
        Finds what an answer link is about.
    tokens : Tokens
    metrics : Metrics
    is_count_due : callable
        Whether the notifications of the outbox are to be counted anew.
    document : OpenApiRecord
        The OpenAPI document.
    public_url : str
        Address under which people reach the node; empty if it is not known.
    """

    node: NodeStatus
    outbox: Outbox
    tokens: Tokens
    metrics: Metrics
    is_count_due: Callable[[], bool]
    document: OpenApiRecord
    public_url: str = ""


Handler = Callable[[Services, Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class RouteSpec:
    """One route: who serves it, what is posted, what is answered.

    Attributes
    ----------
    method, path : str
    handler : Handler
        Its name is the operation's in the OpenAPI document.
    summary : str
        A sentence.
    answers : mapping of int to Content
        By HTTP status.
    body : type or None
        Struct of what is posted; its fields are checked by `warnstream.adapters.http.bodies`.
    is_form : bool
        The body is a form of a page, not JSON.
    media : Media or None
        What the body is where it is neither.
    is_limited : bool
        Counts against the rate of a client.
    """

    method: str
    path: str
    handler: Handler
    summary: str
    answers: Mapping[int, Content]
    body: type[msgspec.Struct] | None = None
    is_form: bool = False
    media: Media | None = None
    is_limited: bool = False


def problems(*statuses: int) -> dict[int, Content]:
    """Refusals with these statuses."""
    return dict.fromkeys(statuses, ProblemsRecord)


SUBMISSION_ANSWERS: Mapping[int, Content] = {202: AcceptedRecord} | problems(400, 403, 408, 413, 429, 503)
"""What everybody is answered who posts something that the journal keeps."""


def answer(content: msgspec.Struct | list[Any], status: int = 200) -> Response:
    """A read model as JSON, its fields in their order."""
    return Response(msgspec.json.encode(content), status, media_type="application/json")


def accepted() -> Response:
    """What was posted is durable."""
    return answer(AcceptedRecord(), 202)
