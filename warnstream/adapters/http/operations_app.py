"""The HTTP interface of a process that has no state to show: alive, ready, metrics."""

from collections.abc import Callable

import msgspec
from prometheus_client import generate_latest
from prometheus_client.registry import CollectorRegistry
from starlette.types import Receive, Scope, Send

from warnstream.adapters.http.models.operations import AliveRecord, ProblemsRecord, ReadinessRecord

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class OperationsApp:
    """An ASGI application.

    Parameters
    ----------
    name : str
        Of the node and its role.
    reasons : callable
        Why its work is not done now, in sentences; and whether it is ready all the same.
    registry : callable
        Of the metrics.
    elsewhere : str
        What whoever asks for anything else is told.
    """

    def __init__(
        self,
        name: str,
        reasons: Callable[[], tuple[bool, list[str]]],
        registry: Callable[[], CollectorRegistry],
        elsewhere: str,
    ) -> None:
        self._name, self._reasons, self._registry, self._elsewhere = name, reasons, registry, elsewhere

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  # ASGI
        """One request."""
        if scope["type"] != "http":
            return
        path = str(scope["path"])
        if path == "/healthz":
            await _answer(send, 200, msgspec.json.encode(AliveRecord(alive=True, node=self._name)))
        elif path == "/readyz":
            is_ready, reasons = self._reasons()
            record = ReadinessRecord(ready=is_ready, reasons=reasons)
            await _answer(send, 200 if is_ready else 503, msgspec.json.encode(record))
        elif path == "/metrics":
            await _answer(send, 200, generate_latest(self._registry()), METRICS_TYPE)
        else:
            await _answer(send, 404, msgspec.json.encode(ProblemsRecord([self._elsewhere])))


async def _answer(send: Send, status: int, body: bytes, content_type: str = "application/json") -> None:
    headers = [(b"content-type", content_type.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
