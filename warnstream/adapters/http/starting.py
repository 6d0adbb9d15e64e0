"""Answers of a node that is starting: it is alive, it is not ready, and everything else must wait.

A large county or a long journal takes minutes; whoever watches the process must not take that for its death.
"""

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from warnstream.adapters.http.models.operations import AliveRecord, ProblemsRecord, ReadinessRecord
from warnstream.adapters.http.server import HttpServer
from warnstream.config.settings import HttpSettings

RETRY_AFTER_S = 5
_REASON = "the node is starting"


class StartingGate:
    """An ASGI application that stands before the node's own until that is opened.

    Parameters
    ----------
    node : str
        Name of the node.

    Attributes
    ----------
    reason : str
        Why it does not work yet.
    """

    def __init__(self, node: str) -> None:
        self._node = node
        self._app: ASGIApp | None = None
        self.reason = _REASON

    def open(self, app: ASGIApp | None) -> None:
        """From now on the application answers; None: the node starts again."""
        self._app = app
        self.reason = _REASON

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if self._app is not None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await _answer(send, *self._answer_of(scope["path"]))

    def _answer_of(self, path: str) -> tuple[int, msgspec.Struct]:
        if path == "/healthz":
            return 200, AliveRecord(alive=True, node=self._node)
        if path == "/readyz":
            return 503, ReadinessRecord(ready=False, reasons=[self.reason])
        return 503, ProblemsRecord([self.reason])


async def _answer(send: Send, status: int, content: msgspec.Struct) -> None:
    body = msgspec.json.encode(content)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if status != 200:
        headers.append((b"retry-after", str(RETRY_AFTER_S).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


STARTING_CONNECTIONS_MAX = 32
"""Connections at once while the node starts; those that ask nothing go first."""


class FrontDoor:
    """The HTTP interface from before there is a node: it serves from `start` on, the node once it is opened.

    Parameters
    ----------
    node : str
        Name of the node.
    settings : HttpSettings

    Raises
    ------
    OSError
        If the address cannot be listened on; the message names it.
    """

    def __init__(self, node: str, settings: HttpSettings) -> None:
        self._gate = StartingGate(node)
        # How many descriptors there are to share is known only once the configuration is read.
        self._server = HttpServer(self._gate, settings, STARTING_CONNECTIONS_MAX)
        self._is_started = False
        self.port = self._server.port

    def start(self) -> None:
        """Say that the node is starting; once is enough."""
        if not self._is_started:
            self._server.start()
            self._is_started = True

    def tell(self, progress: str) -> None:
        """How far the start is, for whoever asks why it takes so long; from any thread."""
        self._gate.reason = f"{_REASON}: {progress}"

    def open(self, app: ASGIApp, connections_max: int) -> None:
        """From now on the node's application answers, over so many connections at once."""
        self._gate.open(app)
        self._server.allow(connections_max)

    def begin_again(self) -> None:
        """A node starts behind it."""
        self._gate.open(None)

    def stop(self) -> None:
        """Finish the requests in hand and close the socket."""
        self._server.stop()
