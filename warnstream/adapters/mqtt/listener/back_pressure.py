"""Nothing is read from clients while the node cannot keep up: first from streams, then from nobody.

TCP and missing acknowledgements slow the senders down; no QoS 1 message is dropped.
"""

from collections.abc import Callable, Collection

from warnstream.adapters.inbox import InboundBatch, Inbox
from warnstream.adapters.mqtt.listener.port import Client

LOOK_S = 1.0
"""The taker may have made room before it could see that clients are held: that is looked at so often."""

HELD = "inbox"
"""Why a client is not read from."""


class BackPressure:
    """The way into the inbox; all calls but `tell_room` come from the listener's thread.

    Parameters
    ----------
    inbox : Inbox
    clients : collection of Client
        Those that are connected, as they come and go.
    call_later : callable
        Gets seconds and what to call in the listener's thread.
    count_held : callable
        Called when holding begins.
    """

    def __init__(
        self,
        inbox: Inbox,
        clients: Collection[Client],
        call_later: Callable[[float, Callable[[], object]], object],
        count_held: Callable[[], object],
    ) -> None:
        self._inbox = inbox
        self._clients = clients
        self._call_later = call_later
        self._count_held = count_held
        self.is_holding = False

    def admit(self, client: Client) -> None:
        """A new client waits like the others."""
        if not self._inbox.has_room:
            client.pause(HELD)

    def put(self, arrived: InboundBatch) -> None:
        """To the inbox; when it is full of streams these are not read from, when it is full nobody is."""
        self._inbox.put(arrived)
        if self._inbox.has_stream_room:
            return
        if not self.is_holding:
            self.is_holding = True
            self._count_held()
            self._call_later(LOOK_S, self.go_on)
        elif self._inbox.has_room:
            if arrived.is_stream:
                arrived.connection.pause(HELD)
            return
        for client in self._clients:
            if client.is_streaming or not self._inbox.has_room:
                client.pause(HELD)

    def go_on(self) -> None:
        """Read again from those for whom there is room."""
        if not self.is_holding:
            return
        has_room, self.is_holding = self._inbox.has_room, not self._inbox.has_stream_room
        for client in list(self._clients):
            if has_room and not (self.is_holding and client.is_streaming):
                client.resume(HELD)
        if self.is_holding:
            self._call_later(LOOK_S, self.go_on)
