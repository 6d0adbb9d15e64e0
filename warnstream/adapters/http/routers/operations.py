"""Routes of those who operate the node: alive, ready, metrics, this interface in detail."""

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from warnstream.adapters.http.models.openapi import OpenApiRecord
from warnstream.adapters.http.models.operations import AliveRecord, ReadinessRecord
from warnstream.adapters.http.routes import Media, RouteSpec, Services, answer


async def healthz(services: Services, _request: Request) -> Response:
    """Answering at all is being alive."""
    return answer(services.node.alive())


async def readyz(services: Services, _request: Request) -> Response:
    """200 if warnings would go out now, 503 with the reasons if not."""
    found = await run_in_threadpool(services.node.ready)
    return answer(found, 200 if found.ready else 503)


async def metrics_page(services: Services, _request: Request) -> Response:
    """Every metric; notifications as they were counted a few seconds ago."""
    if services.is_count_due():
        counts = await run_in_threadpool(services.outbox.counts)
        services.metrics.set_notifications(
            {(channel, state.word): count for (channel, state), count in counts.items()}
        )
    await run_in_threadpool(services.metrics.look_at_channels)
    return Response(services.metrics.exposition(), media_type=CONTENT_TYPE_LATEST)


async def openapi(services: Services, _request: Request) -> Response:
    """The OpenAPI document."""
    return answer(services.document)


ROUTES = (
    RouteSpec("GET", "/healthz", healthz, "The process answers.", {200: AliveRecord}),
    RouteSpec(
        "GET", "/readyz", readyz, "Warnings would go out now.", {200: ReadinessRecord, 503: ReadinessRecord}
    ),
    RouteSpec("GET", "/metrics", metrics_page, "Prometheus metrics.", {200: Media.TEXT}),
    RouteSpec("GET", "/openapi.json", openapi, "This document.", {200: OpenApiRecord}),
)
