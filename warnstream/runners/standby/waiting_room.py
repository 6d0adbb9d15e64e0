"""The HTTP interface of a box that does not lead: it says so, and where the one is that does."""

from collections.abc import Callable

import msgspec
from prometheus_client import generate_latest
from prometheus_client.registry import CollectorRegistry
from starlette.types import Receive, Scope, Send

from warnstream.adapters.http.models.operations import AliveRecord, ProblemsRecord, ReadinessRecord

RETRY_AFTER_S = 5
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class WaitingRoom:
    """An ASGI application.

    Parameters
    ----------
    node : str
        Name of the node.
    reasons : callable
        How things stand, in sentences; the first one says who leads.
    leader_url : callable
        Where the box that leads is found; empty if that is not known.
    registry : callable
        Of the metrics.
    """

    def __init__(
        self,
        node: str,
        reasons: Callable[[], list[str]],
        leader_url: Callable[[], str],
        registry: Callable[[], CollectorRegistry],
    ) -> None:
        self._node, self._reasons, self._leader_url, self._registry = node, reasons, leader_url, registry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  # ASGI
        """One request."""
        if scope["type"] != "http":
            return
        path = str(scope["path"])
        if path == "/healthz":
            await _answer(send, 200, msgspec.json.encode(AliveRecord(alive=True, node=self._node)))
        elif path == "/readyz":
            record = ReadinessRecord(ready=False, reasons=self._reasons())
            await _answer(send, 503, msgspec.json.encode(record))
        elif path == "/metrics":
            await _answer(send, 200, generate_latest(self._registry()), METRICS_TYPE)
        else:
            await self._send_away(scope, send)

    async def _send_away(self, scope: Scope, send: Send) -> None:
        url = self._leader_url()
        words = f"this box does not lead and takes nothing: {self._reasons()[0]}"
        if not url:
            await _answer(send, 503, msgspec.json.encode(ProblemsRecord([words])))
            return
        query = scope.get("query_string", b"")
        place = (
            url.encode() + scope.get("raw_path", scope["path"].encode()) + (b"?" + query if query else b"")
        )
        said = msgspec.json.encode(ProblemsRecord([f"{words}; ask {url}"]))
        await _answer(send, 503, said, extra=[(b"location", place)])


async def _answer(
    send: Send,
    status: int,
    body: bytes,
    content_type: str = "application/json",
    extra: list[tuple[bytes, bytes]] | None = None,
) -> None:
    headers = [(b"content-type", content_type.encode()), (b"content-length", str(len(body)).encode())]
    if status != 200:
        headers.append((b"retry-after", str(RETRY_AFTER_S).encode()))
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *(extra or [])]})
    await send({"type": "http.response.body", "body": body})
