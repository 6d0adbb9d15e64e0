"""Posts of the responsibility chain that prove themselves by their token, and what they do with it."""

import base64
import binascii

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from warnstream.adapters.http.node_port import PostAction
from warnstream.adapters.http.routes import Services, accepted


async def take_action(services: Services, action: PostAction, post: str, token: str) -> Response:
    """Keep what a post does, once it has proven itself and the node says that it can be."""
    if not services.tokens.proves_post(token, post):
        raise HTTPException(403, "the token does not belong to this post")
    fault = await run_in_threadpool(services.node.action_fault, action)
    if fault:
        raise HTTPException(400, fault)
    await run_in_threadpool(services.node.submit_action, action)
    return accepted()


def asking_post(services: Services, request: Request) -> str:
    """Post that names itself in the request, proven by its token; empty where nobody does."""
    credentials = request.headers.get("Authorization")
    if credentials is None:
        return ""
    post, token = basic_credentials(credentials)
    if not services.tokens.proves_post(token, post):
        raise HTTPException(403, "the token does not belong to this post")
    return post


def basic_credentials(header: str) -> tuple[str, str]:
    """Name and password of an Authorization header (RFC 7617); two empty texts if it has none.

    >>> basic_credentials("Basic Z3JpZC03OnNlY3JldA==")
    ('grid-7', 'secret')
    """
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        name, _, password = base64.b64decode(encoded.strip(), validate=True).decode("utf-8").rpartition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, password
