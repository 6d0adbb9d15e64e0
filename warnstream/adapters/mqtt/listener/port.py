"""What one client's connection asks of the listener that accepted it, and its messages of the connection."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any, Protocol

from warnstream.adapters.doorstep import Guest
from warnstream.adapters.inbox import InboundBatch, Source
from warnstream.adapters.mqtt.client_packets import Connect
from warnstream.adapters.mqtt.listener.access import Permissions
from warnstream.adapters.mqtt.listener.sessions import Outlet, Session, SessionStore, Waiting
from warnstream.config.settings import ListenerSettings


class Verdict(StrEnum):
    """What came of the check of a password."""

    RIGHT = "right"
    WRONG = "wrong"
    BUSY = "busy"


class Client(Outlet, Guest, Protocol):
    """A connection as the listener and its own messages see it; `address` has host and port."""

    address: str
    user: str | None
    is_v5: bool
    deadline_s: float

    @property
    def client_id(self) -> str:
        """Of the accepted CONNECT; empty before."""

    @property
    def is_held(self) -> bool:
        """We do not read from it for a reason of our own: its silence is not its fault."""

    @property
    def is_streaming(self) -> bool:
        """Messages of a stream of this client are not durable yet."""

    @property
    def certificate_user(self) -> str | None:
        """Common name of the client's certificate, if it showed one."""

    def socket(self) -> Any:
        """The socket below; None if there is none."""

    def write(self, data: bytes) -> None:
        """Send bytes."""

    def pause(self, reason: str) -> None:
        """Do not read from it."""

    def resume(self, reason: str) -> None:
        """Read from it again, unless there is another reason not to."""

    def acknowledge(self, arrived: Sequence[InboundBatch]) -> None:
        """These are durable."""

    def password_checked(self, connect: Connect, verdict: Verdict) -> None:
        """The slow check is done, or cannot be."""

    @property
    def is_closed(self) -> bool:
        """It ended, or is about to."""

    def refuse(self, reason: str, detail: str, code: int = 0x80) -> None:
        """Log, count and close."""

    def expire(self) -> None:
        """Its time is over."""

    def close(self) -> None:
        """Close after what was written."""


class ListenerPort(Source, Protocol):
    """The listener as its connections see it; everything in its event loop's thread."""

    settings: ListenerSettings
    hub: SessionStore
    permissions: Permissions
    read_buffer: memoryview

    @property
    def connections(self) -> int:
        """Clients there are, at least one."""

    def now_s(self) -> float:
        """A clock that never goes back."""

    def call_later(self, delay_s: float, function: Callable[[], object]) -> None:
        """Call in the event loop after a while."""

    def admit(self, peer: Client) -> None:
        """A connection was made; too many are closed at once."""

    def accept(self, peer: Client) -> None:
        """It has said who it is."""

    def leave(self, peer: Client) -> None:
        """A connection ended."""

    def needs_password(self, peer: Client, connect: Connect) -> bool:
        """Whether the client must wait for the slow check of its password."""

    def check_password(self, peer: Client, connect: Connect) -> None:
        """Check outside the event loop, then tell the client."""

    def open_session(self, peer: Client, connect: Connect, user: str | None) -> tuple[Session, bool] | str:
        """The client's session and whether it was there before; or why it cannot have one."""

    def end_connection(self, session: Session, connect: Connect) -> None:
        """Keep the session for as long as the client asked."""

    def is_wanted(self, topic: str) -> bool:
        """Whether the node itself takes a topic."""

    def publish_from_client(self, peer: Client, message: Waiting, qos: int) -> None:
        """To subscribers, and retained on the account of its user; what cannot be taken is counted."""

    def put(self, arrived: InboundBatch) -> None:
        """To the inbox."""

    def count_unclaimed(self) -> None:
        """A message to a topic that nobody takes."""

    def count_throttled(self) -> None:
        """A client above its rate."""

    def tell_refused(self, reason: str, detail: str, address: str, user: str | None, client_id: str) -> None:
        """Count a refusal, and log it unless many of its kind were just logged."""
