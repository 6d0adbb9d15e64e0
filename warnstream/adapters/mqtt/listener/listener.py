"""An MQTT 3.1.1 and 5 endpoint of our own: stations publish straight to the node, without a broker between.

An event loop in one thread. A message for the node is acknowledged only after
the node has made it durable, many with one sync; devices may subscribe, with
sessions and retained messages in memory (`warnstream.adapters.mqtt.listener.sessions`).

When the node cannot keep up, nothing is read from clients that stream until
there is room, and then from nobody: TCP and missing acknowledgements slow the
senders down, and no QoS 1 message is dropped. Connections, message size, rate, unacknowledged messages
and silence of each client are limited (`listener:` in the configuration).
"""

import asyncio
import concurrent.futures
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from warnstream.adapters.inbox import InboundBatch, Inbox
from warnstream.adapters.metrics import Metrics
from warnstream.adapters.mqtt.client_packets import SESSION_WITHOUT_END, Connect
from warnstream.adapters.mqtt.listener.access import Permissions, Users
from warnstream.adapters.mqtt.listener.back_pressure import BackPressure
from warnstream.adapters.mqtt.listener.connection import READ_BYTES_MAX, ClientConnection
from warnstream.adapters.mqtt.listener.port import Client
from warnstream.adapters.mqtt.listener.refusals import Refusals
from warnstream.adapters.mqtt.listener.selector import CoalescingSelector
from warnstream.adapters.mqtt.listener.sessions import SESSIONS_MAX, Session, SessionStore
from warnstream.adapters.mqtt.listener.tls import TlsGate, tls_context
from warnstream.adapters.mqtt.publisher import Publication
from warnstream.adapters.mqtt.topic_filters import matches
from warnstream.config.settings import ListenerSettings
from warnstream.model.errors import WarnstreamError

START_S_MAX = 20.0
PUBLISH_S_MAX = 10.0
SWEEP_S = 1.0
SESSION_KEPT_S_MAX = 7 * 86_400
"""Sessions of clients that stay away are forgotten then, whatever they asked for."""

PASSWORD_THREADS = 2

log = logging.getLogger(__name__)


class MqttListener:
    """Listens on host and port of the settings.

    Parameters
    ----------
    settings : ListenerSettings
    topics : sequence of str
        Filters of what the node wants; everything else is for subscribers only.
    inbox : Inbox
    metrics : Metrics

    Raises
    ------
    WarnstreamError
        If users file or certificates cannot be used.
    """

    name = "listener"

    def __init__(
        self, settings: ListenerSettings, topics: Sequence[str], inbox: Inbox, metrics: Metrics
    ) -> None:
        self.settings = settings
        self.hub = SessionStore()
        self._topics = tuple(topics)
        self._inbox = inbox
        self._metrics = metrics
        self._users = Users(settings.users_file) if settings.users_file else None
        self._tls = tls_context(settings.tls) if settings.tls else None
        self.permissions = Permissions(
            prefix=settings.topic_prefix,
            is_open=settings.is_open,
            gateways=frozenset(settings.gateways),
            trusted=frozenset(settings.trusted),
            observations=tuple(
                topic
                for topic in topics
                if topic not in {f"{settings.topic_prefix}/clock", f"{settings.topic_prefix}/answer/+"}
            ),
        )
        self.read_buffer = memoryview(bytearray(READ_BYTES_MAX))
        self._peers: set[Client] = set()
        self._refusals = Refusals(metrics)
        self._pressure = BackPressure(inbox, self._peers, self.call_later, metrics.listener_held.inc)
        self._is_listening = threading.Event()
        self._error: Exception | None = None
        self._taken, self._has_acknowledged = 0, False
        self._loop = asyncio.SelectorEventLoop(CoalescingSelector(self._take_count))
        self._stop = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._passwords = concurrent.futures.ThreadPoolExecutor(PASSWORD_THREADS, "listener-password")
        self._thread = threading.Thread(target=self._run, name="mqtt-listener", daemon=True)
        self.port = settings.port
        inbox.when_room(self._tell_room)

    # What the node calls, from its thread.

    @property
    def is_connected(self) -> bool:
        """Clients can connect."""
        return self._is_listening.is_set() and self._thread.is_alive()

    def start(self) -> None:
        """Start and wait until it listens.

        Raises
        ------
        WarnstreamError
            If the port is taken or the address is not this machine's.
        """
        self._thread.start()
        self._is_listening.wait(START_S_MAX)
        if self._error is not None or not self._is_listening.is_set():
            address = f"{self.settings.host}:{self.settings.port}"
            raise WarnstreamError(f"the MQTT listener cannot listen on {address}: {self._error}")
        log.info("MQTT listener open", extra={"host": self.settings.host, "port": self.port})

    def stop(self) -> None:
        """Close every connection and end the thread; unacknowledged messages come again."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(START_S_MAX)
        self._passwords.shutdown(wait=False, cancel_futures=True)

    def acknowledge(self, arrived: Sequence[InboundBatch]) -> None:
        """These are durable: one write per client."""
        of_peer: dict[Client, list[InboundBatch]] = {}
        for one in arrived:
            if one.message_ids or one.is_stream:
                of_peer.setdefault(one.connection, []).append(one)
        if of_peer:
            self._call(lambda: self._acknowledge(of_peer))

    def publish(self, publications: Sequence[Publication]) -> Sequence[str]:
        """Give messages to whoever subscribed; why each was not taken, empty where it was."""
        done: concurrent.futures.Future[list[str]] = concurrent.futures.Future()
        if not self.is_connected or not self._call(lambda: done.set_result(self._publish_all(publications))):
            return ["the listener is not open"] * len(publications)
        try:
            return done.result(PUBLISH_S_MAX)
        except TimeoutError:
            return ["the listener did not answer in time"] * len(publications)

    def _call(self, function: Callable[[], object]) -> bool:
        try:
            self._loop.call_soon_threadsafe(function)
        except RuntimeError:  # the loop is closed: the node is stopping
            return False
        return True

    def _tell_room(self) -> None:
        if self._pressure.is_holding:
            self._call(self._pressure.go_on)

    # The event loop's thread.

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        except Exception as error:
            self._error = error
            if self._is_listening.is_set():
                log.exception("MQTT listener failed")
            self._is_listening.set()
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        settings = self.settings
        server = await self._loop.create_server(
            self._new_protocol, settings.host, settings.port, backlog=1024, start_serving=False
        )
        self.port = server.sockets[0].getsockname()[1]
        await server.start_serving()
        self._is_listening.set()
        try:
            while not self._stop.is_set():
                self._sweep()
                try:
                    await asyncio.wait_for(self._stop.wait(), SWEEP_S)
                except TimeoutError:
                    continue
        finally:
            server.close()
            for peer in list(self._peers):
                peer.close()
            await asyncio.sleep(0)
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _new_protocol(self) -> asyncio.BaseProtocol:
        return self.new_connection() if self._tls is None else TlsGate(self, self._tls)

    def new_connection(self) -> ClientConnection:
        """A connection in the clear, or behind its handshake."""
        return ClientConnection(self)

    def _sweep(self) -> None:
        now_s = self.now_s()
        for peer in [peer for peer in self._peers if peer.deadline_s < now_s and not peer.is_held]:
            peer.expire()
        self.hub.forget_expired(now_s)

    def now_s(self) -> float:
        """A clock that never goes back."""
        return time.monotonic()

    def call_later(self, delay_s: float, function: Callable[[], object]) -> None:
        """Call in the event loop after a while."""
        self._loop.call_later(delay_s, function)

    def run_task(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run in the event loop; ended with the listener."""
        task = self._loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _acknowledge(self, of_peer: dict[Client, list[InboundBatch]]) -> None:
        self._has_acknowledged = True
        for peer, arrived in of_peer.items():
            peer.acknowledge(arrived)

    def _publish_all(self, publications: Sequence[Publication]) -> list[str]:
        full = "too many messages wait for a subscriber"
        return [
            "" if self.hub.publish(one.topic, one.payload, 1, retain=one.retain) else full
            for one in publications
        ]

    # What peers call.

    def admit(self, peer: Client) -> None:
        """A connection was made; too many are closed at once."""
        self._peers.add(peer)
        self._metrics.listener_connections.set(len(self._peers))
        _probe_when_idle(peer)
        if len(self._peers) > self.settings.connections_max:
            peer.refuse(
                "too_many", f"{len(self._peers)} connections, at most {self.settings.connections_max}"
            )
        else:
            self._pressure.admit(peer)

    @property
    def connections(self) -> int:
        """Clients there are, at least one."""
        return max(len(self._peers), 1)

    @property
    def is_crowded(self) -> bool:
        """Connections and handshakes are as many as are allowed."""
        return len(self._peers) + len(self._tasks) >= self.settings.connections_max

    def leave(self, peer: Client) -> None:
        """A connection ended."""
        self._peers.discard(peer)
        self._metrics.listener_connections.set(len(self._peers))

    def needs_password(self, peer: Client, connect: Connect) -> bool:
        """Whether the client must wait for the slow check of its password."""
        if self._users is None or peer.certificate_user is not None:
            return False
        if connect.username is None or connect.password is None:
            return True
        return not self._users.is_quick(connect.username, connect.password)

    def check_password(self, peer: Client, connect: Connect) -> None:
        """Check outside the event loop, then tell the peer."""
        self.run_task(self._check_password(peer, connect))

    async def _check_password(self, peer: Client, connect: Connect) -> None:
        is_right = False
        if self._users is not None and connect.username is not None and connect.password is not None:
            is_right = await self._loop.run_in_executor(
                self._passwords, self._users.check, connect.username, connect.password
            )
        peer.password_checked(connect, is_right=is_right)

    def open_session(self, peer: Client, connect: Connect, user: str | None) -> tuple[Session, bool] | str:
        """The client's session and whether it was there before; or why it cannot have one."""
        if not connect.client_id and not connect.is_v5 and not connect.is_clean:
            return "an empty client identifier needs a clean session"
        client_id = connect.client_id or f"auto-{os.urandom(8).hex()}"
        known = self.hub.sessions.get(client_id)
        if known is not None:
            if known.username != user and not self.permissions.is_open:
                return f"client identifier {client_id} belongs to another user"
            if isinstance(known.outlet, ClientConnection):
                before, known.outlet = known.outlet, None
                before.refuse("taken_over", f"client {client_id} connected again", 0x8E)
            if connect.is_clean:
                self.hub.forget(known)
                known = None
        elif len(self.hub.sessions) >= SESSIONS_MAX:
            return f"{SESSIONS_MAX} sessions are kept already"
        session = known or Session(client_id, user, self.settings.session_messages_max)
        self.hub.sessions[client_id] = session
        session.outlet = peer
        return session, known is not None

    def end_connection(self, session: Session, connect: Connect) -> None:
        """Keep the session for as long as the client asked, at most `SESSION_KEPT_S_MAX`."""
        kept_s = connect.session_expiry_s
        if kept_s == 0:
            self.hub.forget(session)
            return
        kept_s = SESSION_KEPT_S_MAX if kept_s == SESSION_WITHOUT_END else min(kept_s, SESSION_KEPT_S_MAX)
        session.expires_at_s = self.now_s() + kept_s

    def is_wanted(self, topic: str) -> bool:
        """Whether the node itself takes a topic."""
        return any(matches(wanted, topic) for wanted in self._topics)

    def publish_from_client(self, topic: str, payload: bytes, qos: int, *, retain: bool) -> None:
        """To subscribers; what a full session cannot take is counted."""
        before = self.hub.dropped
        self.hub.publish(topic, payload, qos, retain=retain)
        self._metrics.listener_dropped.inc(self.hub.dropped - before)

    def put(self, arrived: InboundBatch) -> None:
        """To the inbox; when it is full of streams these are not read from, when it is full nobody is."""
        self._taken += len(arrived.topics)
        self._pressure.put(arrived)

    def _take_count(self) -> int:
        """Messages that were put since this was last asked; none after an acknowledgement.

        Whoever has waited for it sends again at once, and is to be read from.
        """
        taken = 0 if self._has_acknowledged else self._taken
        self._taken, self._has_acknowledged = 0, False
        return taken

    def count_unclaimed(self) -> None:
        """A message to a topic that nobody takes."""
        self._metrics.listener_unclaimed.inc()

    def count_throttled(self) -> None:
        """A client above its rate."""
        self._metrics.listener_throttled.inc()

    def tell_refused(self, reason: str, detail: str, address: str, user: str | None, client_id: str) -> None:
        """Count a refusal, and log it unless many of its kind were just logged."""
        self._refusals.tell(
            reason, self.now_s(), {"detail": detail, "client": client_id, "user": user, "from": address}
        )


class ListenerPublisher:
    """Delivery's port to our own listener: no connection, no waiting."""

    def __init__(self, listener: MqttListener) -> None:
        self._listener = listener

    def start(self) -> None:
        """Nothing to do: the listener is started as a source."""

    def stop(self) -> None:
        """Nothing to do."""

    def __call__(self, publications: Sequence[Publication]) -> Sequence[str]:
        """Give messages to whoever subscribed; why each was not taken, empty where it was."""
        return self._listener.publish(publications)


def _probe_when_idle(peer: Client) -> None:
    """TCP's own probes find half-open connections of clients without keepalive."""
    found = peer.socket()
    if found is None:
        return
    found.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_KEEPIDLE"):
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60)
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 20)
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
